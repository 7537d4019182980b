"""Charge bookings for their time: the sum of a booking's entries is what it is charged."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session

from booking.clock import new_id
from booking.engine.charges import (
    CHARGED,
    RETURNED,
    Account,
    Charge,
    Entry,
    Standing,
    cancelled,
    is_late,
    refunds,
    released,
    settled,
)
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.online_quotas import credits_of
from booking.engine.vocabulary import LedgerKind
from booking.models import Booking, LedgerEntry, Resource
from booking.queries.bookings import resource_to_book
from booking.queries.ledger import charges_of
from booking.queries.ledger_statements import ORGANISATION

FIRST: Final = insert(LedgerEntry).values(organisation_id=ORGANISATION)
_ENTRY: Final = insert(LedgerEntry)


def settle(
    session: Session, booking: Booking, *, now: datetime, was: Interval | None = None
) -> None:
    """Bring the ledger to what the booking, as it now stands, is charged.

    Charged once confirmed or pending; a change refunds the old time and books the new, but
    what is given back later than its release to everyone stays charged. Cancelled before
    that it costs nothing, and later all of it; missed it stays charged; displaced, rejected
    or lapsed it costs nothing. `was` is its time before an early end, whose rest is refunded.
    """
    resource = resource_to_book(session, booking.resource_id)
    if resource is None:
        raise ValueError(f"The booking {booking.id} is on no resource.")
    standing = () if booking.revision == 0 else _standing(session, booking, now)
    if not standing:
        first = first_charge(booking, resource, now=now)
        if first is not None:
            session.connection().execute(FIRST, first | {"of_project": booking.project_id})
        return
    _write(session, booking, _entries(booking, resource, standing, was), now=now)


def _standing(session: Session, booking: Booking, now: datetime) -> tuple[Standing, ...]:
    return tuple(
        Standing(each.charge, is_late(each.charge.account.used_at, now, each.release))
        for each in charges_of(session, booking.id)
    )


def _entries(
    booking: Booking, resource: Resource, standing: tuple[Standing, ...], was: Interval | None
) -> tuple[Entry, ...]:
    status = booking.status
    if status in RETURNED:
        return refunds([each.charge for each in standing])
    if status is BookingStatus.CANCELLED:
        return cancelled(standing)
    known = standing[0].charge.account
    account = Account(
        resource.facility_id,
        known.organisation_id,
        known.project_id,
        booking.group_key,
        booking.starts_at,
    )
    if status in CHARGED:
        return settled(standing, _worth(booking, resource, account, _minutes(booking)))
    if status is BookingStatus.COMPLETED and was is not None:
        given_back = max(was.minutes - _minutes(booking), 0)
        return released(standing, _worth(booking, resource, account, given_back))
    return ()


def first_charge(booking: Booking, resource: Resource, *, now: datetime) -> dict[str, Any] | None:
    """Make the row that charges a booking for the first time; None where nothing is charged.

    Whose organisation it is the statement finds out.
    """
    if booking.status not in CHARGED:
        return None
    account = Account(
        resource.facility_id, UUID(int=0), booking.project_id, booking.group_key, booking.starts_at
    )
    charge = _worth(booking, resource, account, _minutes(booking))
    row = _row(booking, Entry(LedgerKind.BOOKED, charge), now=now)
    del row["organisation_id"]
    return row


def _write(session: Session, booking: Booking, entries: Iterable[Entry], *, now: datetime) -> None:
    rows = [_row(booking, each, now=now) for each in entries]
    if rows:
        session.connection().execute(_ENTRY, rows)


def _row(booking: Booking, entry: Entry, *, now: datetime) -> dict[str, Any]:
    account = entry.charge.account
    return {
        "id": new_id(),
        "facility_id": account.facility_id,
        "organisation_id": account.organisation_id,
        "project_id": account.project_id,
        "booking_id": booking.id,
        "kind": entry.kind,
        "group_key": account.group_key,
        "access_units": entry.charge.access_units,
        "credit_thousandths": entry.charge.credit_thousandths,
        "used_at": account.used_at,
        "entered_at": now,
    }


def _worth(booking: Booking, resource: Resource, account: Account, minutes: int) -> Charge:
    return Charge(
        account,
        minutes * booking.quantity,
        credits_of(minutes, quantity=booking.quantity, rate_thousandths=resource.rate_thousandths),
    )


def _minutes(booking: Booking) -> int:
    return Interval(booking.starts_at, booking.ends_at).minutes
