"""The statements behind a calendar of many resources, built once."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    Date,
    Integer,
    String,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlmodel import col

from booking.engine.lifecycle import HOLDING, RESERVING
from booking.models import (
    Booking,
    Closure,
    Facility,
    Person,
    Project,
    Resource,
    Round,
    RoundFacility,
)
from booking.models.columns import UtcDateTime

CLOSED, TAKEN, IN_ROUND = "closed", "taken", "in_round"

_START: Final = bindparam("start", type_=UtcDateTime)
_END: Final = bindparam("end", type_=UtcDateTime)
_RESOURCES: Final[BindParameter[UUID]] = bindparam("resources", expanding=True)
_FACILITIES: Final[BindParameter[UUID]] = bindparam("facilities", expanding=True)
_BY_NAME: Final = func.lower(Resource.name)

_LINE: Final[tuple[Any, ...]] = (
    _BY_NAME.label("key"),
    col(Resource.id),
    col(Resource.facility_id),
    col(Resource.name),
    col(Resource.capacity),
    col(Resource.unit_label),
    col(Resource.state),
    col(Resource.mode),
    col(Resource.grid_minutes),
    col(Resource.minimum_minutes),
    col(Resource.maximum_minutes),
    col(Resource.lead_minutes),
    col(Resource.horizon_days),
    col(Resource.buffer_before_minutes),
    col(Resource.buffer_after_minutes),
    col(Facility.zone),
)

LINE: Final = (
    select(*_LINE)
    .join(Facility, col(Facility.id) == col(Resource.facility_id))
    .where(col(Resource.id) == bindparam("resource", type_=Uuid))
)

LINES: Final = (
    select(*_LINE)
    .join(Facility, col(Facility.id) == col(Resource.facility_id))
    .where(
        col(Resource.facility_id) == bindparam("facility", type_=Uuid),
        col(Resource.state).in_(bindparam("states", expanding=True)),
        tuple_(_BY_NAME, col(Resource.id))
        > tuple_(bindparam("after_name", type_=String), bindparam("after_id", type_=Uuid)),
    )
    .order_by(_BY_NAME, col(Resource.id))
    .limit(bindparam("most", type_=Integer))
)

# Whom a booking's names are shown to; agrees with permissions.may.
SEEN: Final = or_(
    bindparam("sees_all", type_=Boolean),
    col(Booking.project_id).in_(bindparam("seen_projects", expanding=True)),
    col(Project.organisation_id).in_(bindparam("seen_organisations", expanding=True)),
    col(Resource.facility_id).in_(bindparam("seen_facilities", expanding=True)),
)

_NO_TEXT: Final = literal("", String)
_NO_ID: Final = cast(null(), Uuid)
_NO_DAY: Final = cast(null(), Date)

SPANS: Final = union_all(
    select(
        literal(TAKEN, String).label("what"),
        _NO_ID.label("facility_id"),
        col(Booking.resource_id).label("resource_id"),
        col(Booking.starts_at).label("starts_at"),
        col(Booking.ends_at).label("ends_at"),
        col(Booking.quantity).label("quantity"),
        cast(col(Booking.status), String).label("kind"),
        case((SEEN, col(Booking.id))).label("id"),
        case((SEEN, col(Booking.title)), else_="").label("title"),
        case((SEEN, col(Project.name)), else_="").label("project_name"),
        case((SEEN, col(Person.name)), else_="").label("person_name"),
        _NO_DAY.label("decision_on"),
    )
    .join_from(Booking, Resource, col(Resource.id) == col(Booking.resource_id))
    .join(Project, col(Project.id) == col(Booking.project_id))
    .join(Person, col(Person.id) == col(Booking.person_id))
    .where(
        col(Booking.resource_id).in_(_RESOURCES),
        col(Booking.status).in_(HOLDING),
        col(Booking.starts_at) < _END,
        col(Booking.ends_at) > _START,
    ),
    select(
        literal(CLOSED, String),
        col(Closure.facility_id),
        col(Closure.resource_id),
        col(Closure.starts_at),
        col(Closure.ends_at),
        literal(0, Integer),
        cast(col(Closure.kind), String),
        _NO_ID,
        col(Closure.reason),
        _NO_TEXT,
        _NO_TEXT,
        _NO_DAY,
    ).where(
        col(Closure.facility_id).in_(_FACILITIES),
        or_(col(Closure.resource_id).is_(None), col(Closure.resource_id).in_(_RESOURCES)),
        col(Closure.starts_at) < _END,
        col(Closure.ends_at) > _START,
    ),
    select(
        literal(IN_ROUND, String),
        col(RoundFacility.facility_id),
        _NO_ID,
        col(Round.access_starts_at),
        col(Round.access_ends_at),
        literal(0, Integer),
        _NO_TEXT,
        _NO_ID,
        col(Round.name),
        _NO_TEXT,
        _NO_TEXT,
        col(Round.decision_on),
    )
    .join_from(RoundFacility, Round, col(Round.id) == col(RoundFacility.round_id))
    .where(
        col(RoundFacility.facility_id).in_(_FACILITIES),
        col(RoundFacility.published_at).is_(None),
        col(Round.state).in_(RESERVING),
        col(Round.access_starts_at) < _END,
        col(Round.access_ends_at) > _START,
    ),
)

_OWN: Final[Any] = (
    select(
        col(Booking.id),
        col(Booking.starts_at),
        col(Booking.ends_at),
        col(Booking.quantity),
        col(Booking.status),
        col(Booking.title),
        col(Resource.name).label("resource_name"),
        col(Facility.name).label("facility_name"),
        col(Facility.zone),
    )
    .join_from(Booking, Resource, col(Resource.id) == col(Booking.resource_id))
    .join(Facility, col(Facility.id) == col(Resource.facility_id))
    .join(Project, col(Project.id) == col(Booking.project_id))
    .where(SEEN)
    .order_by(col(Booking.starts_at), col(Booking.id))
)

OWN: Final[Any] = _OWN.where(
    or_(
        col(Booking.person_id) == bindparam("person", type_=Uuid),
        col(Booking.project_id) == bindparam("project", type_=Uuid),
    ),
    col(Booking.status).in_(HOLDING),
    col(Booking.starts_at) < _END,
    col(Booking.ends_at) > _START,
)

OF_SERIES: Final[Any] = _OWN.where(col(Booking.series_id) == bindparam("series", type_=Uuid))
