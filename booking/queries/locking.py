"""Lock a row, and see it as it is now."""

from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session, SQLModel

Row = TypeVar("Row", bound=SQLModel)


def locked(session: Session, table: type[Row], key: UUID) -> Row | None:
    """Return the row of that id as it stands now, locked until the transaction ends."""
    return session.get(table, key, with_for_update=True, populate_existing=True)


def lock_as_now(session: Session, row: Any) -> None:
    """Refresh the row, and keep other writers off it until the transaction ends.

    On SQLite the whole transaction is that lock already.
    """
    session.refresh(row, with_for_update=True)
