"""Pages in the order of names, ties by id."""

from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from booking.queries.paging import Page, id_of, page_of, read_cursor


class Named(Protocol):
    """A table with a name and an id."""

    id: UUID
    name: str


N = TypeVar("N", bound=Named)


def page_by_name(
    session: Session,
    query: SelectOfScalar[N],
    table: type[N],
    *,
    limit: int,
    cursor: str | None,
) -> Page[N]:
    """Return one page of `query`, which selects rows of `table`.

    Raises: Malformed if the cursor is not one of ours.
    """
    name, key = col(table.name), col(table.id)
    after = _read(cursor)
    if after is not None:
        query = query.where(or_(name > after[0], and_(name == after[0], key > after[1])))
    rows = session.exec(query.order_by(name, key).limit(limit + 1)).all()
    return page_of(rows, limit=limit, key=lambda row: (row.name, str(row.id)))


def _read(cursor: str | None) -> tuple[str, UUID] | None:
    parts = read_cursor(cursor, parts=2)
    if parts is None:
        return None
    return str(parts[0]), id_of(parts[1])
