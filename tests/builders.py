"""Rows for tests, one function a thing; each takes only what its test is about."""

from datetime import UTC, date, datetime, time, timedelta
from secrets import token_urlsafe
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlmodel import Session, SQLModel

from booking.engine.lifecycle import BookingStatus, ResourceState
from booking.engine.permissions import Role
from booking.engine.tokens import token_hash
from booking.engine.vocabulary import BookingSource, OrganisationKind
from booking.models import (
    ApiToken,
    Booking,
    BookingAttendee,
    BusyCalendar,
    Closure,
    Facility,
    Membership,
    Offer,
    OpeningHours,
    Organisation,
    OrganisationFact,
    Person,
    Project,
    ProjectMember,
    Resource,
    WaitlistEntry,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


T = TypeVar("T", bound=SQLModel)


def added(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row


def a_person(session: Session, **given: Any) -> Person:
    email = given.pop("email", f"{uuid4().hex[:12]}@example.org")
    return added(
        session, Person(**{"email": email, "name": "Sample Person", "created_at": NOW} | given)
    )


def an_organisation(session: Session, **given: Any) -> Organisation:
    defaults: dict[str, Any] = {
        "name": "Sample Organisation",
        "country": "KE",
        "kind": OrganisationKind.SME,
        "created_at": NOW,
    }
    return added(session, Organisation(**defaults | given))


def a_fact(session: Session, organisation_id: UUID, name: str, value: Any, as_of: date) -> None:
    added(
        session,
        OrganisationFact(
            organisation_id=organisation_id, name=name, value=value, as_of=as_of, declared_at=NOW
        ),
    )


def a_role(
    session: Session,
    person_id: UUID,
    role: Role,
    *,
    facility_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> Membership:
    return added(
        session,
        Membership(
            person_id=person_id,
            role=role,
            facility_id=facility_id,
            organisation_id=organisation_id,
        ),
    )


def a_facility(session: Session, **given: Any) -> Facility:
    defaults: dict[str, Any] = {
        "slug": f"facility-{uuid4().hex[:8]}",
        "name": "Sample Facility",
        "country": "KE",
        "zone": "Africa/Nairobi",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return added(session, Facility(**defaults | given))


def a_resource(session: Session, facility_id: UUID | None = None, **given: Any) -> Resource:
    defaults: dict[str, Any] = {
        "name": "X-ray diffractometer",
        "kind": "x-ray diffractometer",
        "state": ResourceState.PUBLISHED,
        "source_key": uuid4().hex,
        "created_at": NOW,
        "updated_at": NOW,
    }
    facility_id = facility_id or a_facility(session).id
    return added(session, Resource(**defaults | {"facility_id": facility_id} | given))


def a_project(session: Session, *members: Person, **given: Any) -> Project:
    people = members or (a_person(session),)
    defaults: dict[str, Any] = {
        "name": "Sample Project",
        "principal_investigator_id": people[0].id,
        "created_at": NOW,
    }
    if "organisation_id" not in given:
        given["organisation_id"] = an_organisation(session).id
    project = added(session, Project(**defaults | given))
    for each in people:
        added(session, ProjectMember(project_id=project.id, person_id=each.id))
    return project


def a_booking(
    session: Session,
    resource: Resource,
    project: Project,
    starts_at: datetime,
    ends_at: datetime,
    **given: Any,
) -> Booking:
    defaults: dict[str, Any] = {
        "uid": f"{uuid4()}@benchshare.example",
        "resource_id": resource.id,
        "project_id": project.id,
        "person_id": project.principal_investigator_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "status": BookingStatus.CONFIRMED,
        "source": BookingSource.INSTANT,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return added(session, Booking(**defaults | given))


def a_token(session: Session, person: Person, *, scopes: list[str] | None = None) -> str:
    """Add an API token that is valid for decades, and return it."""
    token = token_urlsafe()
    added(
        session,
        ApiToken(
            person_id=person.id,
            name="Sample token",
            token_hash=token_hash(token),
            scopes=scopes,
            created_at=NOW,
            expires_at=NOW + timedelta(days=10_000),
        ),
    )
    return token


def opening_hours(
    session: Session,
    facility_id: UUID,
    opens: time,
    closes: time,
    *,
    weekdays: range = range(7),
    resource_id: UUID | None = None,
) -> None:
    for weekday in weekdays:
        added(
            session,
            OpeningHours(
                facility_id=facility_id,
                resource_id=resource_id,
                weekday=weekday,
                opens=opens,
                closes=closes,
            ),
        )


def a_closure(
    session: Session, facility_id: UUID, starts_at: datetime, ends_at: datetime, **given: Any
) -> Closure:
    defaults: dict[str, Any] = {"reason": "Maintenance", "created_at": NOW}
    return added(
        session,
        Closure(**defaults | given, facility_id=facility_id, starts_at=starts_at, ends_at=ends_at),
    )


def an_attendee(session: Session, booking: Booking, **given: Any) -> BookingAttendee:
    defaults: dict[str, Any] = {"address": f"{uuid4().hex[:12]}@outside.example", "added_at": NOW}
    return added(session, BookingAttendee(**defaults | {"booking_id": booking.id} | given))


def a_busy_calendar(session: Session, **given: Any) -> BusyCalendar:
    """Add an outside calendar, of the person or the resource that is given."""
    url = "https://cal.example/busy.ics"
    defaults: dict[str, Any] = {"name": "busy", "url": url, "created_at": NOW}
    return added(session, BusyCalendar(**defaults | given))


def an_entry(
    session: Session,
    resource: Resource,
    project: Project,
    earliest_at: datetime,
    latest_at: datetime,
    **given: Any,
) -> WaitlistEntry:
    """Let a project wait for the whole window, or the `minutes` given."""
    defaults: dict[str, Any] = {
        "resource_id": resource.id,
        "project_id": project.id,
        "person_id": project.principal_investigator_id,
        "earliest_at": earliest_at,
        "latest_at": latest_at,
        "minutes": (latest_at - earliest_at) // timedelta(minutes=1),
        "entered_at": NOW,
        "updated_at": NOW,
    }
    return added(session, WaitlistEntry(**defaults | given))


def an_offer(
    session: Session,
    resource: Resource,
    project: Project,
    starts_at: datetime,
    ends_at: datetime,
    **given: Any,
) -> Offer:
    """Offer a project time that is held for it up to half an hour before it starts."""
    deadline_at = given.setdefault("deadline_at", starts_at - timedelta(minutes=30))
    held = a_booking(
        session,
        resource,
        project,
        starts_at,
        ends_at,
        status=BookingStatus.HELD,
        source=BookingSource.WAITING_LIST,
        expires_at=deadline_at,
    )
    defaults: dict[str, Any] = {"booking_id": held.id, "made_at": NOW}
    return added(session, Offer(**defaults | given))
