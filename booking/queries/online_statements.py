"""The statements behind online_quotas, built once: an organisation's facts, a week's takings."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CompoundSelect,
    Date,
    Integer,
    String,
    Uuid,
    bindparam,
    cast,
    exists,
    false,
    literal_column,
    null,
    select,
    union_all,
)
from sqlmodel import col

from booking.engine.lifecycle import HOLDING, BookingStatus
from booking.engine.vocabulary import BookingSource
from booking.models import (
    Booking,
    Organisation,
    OrganisationFact,
    Project,
    Resource,
    Round,
    RoundFacility,
    WeeklyReserve,
)
from booking.models.columns import Json, UtcDateTime
from booking.queries.booking_statements import among

HELD, OWN, RESERVED, SHARED_OUT, GIVES_WAY = "held", "own", "reserved", "shared_out", "gives_way"

_RESOURCES: Final[BindParameter[UUID]] = bindparam("resources", expanding=True)
_FACILITIES: Final[BindParameter[UUID]] = bindparam("facilities", expanding=True)
_START: Final = bindparam("start", type_=UtcDateTime)
_END: Final = bindparam("end", type_=UtcDateTime)
_ORGANISATION: Final = bindparam("organisation", type_=Uuid)
_NO_ID: Final = cast(null(), Uuid)
_NO_TIME: Final = cast(null(), UtcDateTime)
_NO_GROUPS: Final = cast(null(), Json)
_NO_NAME: Final[Any] = literal_column("''", String)
_NO_AMOUNT: Final[Any] = literal_column("0", BigInteger)
_NO_DAY: Final = cast(null(), Date)
_NO_COUNT: Final[Any] = literal_column("0", Integer)
_NO: Final[Any] = false()

# Counted no further than one: the rules only ask whether there was any. The first of each
# project is read off its index by start, where all of a long table might be looked through.
_FIRST_OF_PROJECT: Final = (
    select(col(Booking.starts_at))
    .where(
        col(Booking.project_id) == col(Project.id),
        among(Booking.status, (*HOLDING, BookingStatus.NO_SHOW)),
    )
    .order_by(col(Booking.starts_at))
    .limit(1)
    .correlate(Project)
    .scalar_subquery()
)
_BOOKED_BEFORE: Final = exists(
    select(col(Project.id)).where(
        col(Project.organisation_id) == col(Organisation.id),
        bindparam("midnight", type_=UtcDateTime) > _FIRST_OF_PROJECT,
    )
)

DECLARED: Final = (
    select(
        col(Organisation.country),
        col(Organisation.kind),
        _BOOKED_BEFORE.label("booked_before"),
        col(OrganisationFact.name),
        col(OrganisationFact.as_of),
        col(OrganisationFact.value),
        col(OrganisationFact.declared_by),
        col(OrganisationFact.declared_at),
        col(OrganisationFact.verified_by),
        col(OrganisationFact.verified_at),
        col(OrganisationFact.verified_until),
    )
    .join_from(
        Organisation,
        OrganisationFact,
        col(OrganisationFact.organisation_id) == col(Organisation.id),
        isouter=True,
    )
    .where(col(Organisation.id) == _ORGANISATION)
    .order_by(col(OrganisationFact.name), col(OrganisationFact.as_of))
)
# So that two bookings of one organisation cannot both take what is left of its cap.
DECLARED_AND_LOCKED: Final = DECLARED.with_for_update(key_share=True, of=Organisation)

_HELD: Final[Any] = select(
    literal_column(f"'{HELD}'", String).label("what"),
    col(Booking.id).label("booking_id"),
    col(Booking.resource_id).label("place"),
    col(Booking.starts_at).label("starts_at"),
    col(Booking.ends_at).label("ends_at"),
    col(Booking.quantity).label("quantity"),
    _NO_COUNT.label("rate_thousandths"),
    col(Booking.groups).label("groups"),
    (col(Booking.source) == BookingSource.ROUND).label("of_round"),
    _NO_NAME.label("group_key"),
    _NO_AMOUNT.label("amount"),
    _NO_DAY.label("week_on"),
).where(
    col(Booking.resource_id).in_(_RESOURCES),
    among(Booking.status, HOLDING),
    col(Booking.starts_at) < _END,
    col(Booking.ends_at) > _START,
)

_OWN: Final = (
    select(
        literal_column(f"'{OWN}'", String),
        col(Booking.id),
        col(Resource.facility_id),
        col(Booking.starts_at),
        col(Booking.ends_at),
        col(Booking.quantity),
        col(Resource.rate_thousandths),
        _NO_GROUPS,
        _NO,
        _NO_NAME,
        _NO_AMOUNT,
        _NO_DAY,
    )
    .join_from(Booking, Resource, col(Resource.id) == col(Booking.resource_id))
    .join(Project, col(Project.id) == col(Booking.project_id))
    .where(
        col(Project.organisation_id) == _ORGANISATION,
        col(Resource.facility_id).in_(_FACILITIES),
        among(Booking.status, HOLDING),
        col(Booking.starts_at) < _END,
        col(Booking.ends_at) > _START,
    )
)

_RESERVED: Final = select(
    literal_column(f"'{RESERVED}'", String),
    _NO_ID,
    col(WeeklyReserve.resource_id),
    _NO_TIME,
    _NO_TIME,
    _NO_COUNT,
    _NO_COUNT,
    _NO_GROUPS,
    _NO,
    col(WeeklyReserve.group_key),
    col(WeeklyReserve.credit_thousandths),
    col(WeeklyReserve.week_on),
).where(
    col(WeeklyReserve.resource_id).in_(_RESOURCES),
    col(WeeklyReserve.week_on) >= bindparam("first_week", type_=Date),
    col(WeeklyReserve.week_on) <= bindparam("last_week", type_=Date),
)

_SHARED_OUT: Final = (
    select(
        literal_column(f"'{SHARED_OUT}'", String),
        _NO_ID,
        col(RoundFacility.facility_id),
        col(Round.access_starts_at),
        col(Round.access_ends_at),
        _NO_COUNT,
        _NO_COUNT,
        _NO_GROUPS,
        _NO,
        _NO_NAME,
        _NO_AMOUNT,
        _NO_DAY,
    )
    .join_from(RoundFacility, Round, col(Round.id) == col(RoundFacility.round_id))
    .where(
        col(RoundFacility.facility_id).in_(_FACILITIES),
        col(RoundFacility.published_at).is_not(None),
        col(Round.access_starts_at) < _END,
        col(Round.access_ends_at) > _START,
    )
)

_GIVES_WAY: Final = select(
    literal_column(f"'{GIVES_WAY}'", String),
    col(Booking.id),
    col(Booking.resource_id),
    _NO_TIME,
    _NO_TIME,
    _NO_COUNT,
    _NO_COUNT,
    col(Booking.groups),
    col(Booking.source) == BookingSource.ROUND,
    _NO_NAME,
    _NO_AMOUNT,
    _NO_DAY,
).where(col(Booking.id) == bindparam("gives_way", type_=Uuid))

WEEKS: Final[CompoundSelect[Any]] = union_all(_HELD, _OWN, _RESERVED, _SHARED_OUT, _GIVES_WAY)
