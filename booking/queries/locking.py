"""Lock a row that was read before, and see it as it is now."""

from typing import Any

from sqlmodel import Session


def lock_as_now(session: Session, row: Any) -> None:
    """Refresh the row, and keep other writers off it until the transaction ends.

    On SQLite the whole transaction is that lock already.
    """
    session.refresh(row, with_for_update=True)
