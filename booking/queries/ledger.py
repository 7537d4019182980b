"""Reads of the ledger of access and of what organisations have used."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from booking.engine.charges import Account, Charge
from booking.engine.lifecycle import HOLDING, BookingStatus, ResourceState
from booking.engine.quotas import UsageEntry
from booking.models import Booking, LedgerEntry, Project, Resource
from booking.queries.ledger_statements import CHARGES


def past_bookings(session: Session, organisation_id: UUID) -> int:
    """Count the bookings that the organisation's projects have or had time by."""
    return session.exec(
        select(func.count())
        .select_from(Booking)
        .join(Project, col(Project.id) == Booking.project_id)
        .where(
            Project.organisation_id == organisation_id,
            col(Booking.status).in_((*HOLDING, BookingStatus.NO_SHOW)),
        )
    ).one()


def usage_by_kind(
    session: Session,
    organisation_id: UUID,
    *,
    facility_ids: Collection[UUID],
    before: datetime,
) -> dict[str, tuple[UsageEntry, ...]]:
    """Return what the organisation was charged at the facilities before an instant.

    By kind of resource, in credits; a refund is negative.
    """
    rows = session.exec(
        select(LedgerEntry, Resource.kind, Booking.status)
        .join(Booking, col(Booking.id) == LedgerEntry.booking_id)
        .join(Resource, col(Resource.id) == Booking.resource_id)
        .where(
            LedgerEntry.organisation_id == organisation_id,
            col(LedgerEntry.facility_id).in_(sorted(facility_ids)),
            LedgerEntry.entered_at < before,
            LedgerEntry.used_at < before,
        )
        .order_by(col(LedgerEntry.id))
    )
    found: dict[str, list[UsageEntry]] = defaultdict(list)
    for entry, kind, status in rows:
        found[kind].append(
            UsageEntry(
                on=entry.used_at.date(),
                credits=Decimal(entry.credit_thousandths) / 1000,
                no_show=status is BookingStatus.NO_SHOW,
            )
        )
    return {kind: tuple(entries) for kind, entries in found.items()}


def hourly_credits_by_kind(session: Session, facility_ids: Collection[UUID]) -> dict[str, Decimal]:
    """Return for each kind the credits that one hour of all its published units is worth."""
    rows = session.exec(
        select(Resource.kind, Resource.capacity, Resource.rate_thousandths).where(
            col(Resource.facility_id).in_(sorted(facility_ids)),
            Resource.state == ResourceState.PUBLISHED,
        )
    )
    found: dict[str, Decimal] = defaultdict(Decimal)
    for kind, capacity, rate_thousandths in rows:
        found[kind] += Decimal(capacity * rate_thousandths) / 1000
    return dict(found)


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """What stands of a booking's charges on one account, and the release of its policy."""

    charge: Charge
    release: timedelta


def charges_of(session: Session, booking_id: UUID) -> tuple[ChargedLine, ...]:
    """Return what stands of a booking's charges, the earliest use first."""
    rows = session.connection().execute(CHARGES, {"booking": booking_id})
    return tuple(
        ChargedLine(
            Charge(
                Account(
                    row.facility_id,
                    row.organisation_id,
                    row.project_id,
                    row.group_key,
                    row.used_at,
                ),
                int(row.access_units),
                int(row.credit_thousandths),
            ),
            timedelta(days=row.release_all_days or 0),
        )
        for row in rows
    )
