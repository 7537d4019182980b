"""Pages of lists that are sorted by an instant and then by id."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true

from booking.queries.paging import id_of, instant_of, read_cursor


def after_instant(cursor: str | None, instant: Any, key: Any) -> ColumnElement[bool]:
    """Return the condition of the rows after a cursor: those two columns sort the list.

    Raises: Malformed if it is not a cursor of ours.
    """
    last = read_cursor(cursor, parts=2)
    if last is None:
        return true()
    at, last_id = instant_of(last[0]), id_of(last[1])
    return or_(instant > at, and_(instant == at, key > last_id))
