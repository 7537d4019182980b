"""The statements behind the timetables of a resource or of a whole facility, built once."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    String,
    Time,
    Uuid,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlmodel import col

from booking.engine.lifecycle import HOLDING, RESERVING
from booking.models import (
    Booking,
    Closure,
    Facility,
    OpeningHours,
    Project,
    Resource,
    Round,
    RoundFacility,
)
from booking.models.columns import UtcDateTime
from booking.queries.booking_statements import CLOSED, IN_ROUND

PLACE, RESOURCE, OPEN = "place", "resource", "open"

_START: Final = bindparam("start", type_=UtcDateTime)
_END: Final = bindparam("end", type_=UtcDateTime)
_RESOURCE: Final = bindparam("resource", type_=Uuid)
_FACILITY: Final = bindparam("facility", type_=Uuid)
_NO_TEXT: Final = literal("", String)
_NO_ID: Final = cast(null(), Uuid)
_NO_INSTANT: Final = cast(null(), UtcDateTime)
_NO_NUMBER: Final = literal(0, Integer)
_NO_TIME: Final = cast(null(), Time)
_NO_DAY: Final = cast(null(), Date)
_NO_HOURS: Final = (_NO_NUMBER, _NO_TIME, _NO_TIME)


def _setting(facility_id: Any, chosen: Any, own: Any) -> CompoundSelect[Any]:
    """Select all but the bookings: a facility, its `chosen` resources, hours, closures, rounds.

    `own` gives the condition that a row about a resource is about one of those.
    """
    return union_all(
        select(
            literal(PLACE, String).label("what"),
            col(Facility.id).label("facility_id"),
            _NO_ID.label("resource_id"),
            _NO_ID.label("id"),
            _NO_INSTANT.label("starts_at"),
            _NO_INSTANT.label("ends_at"),
            _NO_TEXT.label("kind"),
            col(Facility.zone).label("text"),
            _NO_NUMBER.label("weekday"),
            _NO_TIME.label("opens"),
            _NO_TIME.label("closes"),
            _NO_DAY.label("decision_on"),
        ).where(col(Facility.id) == facility_id),
        select(
            literal(RESOURCE, String),
            col(Resource.facility_id),
            col(Resource.id),
            _NO_ID,
            _NO_INSTANT,
            _NO_INSTANT,
            type_coerce(col(Resource.state), String),
            col(Resource.name),
            *_NO_HOURS,
            _NO_DAY,
        ).where(chosen),
        *_hours(facility_id, own),
        *_taken(facility_id, own),
    )


def _hours(facility_id: Any, own: Any) -> tuple[Any]:
    """Select the opening hours, of the facility and of resources."""
    return (
        select(
            literal(OPEN, String),
            col(OpeningHours.facility_id),
            col(OpeningHours.resource_id),
            _NO_ID,
            _NO_INSTANT,
            _NO_INSTANT,
            _NO_TEXT,
            _NO_TEXT,
            col(OpeningHours.weekday),
            col(OpeningHours.opens),
            col(OpeningHours.closes),
            _NO_DAY,
        ).where(col(OpeningHours.facility_id) == facility_id, own(OpeningHours.resource_id)),
    )


def _taken(facility_id: Any, own: Any) -> tuple[Any, Any]:
    """Select the closures, and the rounds that share out time."""
    return (
        select(
            literal(CLOSED, String),
            col(Closure.facility_id),
            col(Closure.resource_id),
            col(Closure.id),
            col(Closure.starts_at),
            col(Closure.ends_at),
            type_coerce(col(Closure.kind), String),
            col(Closure.reason),
            *_NO_HOURS,
            _NO_DAY,
        ).where(
            col(Closure.facility_id) == facility_id,
            own(Closure.resource_id),
            col(Closure.starts_at) < _END,
            col(Closure.ends_at) > _START,
        ),
        select(
            literal(IN_ROUND, String),
            col(RoundFacility.facility_id),
            _NO_ID,
            _NO_ID,
            col(Round.access_starts_at),
            col(Round.access_ends_at),
            _NO_TEXT,
            col(Round.name),
            *_NO_HOURS,
            col(Round.decision_on),
        )
        .join_from(RoundFacility, Round, col(Round.id) == col(RoundFacility.round_id))
        .where(
            col(RoundFacility.facility_id) == facility_id,
            col(RoundFacility.published_at).is_(None),
            col(Round.state).in_(RESERVING),
            col(Round.access_starts_at) < _END,
            col(Round.access_ends_at) > _START,
        ),
    )


def _of_one(resource_id: Any) -> ColumnElement[bool]:
    return or_(col(resource_id).is_(None), col(resource_id) == _RESOURCE)


def _of_any(_resource_id: Any) -> ColumnElement[bool]:
    return true()


def _bookings(chosen: ColumnElement[bool]) -> Any:
    return (
        select(
            col(Booking.resource_id),
            col(Booking.starts_at),
            col(Booking.ends_at),
            col(Booking.quantity),
            type_coerce(col(Booking.status), String).label("status"),
            col(Booking.id),
            col(Booking.title),
            col(Booking.project_id),
            col(Project.organisation_id),
        )
        .join_from(Booking, Project, col(Project.id) == col(Booking.project_id))
        .where(
            chosen,
            col(Booking.status).in_(HOLDING),
            col(Booking.starts_at) < _END,
            col(Booking.ends_at) > _START,
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
    )


_FACILITY_OF: Final = (
    select(col(Resource.facility_id)).where(col(Resource.id) == _RESOURCE).scalar_subquery()
)
_FACILITY_NAMED: Final = (
    select(col(Facility.id))
    .where(
        or_(col(Facility.slug) == bindparam("slug", type_=String), col(Facility.id) == _FACILITY)
    )
    .order_by(col(Facility.id) == _FACILITY)
    .limit(1)
    .scalar_subquery()
)
SETTING_OF_RESOURCE: Final = _setting(_FACILITY_OF, col(Resource.id) == _RESOURCE, _of_one)
SETTING_OF_FACILITY: Final = _setting(
    _FACILITY_NAMED, col(Resource.facility_id) == _FACILITY_NAMED, _of_any
)
BOOKINGS_OF_RESOURCE: Final = _bookings(col(Booking.resource_id) == _RESOURCE)
BOOKINGS_OF_EACH: Final = _bookings(
    col(Booking.resource_id).in_(bindparam("resources", expanding=True))
)
