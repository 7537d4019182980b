"""Write a new booking with its event and its charge: on PostgreSQL in one statement.

A statement is a round trip; on SQLite, where it is none, they are written one by one.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from booking.guards import REFUSAL
from booking.models import Booking, Event, LedgerEntry
from booking.queries.booking_inserts import TOGETHER, named
from booking.services.ledger import FIRST

EXCLUSION_VIOLATION: Final = "23P01"
Row = Mapping[str, Any]

_BOOKING: Final = {
    name: insert(Booking).on_conflict_do_nothing().returning(col(Booking.exclusive))
    for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}
_EVENT: Final = plain_insert(Event)


def insert_guarded(session: Session, booking: Booking, *, one_unit: bool = False) -> Booking | None:
    """Insert the booking if the database's guard lets it; None if the time is taken.

    `one_unit` says that the resource, locked, has one: the guard's refusal then inserts
    nothing, where that of a pool needs a savepoint to be undone.
    """
    statement = _BOOKING[session.get_bind().dialect.name]
    return _stored(session, booking, statement, _values(booking), one_unit=one_unit)


def insert_with(
    session: Session, booking: Booking, *, event: Row, charge: Row | None, one_unit: bool
) -> Booking | None:
    """Insert the booking, its event and its first charge, or none of them; as `insert_guarded`."""
    if session.get_bind().dialect.name == "postgresql":
        values = named(Booking, _values(booking)) | named(Event, event)
        if charge is not None:
            values |= named(LedgerEntry, charge) | {"of_project": booking.project_id}
        statement = TOGETHER[charge is not None]
        return _stored(session, booking, statement, values, one_unit=one_unit)
    made = insert_guarded(session, booking, one_unit=one_unit)
    if made is not None:
        connection = session.connection()
        connection.execute(_EVENT, dict(event))
        if charge is not None:
            connection.execute(FIRST, {**charge, "of_project": booking.project_id})
    return made


def is_refusal(error: IntegrityError) -> bool:
    """Say whether the database's guard refused."""
    return REFUSAL in str(error.orig) or (
        getattr(error.orig, "sqlstate", None) == EXCLUSION_VIOLATION
    )


def _stored(
    session: Session, booking: Booking, statement: Any, values: dict[str, Any], *, one_unit: bool
) -> Booking | None:
    session.flush()
    savepoint: AbstractContextManager[Any] = nullcontext() if one_unit else session.begin_nested()
    try:
        with savepoint:
            exclusive = session.connection().execute(statement, values).scalar_one_or_none()
    except IntegrityError as error:
        if not is_refusal(error):
            raise
        return None
    if exclusive is None:
        return None
    # The session now knows the row as one that is in the database as it stands.
    make_transient_to_detached(booking)
    session.add(booking)
    set_committed_value(booking, "exclusive", exclusive)
    return booking


def _values(booking: Booking) -> dict[str, Any]:
    return {name: getattr(booking, name) for name in Booking.model_fields}
