"""The statements behind booking_facts, built once: hours, spans of taken time, standings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    String,
    Time,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from booking.engine.lifecycle import HOLDING, RESERVING, BookingStatus
from booking.models import (
    AdmittedProject,
    Booking,
    BusyCalendar,
    BusyTime,
    Closure,
    Facility,
    OpeningHours,
    Organisation,
    PolicyVersion,
    Project,
    ProjectMember,
    Qualification,
    Resource,
    Round,
    RoundFacility,
    TermsAcceptance,
    TermsVersion,
)
from booking.models.columns import UtcDateTime

# What is held and not over by its state; a booking that was checked out is.
COMING: Final = tuple(each for each in HOLDING if each is not BookingStatus.COMPLETED)
OPEN, CLOSED, HELD, IN_ROUND, BUSY = "open", "closed", "held", "in_round", "busy"

_RESOURCES: Final[BindParameter[UUID]] = bindparam("resources", expanding=True)
_FACILITIES: Final[BindParameter[UUID]] = bindparam("facilities", expanding=True)
_START: Final = bindparam("start", type_=UtcDateTime)
_END: Final = bindparam("end", type_=UtcDateTime)
_PROJECT: Final = bindparam("project", type_=Uuid)
_PERSON: Final = bindparam("person", type_=Uuid)
_NOW: Final = bindparam("now", type_=UtcDateTime)
_BUSY_PERSON: Final = bindparam("busy_person", type_=Uuid)
_BUT_FOR: Final = bindparam("but_for", type_=Uuid)
_NO_NAME: Final[Any] = literal_column("''", String)
_NO_NUMBER: Final[Any] = literal_column("0", Integer)
_NO_INSTANT: Final[Any] = cast(null(), UtcDateTime)
_NO_TIME: Final[Any] = cast(null(), Time)
_NO_DAY: Final[Any] = cast(null(), Date)
_NO_ID: Final[Any] = cast(null(), Uuid)


@dataclass(frozen=True, slots=True)
class _Where:
    """How a statement names the resources it is about, and their facilities."""

    resource: Callable[[Any], ColumnElement[bool]]
    facility: Callable[[Any], ColumnElement[bool]]


# The statement about one says `=` where that about many has a list, which costs at each use.
_ONE: Final = _Where(
    lambda column: col(column) == bindparam("resource", type_=Uuid),
    lambda column: col(column) == bindparam("facility", type_=Uuid),
)
_MANY: Final = _Where(
    lambda column: col(column).in_(_RESOURCES), lambda column: col(column).in_(_FACILITIES)
)


HOURS: Final = select(
    col(OpeningHours.facility_id),
    col(OpeningHours.resource_id),
    col(OpeningHours.weekday),
    col(OpeningHours.opens),
    col(OpeningHours.closes),
).where(
    or_(
        col(OpeningHours.resource_id).in_(_RESOURCES),
        and_(
            col(OpeningHours.resource_id).is_(None),
            col(OpeningHours.facility_id).in_(_FACILITIES),
        ),
    )
)


def among(column: Any, words: Iterable[StrEnum]) -> ColumnElement[bool]:
    """Compare with words of ours that never change, so that they stand in the statement."""
    return col(column).in_([literal_column(f"'{each}'", String) for each in sorted(words)])


def _spans(where: _Where) -> CompoundSelect[Any]:
    """Select opening hours, closures, what is held, and the rounds that share out time."""
    return union_all(*_parts(where))


def _parts(where: _Where) -> tuple[Select[Any], ...]:
    return (_hours(where), _closures(where), _held(where), _rounds(where))


def _hours(where: _Where) -> Select[Any]:
    return select(
        literal_column(f"'{OPEN}'", String).label("what"),
        col(OpeningHours.facility_id).label("facility_id"),
        col(OpeningHours.resource_id).label("resource_id"),
        _NO_INSTANT.label("starts_at"),
        _NO_INSTANT.label("ends_at"),
        col(OpeningHours.weekday).label("number"),
        _NO_NAME.label("name"),
        _NO_DAY.label("decision_on"),
        col(OpeningHours.opens).label("opens"),
        col(OpeningHours.closes).label("closes"),
    ).where(
        or_(
            where.resource(OpeningHours.resource_id),
            and_(col(OpeningHours.resource_id).is_(None), where.facility(OpeningHours.facility_id)),
        )
    )


def _closures(where: _Where) -> Select[Any]:
    return select(
        literal_column(f"'{CLOSED}'", String),
        col(Closure.facility_id),
        col(Closure.resource_id),
        col(Closure.starts_at),
        col(Closure.ends_at),
        _NO_NUMBER,
        _NO_NAME,
        _NO_DAY,
        _NO_TIME,
        _NO_TIME,
    ).where(
        where.facility(Closure.facility_id),
        or_(col(Closure.resource_id).is_(None), where.resource(Closure.resource_id)),
        col(Closure.starts_at) < _END,
        col(Closure.ends_at) > _START,
    )


def _held(where: _Where) -> Select[Any]:
    return select(
        literal_column(f"'{HELD}'", String),
        _NO_ID,
        col(Booking.resource_id),
        col(Booking.starts_at),
        col(Booking.ends_at),
        col(Booking.quantity),
        _NO_NAME,
        _NO_DAY,
        _NO_TIME,
        _NO_TIME,
    ).where(
        where.resource(Booking.resource_id),
        among(Booking.status, HOLDING),
        col(Booking.starts_at) < _END,
        col(Booking.ends_at) > _START,
        col(Booking.id) != _BUT_FOR,
    )


def _rounds(where: _Where) -> Select[Any]:
    return (
        select(
            literal_column(f"'{IN_ROUND}'", String),
            col(RoundFacility.facility_id),
            _NO_ID,
            col(Round.access_starts_at),
            col(Round.access_ends_at),
            _NO_NUMBER,
            col(Round.name),
            col(Round.decision_on),
            _NO_TIME,
            _NO_TIME,
        )
        .join_from(RoundFacility, Round, col(Round.id) == col(RoundFacility.round_id))
        .where(
            where.facility(RoundFacility.facility_id),
            col(RoundFacility.published_at).is_(None),
            among(Round.state, RESERVING),
            col(Round.access_starts_at) < _END,
            col(Round.access_ends_at) > _START,
        )
    )


def _busy() -> Select[Any]:
    """Select when outside calendars of a person say that they are busy."""
    return (
        select(
            literal_column(f"'{BUSY}'", String),
            _NO_ID,
            _NO_ID,
            col(BusyTime.starts_at),
            col(BusyTime.ends_at),
            _NO_NUMBER,
            _NO_NAME,
            _NO_DAY,
            _NO_TIME,
            _NO_TIME,
        )
        .join_from(BusyTime, BusyCalendar, col(BusyCalendar.id) == col(BusyTime.busy_calendar_id))
        .where(
            col(BusyCalendar.person_id) == _BUSY_PERSON,
            col(BusyTime.starts_at) < _END,
            col(BusyTime.ends_at) > _START,
        )
    )


SPANS: Final = _spans(_MANY)
SPANS_AND_BUSY: Final = union_all(*_parts(_MANY), _busy())

_TERMS_CURRENT: Final = (
    select(func.max(TermsVersion.number))
    .where(col(TermsVersion.facility_id) == col(Facility.id))
    .correlate(Facility)
    .scalar_subquery()
)
_TERMS_ACCEPTED: Final = (
    select(func.max(TermsVersion.number))
    .join_from(
        TermsVersion,
        TermsAcceptance,
        col(TermsAcceptance.terms_version_id) == col(TermsVersion.id),
    )
    .where(
        col(TermsVersion.facility_id) == col(Facility.id),
        col(TermsAcceptance.project_id) == _PROJECT,
    )
    .correlate(Facility)
    .scalar_subquery()
)
_COMING: Final = and_(
    col(Booking.resource_id) == col(Resource.id),
    among(Booking.status, COMING),
    col(Booking.ends_at) > _NOW,
    col(Booking.id) != _BUT_FOR,
)
_OF_PROJECT: Final = (
    select(func.count())
    .select_from(Booking)
    .where(_COMING, col(Booking.project_id) == _PROJECT)
    .correlate(Resource)
    .scalar_subquery()
)
_TEAM: Final = aliased(Project)
_OF_ORGANISATION: Final = (
    select(func.count())
    .select_from(Booking)
    .join(_TEAM, col(_TEAM.id) == col(Booking.project_id))
    .where(_COMING, col(_TEAM.organisation_id) == col(Project.organisation_id))
    .correlate(Resource, Project)
    .scalar_subquery()
)


def _where_limited(limit: Any, count: ColumnElement[int]) -> ColumnElement[int]:
    """Count only where there is a limit to compare with."""
    return case((limit.is_not(None), count), else_=0)


# The newest version is in force; the unique key of facility and number finds it at once.
_POLICY: Final = (
    select(col(PolicyVersion.id))
    .where(col(PolicyVersion.facility_id) == col(Facility.id))
    .order_by(col(PolicyVersion.number).desc())
    .limit(1)
    .correlate(Facility)
    .scalar_subquery()
)
_STANDINGS: Final[Any] = (
    select(
        col(Resource.id).label("resource_id"),
        col(Facility.zone),
        col(Facility.id).label("facility_id"),
        col(Facility.offer_version),
        _POLICY.label("policy_version_id"),
        col(Project.organisation_id),
        col(Facility.restricted),
        col(Organisation.suspended_at),
        col(AdmittedProject.project_id).label("admitted"),
        _TERMS_CURRENT.label("terms_current"),
        _TERMS_ACCEPTED.label("terms_accepted"),
        col(Qualification.id).label("qualification"),
        col(Qualification.expires_at),
        or_(
            col(ProjectMember.person_id).is_not(None),
            col(Project.principal_investigator_id) == _PERSON,
        ).label("on_project"),
        _where_limited(col(Resource.concurrent_per_project), _OF_PROJECT).label("of_project"),
        _where_limited(col(Resource.concurrent_per_organisation), _OF_ORGANISATION).label(
            "of_organisation"
        ),
        col(Facility.contact_name),
        col(Facility.contact_email),
        col(Facility.contact_url),
    )
    .join_from(Resource, Facility, col(Facility.id) == col(Resource.facility_id))
    .join(Project, col(Project.id) == _PROJECT)
    .join(Organisation, col(Organisation.id) == col(Project.organisation_id))
    .outerjoin(
        AdmittedProject,
        and_(
            col(AdmittedProject.facility_id) == col(Facility.id),
            col(AdmittedProject.project_id) == _PROJECT,
        ),
    )
    .outerjoin(
        Qualification,
        and_(
            col(Qualification.resource_id) == col(Resource.id),
            col(Qualification.person_id) == _PERSON,
        ),
    )
    .outerjoin(
        ProjectMember,
        and_(
            col(ProjectMember.project_id) == _PROJECT,
            col(ProjectMember.person_id) == _PERSON,
        ),
    )
)
STANDINGS: Final = _STANDINGS.where(_MANY.resource(Resource.id))


_STANDING: Final = _STANDINGS.where(_ONE.resource(Resource.id)).subquery("standing")
_SPAN: Final = union_all(*_parts(_ONE), _busy()).subquery("span")
# The standing of one resource beside each of its spans; a row without a span where it has none.
FACTS: Final[Select[Any]] = select(
    *_STANDING.c, *(column.label(f"span_{column.name}") for column in _SPAN.c)
).outerjoin_from(_STANDING, _SPAN, true())
SPAN_COLUMNS: Final = len(_SPAN.c)
