"""Reads of the ledger of access and of what organisations have used."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.charges import Account, Charge
from booking.engine.lifecycle import BookingStatus, ResourceState
from booking.engine.quotas import UsageEntry
from booking.models import LedgerEntry, Resource
from booking.queries.ledger_statements import CHARGES, USAGE


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
    found = usage_by_organisation(
        session, facility_ids=facility_ids, before=before, organisations=[organisation_id]
    )
    return found.get(organisation_id, {})


def usage_by_organisation(
    session: Session,
    *,
    facility_ids: Collection[UUID],
    before: datetime,
    organisations: Collection[UUID] | None = None,
) -> dict[UUID, dict[str, tuple[UsageEntry, ...]]]:
    """Return `usage_by_kind` of the organisations, or of all; those never charged are left out.

    One query, whatever their number.
    """
    query = USAGE.where(
        col(LedgerEntry.facility_id).in_(sorted(facility_ids)),
        col(LedgerEntry.entered_at) < before,
        col(LedgerEntry.used_at) < before,
    )
    if organisations is not None:
        query = query.where(col(LedgerEntry.organisation_id).in_(sorted(organisations)))
    found: dict[UUID, dict[str, list[UsageEntry]]] = defaultdict(lambda: defaultdict(list))
    for organisation_id, kind, used_at, thousandths, status in session.connection().execute(query):
        entry = UsageEntry(
            on=used_at.date(),
            credits=Decimal(thousandths) / 1000,
            no_show=status is BookingStatus.NO_SHOW,
        )
        found[organisation_id][kind].append(entry)
    return {
        organisation_id: {kind: tuple(entries) for kind, entries in kinds.items()}
        for organisation_id, kinds in found.items()
    }


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
