"""One of everything, at home and elsewhere, and a token for everybody who may call."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.lifecycle import BookingStatus, EventKind, RoundState
from booking.engine.permissions import (
    FACILITY_ROLES,
    INSTALLATION_ROLES,
    ORGANISATION_ROLES,
    SYSTEM,
    Role,
)
from booking.engine.vocabulary import CheckInBy, DeliveryState, FeedOf
from booking.events import record
from booking.models import (
    AccessRequest,
    Booking,
    BusyCalendar,
    CalendarToken,
    Delivery,
    Facility,
    Organisation,
    Person,
    Project,
    Resource,
    Round,
    UsageRecord,
)
from booking.queries import organisations, people
from booking.services.qualifications import grant_qualification
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_facility,
    a_fact,
    a_person,
    a_project,
    a_resource,
    a_role,
    a_token,
    added,
    an_attendee,
    an_entry,
    an_offer,
    an_organisation,
)
from tests.matrix.rounds import a_calculation, a_request, a_round, an_appeal

HOUR: Final = timedelta(hours=1)
LATER: Final = NOW + timedelta(days=4)


class Caller(StrEnum):
    """Who calls; the other ones have the same role, at another place."""

    NOBODY = "nobody"
    STRANGER = "stranger"
    MANAGER = "manager"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    ORGANISATION_ADMIN = "organisation_admin"
    MEMBER = "member"
    ON_PROJECT = "on_project"
    OFFICER = "officer"
    AUDITOR = "auditor"
    OTHER_MANAGER = "other_manager"
    OTHER_OPERATOR = "other_operator"
    OTHER_REVIEWER = "other_reviewer"
    OTHER_ORGANISATION_ADMIN = "other_organisation_admin"
    OTHER_MEMBER = "other_member"
    OTHER_ON_PROJECT = "other_on_project"
    READING_OFFICER = "reading_officer"


EVERYBODY: Final = frozenset(Caller) - {Caller.READING_OFFICER}
SIGNED_IN: Final = EVERYBODY - {Caller.NOBODY}


@dataclass(frozen=True, slots=True)
class Place:
    """A facility with a resource, an organisation with a project, a booking between them."""

    facility: Facility
    resource: Resource
    organisation: Organisation
    project: Project
    leader: Person
    booking: Booking


@dataclass(frozen=True, slots=True)
class World:
    """What routes are called about: the home place, and the tokens of who calls.

    `token_ids` are a second token of each caller; `colleague` is on the home project,
    qualified for its resource, and an operator of its facility by `role_id`; the home
    project asks in the home facility's round. Of the busy calendars, that of the home
    resource is nobody's.
    """

    home: Place
    tokens: dict[Caller, str]
    token_ids: dict[Caller, UUID]
    colleague: Person
    newcomer: Person
    fact_id: UUID
    role_id: UUID
    qualification_id: UUID
    feed_ids: dict[Caller, UUID]
    busy_ids: dict[Caller, UUID]
    used: Booking
    closure_id: UUID
    entry_id: UUID
    offer_id: UUID
    round: Round
    request: AccessRequest
    calculation_id: UUID
    appeal_id: UUID | None
    attendee_id: UUID
    delivery_id: UUID


@dataclass(frozen=True, slots=True)
class Row:
    """Who may call a route, and with what; `query` is for routes that need parameters.

    `round_state` is where the home facility's round stands meanwhile.
    `for_reading` says whether a token for reading opens a GET: who has which role is read
    by those who manage the roles, with a token for that.
    """

    permitted: frozenset[Caller]
    body: Callable[[World], Any] | None = None
    query: Callable[[World], dict[str, str]] | None = None
    for_reading: bool = True
    round_state: RoundState = RoundState.OPEN


def a_world(session: Session, *, round_state: RoundState) -> World:
    home, elsewhere = _place(session), _place(session)
    colleague = a_person(session)
    home_project = a_project(session, home.leader, colleague, organisation_id=home.organisation.id)
    a_fact(session, home.organisation.id, "staff", 9, date(2025, 12, 31))
    (fact,) = organisations.facts_of(session, home.organisation.id)
    role = a_role(session, colleague.id, Role.OPERATOR, facility_id=home.facility.id)
    qualification = grant_qualification(
        session, actor=SYSTEM, now=NOW, resource_id=home.resource.id, email=colleague.email
    )
    callers = _callers(session, home, elsewhere)
    tokens = {who: a_token(session, person) for who, person in callers.items()}
    tokens[Caller.READING_OFFICER] = a_token(session, callers[Caller.OFFICER], scopes=["read"])
    callers[Caller.READING_OFFICER] = callers[Caller.OFFICER]
    found = a_round(session, home.facility, state=round_state)
    request = a_request(session, found, home_project)
    appeal = an_appeal(session, request)
    return World(
        home=replace(home, project=home_project),
        tokens=tokens,
        token_ids={who: _second_token(session, person) for who, person in callers.items()},
        colleague=colleague,
        newcomer=a_person(session),
        fact_id=fact.id,
        role_id=role.id,
        qualification_id=qualification.id,
        feed_ids={who: _feed(session, person).id for who, person in callers.items()},
        busy_ids=_busy_ids(session, callers, home.resource),
        entry_id=an_entry(session, home.resource, home_project, LATER, LATER + HOUR).id,
        offer_id=an_offer(session, home.resource, home_project, LATER, LATER + HOUR).id,
        used=_used(session, home.resource, home_project),
        closure_id=a_closure(session, home.facility.id, NOW, NOW + timedelta(hours=1)).id,
        round=found,
        request=request,
        appeal_id=appeal.id if appeal else None,
        calculation_id=a_calculation(session, found).id,
        attendee_id=an_attendee(session, home.booking).id,
        delivery_id=_failed_mail(session, home).id,
    )


def _feed(session: Session, person: Person) -> CalendarToken:
    return added(
        session,
        CalendarToken(
            person_id=person.id,
            name="calendar",
            of=FeedOf.ME,
            token_hash=uuid4().hex,
            created_at=NOW,
        ),
    )


def _failed_mail(session: Session, home: Place) -> Delivery:
    event = record(
        session,
        EventKind.BOOKING_CONFIRMED,
        subject_id=home.booking.id,
        now=NOW,
        facility_id=home.facility.id,
    )
    session.flush()
    return added(
        session,
        Delivery(
            event_id=event.id,
            address=home.leader.email,
            message_id=f"<{uuid4()}@benchshare.example>",
            state=DeliveryState.FAILED,
            due_at=NOW,
            last_error="550 5.1.1 no such user",
        ),
    )


def _second_token(session: Session, person: Person) -> UUID:
    return people.tokens_of(session, person.id)[-1].id


def _busy_ids(
    session: Session, callers: dict[Caller, Person], resource: Resource
) -> dict[Caller, UUID]:
    of_callers = {who: _busy(session, person_id=each.id).id for who, each in callers.items()}
    return {Caller.NOBODY: _busy(session, resource_id=resource.id).id} | of_callers


def _busy(session: Session, **of: Any) -> BusyCalendar:
    return added(session, BusyCalendar(name="busy", created_at=NOW, **of))


def _used(session: Session, resource: Resource, project: Project) -> Booking:
    start, end = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
    booking = a_booking(session, resource, project, start, end, status=BookingStatus.COMPLETED)
    added(
        session,
        UsageRecord(
            booking_id=booking.id, checked_in_at=start, via=CheckInBy.BUTTON, booked_minutes=60
        ),
    )
    return booking


def _place(session: Session) -> Place:
    facility = a_facility(session)
    resource = a_resource(session, facility.id)
    organisation = an_organisation(session)
    leader = a_person(session)
    project = a_project(session, leader, organisation_id=organisation.id)
    starts_at = NOW + timedelta(days=2)
    booking = a_booking(session, resource, project, starts_at, starts_at + timedelta(hours=1))
    return Place(facility, resource, organisation, project, leader, booking)


def _callers(session: Session, home: Place, elsewhere: Place) -> dict[Caller, Person]:
    found = {
        Caller.STRANGER: a_person(session),
        Caller.ON_PROJECT: home.leader,
        Caller.OTHER_ON_PROJECT: elsewhere.leader,
    }
    for role in Role:
        found[Caller(role)] = _with_role(session, role, home)
        if role not in INSTALLATION_ROLES:
            found[Caller(f"other_{role}")] = _with_role(session, role, elsewhere)
    return found


def _with_role(session: Session, role: Role, place: Place) -> Person:
    person = a_person(session)
    a_role(
        session,
        person.id,
        role,
        facility_id=place.facility.id if role in FACILITY_ROLES else None,
        organisation_id=place.organisation.id if role in ORGANISATION_ROLES else None,
    )
    return person
