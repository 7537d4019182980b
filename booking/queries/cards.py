"""All that mail and calendars say of a booking or a decision, each loaded with one SELECT."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, case, select
from sqlmodel import Session, col

from booking.engine.decision_words import Reason
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import AccessBy, CalendarMail
from booking.models import (
    AccessRequest,
    Booking,
    BookingAlarm,
    Decision,
    Facility,
    Person,
    Project,
    Resource,
    Round,
    RoundResult,
    SignInLink,
    WaitlistEntry,
)
from booking.queries.attendees import AttendeeSeen
from booking.queries.decisions import (
    Placement,
    Weighed,
    group_names,
    placements_of,
    reasons_of,
    resource_names,
    resources_in,
    resources_placed,
)
from booking.queries.nearest import NearSlot, near_slots, places, resources_near

Columns = tuple[Any, ...]

_FACILITY: Final[Columns] = (
    col(Facility.id).label("facility_id"),
    col(Facility.slug).label("facility_slug"),
    col(Facility.name).label("facility_name"),
    col(Facility.zone).label("facility_zone"),
    col(Facility.country).label("facility_country"),
    col(Facility.mail_from).label("mail_from"),
    col(Facility.locale).label("facility_locale"),
)
_READER: Final[Columns] = (
    col(Person.name).label("person_name"),
    col(Person.email).label("person_email"),
    col(Person.zone).label("person_zone"),
    col(Person.locale).label("person_locale"),
)
_PREFERENCES: Final[Columns] = (
    col(Person.calendar_mail),
    case(
        (col(BookingAlarm.booking_id).is_not(None), col(BookingAlarm.minutes_before)),
        else_=col(Person.alarm_minutes),
    ).label("alarm_minutes"),
)
_BOOKING: Final[Columns] = (
    col(Booking.id),
    col(Booking.uid),
    col(Booking.starts_at),
    col(Booking.ends_at),
    col(Booking.quantity),
    col(Booking.status),
    col(Booking.title),
    col(Booking.reason),
    col(Booking.sequence),
    col(Booking.revision),
    col(Booking.expires_at),
    col(Booking.created_at),
    col(Booking.updated_at),
    col(Booking.resource_id),
    col(Booking.project_id),
    col(Booking.person_id),
)
_RESOURCE: Final[Columns] = (
    col(Resource.name).label("resource_name"),
    col(Resource.kind).label("resource_kind"),
    col(Resource.unit_label),
    col(Resource.access_by),
    col(Resource.web_address),
    col(Resource.no_show_grace_minutes),
    col(Resource.location).label("resource_location"),
    col(Facility.contact_name).label("contact_name"),
    col(Facility.contact_email).label("contact_email"),
    col(Facility.contact_url).label("contact_url"),
)
_PROJECT_NAME: Final[Any] = col(Project.name).label("project_name")
_REQUEST: Final[Columns] = (
    col(AccessRequest.id),
    col(AccessRequest.title),
    col(Round.slug).label("round_slug"),
    col(Round.name).label("round_name"),
)
_WEIGHED: Final[Columns] = (
    col(Decision.reasons).label("stored"),
    col(Decision.points_needed_per_hour).label("needed"),
    col(AccessRequest.merit),
    col(AccessRequest.fair_share_millionths),
    col(Round.access_starts_at),
    col(Round.step_minutes),
    col(Round.policy_version_id),
    col(Round.seed),
)
_PLACED: Final[Columns] = (
    col(Decision.granted),
    col(Decision.placements).label("placed"),
    col(Decision.nearest).label("near"),
)
_ENTRY: Final[Columns] = (
    col(WaitlistEntry.id),
    col(WaitlistEntry.earliest_at),
    col(WaitlistEntry.latest_at),
    col(WaitlistEntry.minutes),
    col(WaitlistEntry.title),
    col(WaitlistEntry.resource_id),
    col(Resource.name).label("resource_name"),
)
_LINK: Final[Columns] = (col(SignInLink.id), col(SignInLink.expires_at))


@dataclass(frozen=True, slots=True)
class BookingCard:
    """A booking with the names that mail and calendars show of it.

    `organiser` is the facility's agent address, which also sends; `base_url` is ours.
    `alarm_minutes` is how long before the start this reader's calendar rings, None for never.
    `attendee` is set where the reader is invited by the holder; the person is then that reader.
    `spoken_of` names the attendee whom a mail to the holder is about.
    """

    id: UUID
    uid: str
    starts_at: datetime
    ends_at: datetime
    quantity: int
    status: BookingStatus
    title: str
    reason: str
    sequence: int
    revision: int
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    resource_id: UUID
    project_id: UUID
    person_id: UUID
    resource_name: str
    resource_kind: str
    unit_label: str
    access_by: AccessBy
    web_address: str
    no_show_grace_minutes: int | None
    resource_location: str
    contact_name: str
    contact_email: str
    contact_url: str
    facility_id: UUID
    facility_slug: str
    facility_name: str
    facility_zone: str
    facility_country: str
    mail_from: str
    project_name: str
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str
    organiser: str
    base_url: str
    facility_locale: str = "en"
    alarm_minutes: int | None = None
    calendar_mail: CalendarMail = CalendarMail.INVITE
    attendee: AttendeeSeen | None = None
    spoken_of: str = ""


@dataclass(frozen=True, slots=True)
class DecisionCard:
    """What a round decided of a request, for the person who submitted it.

    `standing`, `reasons` and `advice` are those of the newest allocation, a sentence each;
    `placements` are what it granted, by when they begin, `nearest` what it left free.
    """

    id: UUID
    title: str
    round_slug: str
    round_name: str
    standing: str
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    placements: tuple[Placement, ...]
    nearest: tuple[NearSlot, ...]
    merit: int | None
    fair_share_millionths: int
    facility_id: UUID
    facility_slug: str
    facility_name: str
    facility_zone: str
    facility_country: str
    mail_from: str
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str
    organiser: str
    facility_locale: str = "en"


@dataclass(frozen=True, slots=True)
class EntryCard:
    """An entry of the waiting list, for whoever waits."""

    id: UUID
    earliest_at: datetime
    latest_at: datetime
    minutes: int
    title: str
    resource_id: UUID
    resource_name: str
    facility_id: UUID
    facility_slug: str
    facility_name: str
    facility_zone: str
    facility_country: str
    mail_from: str
    project_name: str
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str
    organiser: str
    facility_locale: str = "en"


@dataclass(frozen=True, slots=True)
class SignInCard:
    """A sign-in link and its reader."""

    id: UUID
    expires_at: datetime
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str


def booking_cards(
    session: Session, booking_ids: Sequence[UUID], *, sender: str, base_url: str
) -> dict[UUID, BookingCard]:
    """Return the cards of those bookings that exist; `sender` organises where no facility does."""
    columns = (*_BOOKING, *_RESOURCE, *_FACILITY, _PROJECT_NAME, *_READER, *_PREFERENCES)
    statement = (
        select(*columns)
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .join(Project, col(Project.id) == col(Booking.project_id))
        .join(Person, col(Person.id) == col(Booking.person_id))
        .join(
            BookingAlarm,
            and_(
                col(BookingAlarm.booking_id) == col(Booking.id),
                col(BookingAlarm.person_id) == col(Booking.person_id),
            ),
            isouter=True,
        )
        .where(col(Booking.id).in_(booking_ids))
    )
    return {
        row["id"]: BookingCard(**row, organiser=row["mail_from"] or sender, base_url=base_url)
        for row in _rows(session, statement)
    }


def readers(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return name, address, zone, language and preferences of each person, named as in a card."""
    if not person_ids:
        return {}
    columns: Columns = (col(Person.id), *_READER, col(Person.calendar_mail))
    statement = select(*columns).where(col(Person.id).in_(person_ids))
    return {
        row["id"]: {name: value for name, value in row.items() if name != "id"}
        for row in _rows(session, statement)
    }


