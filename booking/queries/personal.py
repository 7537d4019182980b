"""All that is held on a person: what they may take with them, and what a deletion meets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, SQLModel, col, func, select

from booking.engine.lifecycle import HOLDING, RequestState
from booking.engine.vocabulary import WaitlistState
from booking.models import (
    AccessRequest,
    ActionLink,
    ApiToken,
    Appeal,
    Booking,
    BookingAlarm,
    BookingAttendee,
    BookingSeries,
    BusyCalendar,
    BusyTime,
    Calculation,
    CalendarToken,
    ClientEdit,
    Delivery,
    Event,
    KeptReply,
    Membership,
    OrganisationFact,
    Person,
    PolicyVersion,
    Project,
    ProjectMember,
    Qualification,
    Review,
    RoundResult,
    SignInLink,
    TermsAcceptance,
    UsageRecord,
    WaitlistEntry,
    WebSession,
)
from booking.queries.feeds import tokens_of

# Where rows name a person: every foreign key to the table of persons, under a word for it.
HELD: Final[Mapping[str, tuple[type[SQLModel], str]]] = {
    "memberships": (Membership, "person_id"),
    "projects": (ProjectMember, "person_id"),
    "projects_led": (Project, "principal_investigator_id"),
    "qualifications": (Qualification, "person_id"),
    "qualifications_granted": (Qualification, "granted_by"),
    "bookings": (Booking, "person_id"),
    "invited_to": (BookingAttendee, "person_id"),
    "attendees_invited": (BookingAttendee, "added_by"),
    "booking_alarms": (BookingAlarm, "person_id"),
    "series_booked": (BookingSeries, "created_by"),
    "waiting_list": (WaitlistEntry, "person_id"),
    "check_ins": (UsageRecord, "checked_in_by"),
    "check_outs": (UsageRecord, "checked_out_by"),
    "access_requests": (AccessRequest, "submitted_by"),
    "reviews": (Review, "reviewer_id"),
    "appeals_made": (Appeal, "asked_by"),
    "appeals_answered": (Appeal, "answered_by"),
    "terms_accepted": (TermsAcceptance, "person_id"),
    "facts_declared": (OrganisationFact, "declared_by"),
    "facts_verified": (OrganisationFact, "verified_by"),
    "policies_published": (PolicyVersion, "published_by"),
    "allocations_run": (RoundResult, "allocated_by"),
    "calculations_asked": (Calculation, "asked_by"),
    "api_tokens": (ApiToken, "person_id"),
    "calendar_tokens": (CalendarToken, "person_id"),
    "sign_in_links": (SignInLink, "person_id"),
    "action_links": (ActionLink, "person_id"),
    "browser_sessions": (WebSession, "person_id"),
    "messages": (Delivery, "person_id"),
    "kept_replies": (KeptReply, "person_id"),
    "busy_calendars": (BusyCalendar, "person_id"),
    "busy_calendars_added": (BusyCalendar, "added_by"),
    "actions": (Event, "actor_id"),
}

# What signs a person in, or ties them to a place; a deletion takes these rows away.
TIES: Final = (
    (Membership, "person_id"),
    (ProjectMember, "person_id"),
    (Qualification, "person_id"),
    (ApiToken, "person_id"),
    (CalendarToken, "person_id"),
    (SignInLink, "person_id"),
    (ActionLink, "person_id"),
    (WebSession, "person_id"),
    (KeptReply, "person_id"),
    (BookingAttendee, "person_id"),
    (BookingAlarm, "person_id"),
)
SECRETS: Final = {"token_hash"}
# A whole round is no data on who started it, nor an applicant's words on the officer who
# answered them, nor an answer on whoever invited; replies repeat what stands elsewhere.
LEFT_OUT: Final[Mapping[str, set[str]]] = {
    "allocations_run": {"problem", "result"},
    "calculations_asked": {"answer"},
    "appeals_answered": {"asked_by", "grounds"},
    "attendees_invited": {"person_id", "participation"},
    "kept_replies": {"body"},
}


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a person would leave behind undone, counted."""

    bookings_to_come: int
    places_in_line: int
    requests_under_way: int
    projects_with_others: tuple[str, ...]


def everything_on(session: Session, person: Person) -> dict[str, Any]:
    """Return all that is held on the person as JSON values; secrets are left out."""
    found: dict[str, Any] = {"profile": person.model_dump(mode="json")}
    for word, (table, column) in HELD.items():
        rows = session.exec(select(table).where(getattr(table, column) == person.id))
        found[word] = [
            row.model_dump(mode="json", exclude=SECRETS | LEFT_OUT.get(word, set())) for row in rows
        ]
    programs = select(ClientEdit).where(col(ClientEdit.calendar_token_id).in_(tokens_of(person.id)))
    found["calendar_programs"] = [row.model_dump(mode="json") for row in session.exec(programs)]
    for each in found["busy_calendars"]:
        each["busy_times"] = _busy_times(session, UUID(each["id"]))
    return found


def _busy_times(session: Session, calendar_id: UUID) -> list[dict[str, Any]]:
    rows = session.exec(
        select(BusyTime)
        .where(BusyTime.busy_calendar_id == calendar_id)
        .order_by(col(BusyTime.starts_at))
    )
    return [row.model_dump(mode="json") for row in rows]


def ties_of(session: Session, person_id: UUID) -> tuple[SQLModel, ...]:
    """Return the rows that go when the person's account goes."""
    return tuple(
        row
        for table, column in TIES
        for row in session.exec(select(table).where(getattr(table, column) == person_id))
    )


def messages_to(session: Session, person_id: UUID) -> tuple[Delivery, ...]:
    """Return every message to the person, sent or not."""
    return tuple(session.exec(select(Delivery).where(Delivery.person_id == person_id)))


def appeals_by(session: Session, person_id: UUID) -> tuple[Appeal, ...]:
    """Return every appeal the person made, answered or not."""
    return tuple(session.exec(select(Appeal).where(Appeal.asked_by == person_id)))


def unfinished_of(session: Session, person_id: UUID, *, now: datetime) -> Unfinished:
    """Return what the person would leave undone at this instant."""
    led = col(Project.principal_investigator_id) == person_id
    bookings = session.exec(
        select(func.count())
        .select_from(Booking)
        .join(Project, col(Project.id) == Booking.project_id)
        .where(
            or_(col(Booking.person_id) == person_id, led),
            col(Booking.status).in_(HOLDING),
            col(Booking.ends_at) > now,
        )
    ).one()
    waiting = session.exec(
        select(func.count())
        .select_from(WaitlistEntry)
        .where(
            WaitlistEntry.person_id == person_id,
            col(WaitlistEntry.state).in_((WaitlistState.WAITING, WaitlistState.OFFERED)),
        )
    ).one()
    requests = session.exec(
        select(func.count())
        .select_from(AccessRequest)
        .join(Project, col(Project.id) == AccessRequest.project_id)
        .where(
            or_(col(AccessRequest.submitted_by) == person_id, led),
            col(AccessRequest.state).in_((RequestState.DRAFT, RequestState.SUBMITTED)),
        )
    ).one()
    shared = session.exec(
        select(Project.name)
        .join(ProjectMember, col(ProjectMember.project_id) == Project.id)
        .where(led, ProjectMember.person_id != person_id)
        .distinct()
        .order_by(Project.name)
    ).all()
    return Unfinished(bookings, waiting, requests, tuple(shared))
