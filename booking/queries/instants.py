"""Pages of lists that are sorted by an instant and then by id."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, true

from booking.queries.paging import not_a_cursor, read_cursor

CURSOR_PARTS: Final = 2


def after_instant(cursor: str | None, instant: Any, key: Any) -> ColumnElement[bool]:
    """Return the condition of the rows after a cursor: those two columns sort the list.

    Raises: Malformed if it is not a cursor of ours.
    """
    last = read_cursor(cursor, parts=CURSOR_PARTS)
    if last is None:
        return true()
    try:
        at, last_id = datetime.fromisoformat(str(last[0])).astimezone(UTC), UUID(str(last[1]))
    except (ValueError, OverflowError) as error:
        raise not_a_cursor() from error
    return or_(instant > at, and_(instant == at, key > last_id))