def entry_cards(
    session: Session, entry_ids: Sequence[UUID], *, sender: str
) -> dict[UUID, EntryCard]:
    """Return the cards of those entries of the waiting list that exist."""
    statement = (
        select(*_ENTRY, *_FACILITY, _PROJECT_NAME, *_READER)
        .join(Resource, col(Resource.id) == col(WaitlistEntry.resource_id))
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .join(Project, col(Project.id) == col(WaitlistEntry.project_id))
        .join(Person, col(Person.id) == col(WaitlistEntry.person_id))
        .where(col(WaitlistEntry.id).in_(entry_ids))
    )
    return {
        row["id"]: EntryCard(**row, organiser=row["mail_from"] or sender)
        for row in _rows(session, statement)
    }


def decision_cards(
    session: Session, request_ids: Sequence[UUID], *, sender: str
) -> dict[UUID, DecisionCard]:
    """Return what the newest allocation says of each of those requests."""
    statement = (
        select(*_REQUEST, *_WEIGHED, *_PLACED, *_FACILITY, *_READER)
        .join(Round, col(Round.id) == col(AccessRequest.round_id))
        .join(Facility, col(Facility.id) == col(Round.facility_id))
        .join(Person, col(Person.id) == col(AccessRequest.submitted_by))
        .join(Decision, col(Decision.request_id) == col(AccessRequest.id), isouter=True)
        .join(RoundResult, col(RoundResult.id) == col(Decision.result_id), isouter=True)
        .where(col(AccessRequest.id).in_(request_ids))
        .order_by(col(RoundResult.number))
    )
    rows = {row["id"]: dict(row) for row in _rows(session, statement)}
    weighed = {key: _weighed(row) for key, row in rows.items()}
    placed = {key: row.pop("placed") or [] for key, row in rows.items()}
    named = {one for each in weighed.values() for one in resources_in(each.stored)}
    names = resource_names(
        session, named | {one for each in placed.values() for one in resources_placed(each)}
    )
    near = {key: row.pop("near") or [] for key, row in rows.items()}
    known = places(session, {one for each in near.values() for one in resources_near(each)})
    groups = group_names(session, {each.policy_version_id for each in weighed.values()})
    return {
        key: _decision_card(
            {
                **row,
                "placements": _by_start(placements_of(placed[key], names)),
                "nearest": near_slots(near[key], known),
            },
            weighed[key],
            reasons_of(weighed[key], names, groups),
            sender,
        )
        for key, row in rows.items()
    }


