"""What stands of a booking's charges, by account, and what organisations used."""

from typing import Final

from sqlalchemy import Uuid, bindparam, func, or_, select
from sqlmodel import col

from booking.models import Booking, LedgerEntry, PolicyVersion, Project, Resource

_UNITS: Final = func.sum(col(LedgerEntry.access_units))
_CREDITS: Final = func.sum(col(LedgerEntry.credit_thousandths))
_ACCOUNT: Final = (
    col(LedgerEntry.facility_id),
    col(LedgerEntry.organisation_id),
    col(LedgerEntry.project_id),
    col(LedgerEntry.group_key),
    col(LedgerEntry.used_at),
)
_RELEASE: Final = (
    select(col(PolicyVersion.release_all_days))
    .where(col(PolicyVersion.facility_id) == col(LedgerEntry.facility_id))
    .order_by(col(PolicyVersion.number).desc())
    .limit(1)
    .correlate(LedgerEntry)
    .scalar_subquery()
)
CHARGES: Final = (
    select(
        *_ACCOUNT,
        _UNITS.label("access_units"),
        _CREDITS.label("credit_thousandths"),
        _RELEASE.label("release_all_days"),
    )
    .where(col(LedgerEntry.booking_id) == bindparam("booking", type_=Uuid))
    .group_by(*_ACCOUNT)
    .having(or_(_UNITS != 0, _CREDITS != 0))
    .order_by(col(LedgerEntry.used_at))
)

# Whose the project with the id `of_project` is, to write it down without asking first.
ORGANISATION: Final = (
    select(col(Project.organisation_id))
    .where(col(Project.id) == bindparam("of_project", type_=Uuid))
    .scalar_subquery()
)

# What organisations were charged, entry by entry.
USAGE: Final = (
    select(
        col(LedgerEntry.organisation_id),
        col(Resource.kind),
        col(LedgerEntry.used_at),
        col(LedgerEntry.credit_thousandths),
        col(Booking.status),
    )
    .join(Booking, col(Booking.id) == LedgerEntry.booking_id)
    .join(Resource, col(Resource.id) == Booking.resource_id)
    .order_by(col(LedgerEntry.id))
)
