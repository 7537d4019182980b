"""The statements that insert a booking with its event and its charge at once, for PostgreSQL.

They stand here because they select: what belongs to a booking is written from the row that
the guard let in, so that none of it is written where it did not.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Insert, Select, bindparam, insert, select
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel, col

from booking.models import Booking, Event, LedgerEntry
from booking.queries.ledger_statements import ORGANISATION

_OF_EVENT: Final = ("id", "kind", "happened_at", "actor_id", "facility_id", "subject_id", "payload")
_OF_CHARGE: Final = (
    "id",
    "facility_id",
    "project_id",
    "booking_id",
    "kind",
    "group_key",
    "access_units",
    "credit_thousandths",
    "used_at",
    "entered_at",
)


def _given(table: type[SQLModel], name: str) -> Any:
    """Bind a column's value; several tables have columns of the same name."""
    column = table.metadata.tables[str(table.__tablename__)].c[name]
    return bindparam(f"{table.__tablename__}_{name}", type_=column.type)


def _together(*, charged: bool) -> Select[Any]:
    """Insert the booking and, only where the guard lets it, what belongs to it."""
    values = {name: _given(Booking, name) for name in Booking.model_fields}
    made = (
        postgresql.insert(Booking)
        .values(values)
        .on_conflict_do_nothing()
        .returning(col(Booking.exclusive))
        .cte("made")
    )
    event = select(*(_given(Event, name) for name in _OF_EVENT)).select_from(made)
    charge = select(
        *(_given(LedgerEntry, name) for name in _OF_CHARGE),
        ORGANISATION,
    ).select_from(made)
    also: list[Insert] = [insert(Event).from_select(_OF_EVENT, event)]
    if charged:
        names = (*_OF_CHARGE, "organisation_id")
        also.append(insert(LedgerEntry).from_select(names, charge))
    parts = [each.cte(f"also_{number}") for number, each in enumerate(also)]
    return select(made.c.exclusive).add_cte(*parts)


TOGETHER: Final = {charged: _together(charged=charged) for charged in (False, True)}
"""By whether the booking is charged; their parameters are those of `named`."""


def named(table: type[SQLModel], row: Mapping[str, Any]) -> dict[str, Any]:
    """Name the values of a row as the statements bind them."""
    return {f"{table.__tablename__}_{name}": value for name, value in row.items()}