def _by_start(placements: Sequence[Placement]) -> tuple[Placement, ...]:
    return tuple(sorted(placements, key=lambda each: (each.starts_at, each.session)))


def _weighed(row: dict[str, Any]) -> Weighed:
    """Take out of a row what the reasons are worded by."""
    taken = {str(each.key): row.pop(str(each.key)) for each in _WEIGHED}
    taken["stored"] = taken["stored"] or []
    return Weighed(**taken, zone=row["facility_zone"])


def _decision_card(
    row: dict[str, Any], weighed: Weighed, reasons: tuple[Reason, ...], sender: str
) -> DecisionCard:
    granted = row.pop("granted")
    return DecisionCard(
        **row,
        standing="" if granted else weighed.standing.sentence,
        reasons=tuple(each.sentence for each in weighed.lines(reasons)),
        advice=weighed.advice(reasons),
        merit=weighed.merit,
        fair_share_millionths=weighed.fair_share_millionths,
        organiser=row["mail_from"] or sender,
    )


def sign_in_cards(session: Session, link_ids: Sequence[UUID]) -> dict[UUID, SignInCard]:
    """Return those of the sign-in links that are still kept."""
    statement = (
        select(*_LINK, *_READER)
        .join(Person, col(Person.id) == col(SignInLink.person_id))
        .where(col(SignInLink.id).in_(link_ids))
    )
    return {row["id"]: SignInCard(**row) for row in _rows(session, statement)}


def _rows(session: Session, statement: Select[Any]) -> Sequence[Mapping[str, Any]]:
    session.flush()
    found = session.connection().execute(statement).mappings().all()
    return [{str(name): value for name, value in row.items()} for row in found]
