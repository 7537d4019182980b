"""States of things, the steps allowed between them, and the event each step records."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from booking.engine.violations import Violation
from booking.engine.vocabulary import OfferState, WaitlistState


class BookingMode(StrEnum):
    """How a resource is booked."""

    INSTANT = "instant"
    APPROVAL = "approval"
    ROUND_ONLY = "round-only"


class ResourceState(StrEnum):
    """Where a resource stands; a retired one keeps its page."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class RoundState(StrEnum):
    """Where an allocation round stands."""

    DRAFT = "draft"
    OPEN = "open"
    REVIEWING = "reviewing"
    ALLOCATED = "allocated"
    PUBLISHED = "published"
    CLOSED = "closed"


class RequestState(StrEnum):
    """Where an access request stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    NOT_GRANTED = "not_granted"


class BookingStatus(StrEnum):
    """Where a booking stands."""

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    IN_USE = "in_use"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    NO_SHOW = "no_show"
    DISPLACED = "displaced"
    EXPIRED = "expired"


# A booking in one of these takes its quantity of the resource for its interval.
HOLDING: Final = (
    BookingStatus.HELD,
    BookingStatus.PENDING,
    BookingStatus.CONFIRMED,
    BookingStatus.IN_USE,
    BookingStatus.COMPLETED,
    BookingStatus.CANCELLING,
)


# A round in one of these keeps its access period to itself.
RESERVING: Final = (RoundState.OPEN, RoundState.REVIEWING, RoundState.ALLOCATED)


class EventKind(StrEnum):
    """What happened; part of the audit trail and of the API, never renamed."""

    BOOKING_HELD = "booking.held"
    BOOKING_PENDING = "booking.pending"
    BOOKING_CONFIRMED = "booking.confirmed"
    BOOKING_APPROVED = "booking.approved"
    BOOKING_REJECTED = "booking.rejected"
    BOOKING_MOVED = "booking.moved"
    BOOKING_RETITLED = "booking.retitled"
    BOOKING_CANCELLING = "booking.cancelling"
    BOOKING_RESTORED = "booking.restored"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_CHECKED_IN = "booking.checked_in"
    BOOKING_COMPLETED = "booking.completed"
    BOOKING_NO_SHOW = "booking.no_show"
    BOOKING_DISPLACED = "booking.displaced"
    BOOKING_EXPIRED = "booking.expired"
    BOOKING_HANDED_OVER = "booking.handed_over"
    BOOKING_NOTED = "booking.noted"
    BOOKING_ALARM_SET = "booking.alarm_set"
    ATTENDEE_ADDED = "attendee.added"
    ATTENDEE_REMOVED = "attendee.removed"
    ATTENDEE_ANSWERED = "attendee.answered"
    CANCELLING_PROPOSED = "cancelling.proposed"
    COUNTER_PROPOSED = "counter.proposed"
    INVITE_ASKED = "invite.asked"
    CLIENT_EDIT_REFUSED = "client_edit.refused"
    DELETIONS_HELD_BACK = "deletions.held_back"
    MAIL_BOUNCED = "mail.bounced"
    DIGEST_DUE = "digest.due"
    BUSY_CALENDAR_ADDED = "busy_calendar.added"
    BUSY_CALENDAR_CHANGED = "busy_calendar.changed"
    BUSY_CALENDAR_REMOVED = "busy_calendar.removed"
    BUSY_CALENDAR_FAILED = "busy_calendar.failed"
    BOOKING_SERIES_BOOKED = "booking_series.booked"
    WAITLIST_JOINED = "waitlist.joined"
    WAITLIST_LEFT = "waitlist.left"
    WAITLIST_EXPIRED = "waitlist.expired"
    OFFER_MADE = "offer.made"
    OFFER_ACCEPTED = "offer.accepted"
    OFFER_DECLINED = "offer.declined"
    OFFER_EXPIRED = "offer.expired"
    FACILITY_CREATED = "facility.created"
    FACILITY_CHANGED = "facility.changed"
    RESOURCE_CREATED = "resource.created"
    RESOURCE_CHANGED = "resource.changed"
    RESOURCE_PUBLISHED = "resource.published"
    RESOURCE_RETIRED = "resource.retired"
    OPENING_HOURS_CHANGED = "opening_hours.changed"
    CLOSURE_ADDED = "closure.added"
    CLOSURE_CHANGED = "closure.changed"
    CLOSURE_REMOVED = "closure.removed"
    CATALOGUE_IMPORTED = "catalogue.imported"
    ORGANISATION_CREATED = "organisation.created"
    ORGANISATION_CHANGED = "organisation.changed"
    ORGANISATION_DECLARED = "organisation.declared"
    ORGANISATION_VERIFIED = "organisation.verified"
    ORGANISATION_SUSPENDED = "organisation.suspended"
    ORGANISATION_REINSTATED = "organisation.reinstated"
    PERSON_CREATED = "person.created"
    PERSON_CHANGED = "person.changed"
    MEMBERSHIP_GRANTED = "membership.granted"
    MEMBERSHIP_REVOKED = "membership.revoked"
    PROJECT_CREATED = "project.created"
    PROJECT_CHANGED = "project.changed"
    QUALIFICATION_GRANTED = "qualification.granted"
    QUALIFICATION_REVOKED = "qualification.revoked"
    SIGN_IN_LINK_SENT = "sign_in.link_sent"
    SIGNED_IN = "sign_in.done"
    TOKEN_CREATED = "token.created"  # noqa: S105 - an event's name, no secret
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - an event's name, no secret
    TERMS_PUBLISHED = "terms.published"
    TERMS_ACCEPTED = "terms.accepted"
    POLICY_PUBLISHED = "policy.published"
    ROUND_CREATED = "round.created"
    ROUND_CHANGED = "round.changed"
    ROUND_HANDED_OVER = "round.handed_over"
    ROUND_DELETED = "round.deleted"
    ROUND_OPENED = "round.opened"
    ROUND_CALL_CLOSED = "round.call_closed"
    ROUND_ALLOCATED = "round.allocated"
    ROUND_PUBLISHED = "round.published"
    ROUND_CLOSED = "round.closed"
    REQUEST_CREATED = "request.created"
    REQUEST_CHANGED = "request.changed"
    REQUEST_SUBMITTED = "request.submitted"
    REQUEST_WITHDRAWN = "request.withdrawn"
    REQUEST_GRANTED = "request.granted"
    REQUEST_PARTLY_GRANTED = "request.partly_granted"
    REQUEST_NOT_GRANTED = "request.not_granted"
    REVIEW_WRITTEN = "review.written"
    REVIEW_CONFLICT_DECLARED = "review.conflict_declared"
    CALCULATION_ASKED = "calculation.asked"
    CALCULATION_STOPPED = "calculation.stopped"
    CALCULATION_DONE = "calculation.done"
    CALCULATION_FAILED = "calculation.failed"
    ROUND_RESULT_ADOPTED = "round.result_adopted"
    APPEAL_MADE = "appeal.made"
    APPEAL_UPHELD = "appeal.upheld"
    APPEAL_DISMISSED = "appeal.dismissed"


S = TypeVar("S", bound=StrEnum)
StepTable = Mapping[tuple[S, str], tuple[S, EventKind]]


@dataclass(frozen=True, slots=True)
class Step:
    """What an allowed step leads to, and the event it records."""

    new_state: StrEnum
    event: EventKind


RESOURCE_STEPS: Final[StepTable[ResourceState]] = {
    (ResourceState.DRAFT, "publish"): (ResourceState.PUBLISHED, EventKind.RESOURCE_PUBLISHED),
    (ResourceState.DRAFT, "retire"): (ResourceState.RETIRED, EventKind.RESOURCE_RETIRED),
    (ResourceState.PUBLISHED, "retire"): (ResourceState.RETIRED, EventKind.RESOURCE_RETIRED),
}

# `close_call` ends the call, `close` ends the round after its access period.
ROUND_STEPS: Final[StepTable[RoundState]] = {
    (RoundState.DRAFT, "open"): (RoundState.OPEN, EventKind.ROUND_OPENED),
    (RoundState.OPEN, "close_call"): (RoundState.REVIEWING, EventKind.ROUND_CALL_CLOSED),
    (RoundState.REVIEWING, "allocate"): (RoundState.ALLOCATED, EventKind.ROUND_ALLOCATED),
    (RoundState.ALLOCATED, "allocate"): (RoundState.ALLOCATED, EventKind.ROUND_ALLOCATED),
    (RoundState.ALLOCATED, "publish"): (RoundState.PUBLISHED, EventKind.ROUND_PUBLISHED),
    (RoundState.PUBLISHED, "close"): (RoundState.CLOSED, EventKind.ROUND_CLOSED),
}

REQUEST_STEPS: Final[StepTable[RequestState]] = {
    (RequestState.DRAFT, "change"): (RequestState.DRAFT, EventKind.REQUEST_CHANGED),
    (RequestState.DRAFT, "submit"): (RequestState.SUBMITTED, EventKind.REQUEST_SUBMITTED),
    (RequestState.DRAFT, "withdraw"): (RequestState.WITHDRAWN, EventKind.REQUEST_WITHDRAWN),
    (RequestState.SUBMITTED, "change"): (RequestState.SUBMITTED, EventKind.REQUEST_CHANGED),
    (RequestState.SUBMITTED, "withdraw"): (RequestState.WITHDRAWN, EventKind.REQUEST_WITHDRAWN),
    (RequestState.SUBMITTED, "grant"): (RequestState.GRANTED, EventKind.REQUEST_GRANTED),
    (RequestState.SUBMITTED, "grant_partly"): (
        RequestState.PARTLY_GRANTED,
        EventKind.REQUEST_PARTLY_GRANTED,
    ),
    (RequestState.SUBMITTED, "refuse"): (RequestState.NOT_GRANTED, EventKind.REQUEST_NOT_GRANTED),
}

BOOKING_STEPS: Final[StepTable[BookingStatus]] = {
    (BookingStatus.HELD, "confirm"): (BookingStatus.CONFIRMED, EventKind.BOOKING_CONFIRMED),
    (BookingStatus.HELD, "submit"): (BookingStatus.PENDING, EventKind.BOOKING_PENDING),
    (BookingStatus.HELD, "expire"): (BookingStatus.EXPIRED, EventKind.BOOKING_EXPIRED),
    (BookingStatus.HELD, "cancel"): (BookingStatus.CANCELLED, EventKind.BOOKING_CANCELLED),
    (BookingStatus.HELD, "displace"): (BookingStatus.DISPLACED, EventKind.BOOKING_DISPLACED),
    (BookingStatus.PENDING, "approve"): (BookingStatus.CONFIRMED, EventKind.BOOKING_APPROVED),
    (BookingStatus.PENDING, "reject"): (BookingStatus.REJECTED, EventKind.BOOKING_REJECTED),
    (BookingStatus.PENDING, "expire"): (BookingStatus.EXPIRED, EventKind.BOOKING_EXPIRED),
    (BookingStatus.PENDING, "move"): (BookingStatus.PENDING, EventKind.BOOKING_MOVED),
    (BookingStatus.PENDING, "retitle"): (BookingStatus.PENDING, EventKind.BOOKING_RETITLED),
    (BookingStatus.PENDING, "hand_over"): (BookingStatus.PENDING, EventKind.BOOKING_HANDED_OVER),
    (BookingStatus.PENDING, "cancel"): (BookingStatus.CANCELLED, EventKind.BOOKING_CANCELLED),
    (BookingStatus.PENDING, "displace"): (BookingStatus.DISPLACED, EventKind.BOOKING_DISPLACED),
    (BookingStatus.CONFIRMED, "move"): (BookingStatus.CONFIRMED, EventKind.BOOKING_MOVED),
    (BookingStatus.CONFIRMED, "retitle"): (BookingStatus.CONFIRMED, EventKind.BOOKING_RETITLED),
    (BookingStatus.CONFIRMED, "hand_over"): (
        BookingStatus.CONFIRMED,
        EventKind.BOOKING_HANDED_OVER,
    ),
    (BookingStatus.CONFIRMED, "cancel"): (BookingStatus.CANCELLED, EventKind.BOOKING_CANCELLED),
    (BookingStatus.CONFIRMED, "start_cancelling"): (
        BookingStatus.CANCELLING,
        EventKind.BOOKING_CANCELLING,
    ),
    (BookingStatus.CONFIRMED, "check_in"): (BookingStatus.IN_USE, EventKind.BOOKING_CHECKED_IN),
    (BookingStatus.CONFIRMED, "miss"): (BookingStatus.NO_SHOW, EventKind.BOOKING_NO_SHOW),
    (BookingStatus.CONFIRMED, "displace"): (BookingStatus.DISPLACED, EventKind.BOOKING_DISPLACED),
    (BookingStatus.IN_USE, "retitle"): (BookingStatus.IN_USE, EventKind.BOOKING_RETITLED),
    (BookingStatus.IN_USE, "check_out"): (BookingStatus.COMPLETED, EventKind.BOOKING_COMPLETED),
    (BookingStatus.CANCELLING, "restore"): (BookingStatus.CONFIRMED, EventKind.BOOKING_RESTORED),
    (BookingStatus.CANCELLING, "cancel"): (BookingStatus.CANCELLED, EventKind.BOOKING_CANCELLED),
    (BookingStatus.CANCELLING, "displace"): (BookingStatus.DISPLACED, EventKind.BOOKING_DISPLACED),
}

# A calendar program may use the name of a cancelled booking again: as a fresh request.
REBOOKING_STEPS: Final[StepTable[BookingStatus]] = {
    (BookingStatus.CANCELLED, "rebook"): (
        BookingStatus.CONFIRMED,
        EventKind.BOOKING_CONFIRMED,
    ),
    (BookingStatus.CANCELLED, "ask_again"): (BookingStatus.PENDING, EventKind.BOOKING_PENDING),
}

OFFER_STEPS: Final[StepTable[OfferState]] = {
    (OfferState.MADE, "accept"): (OfferState.ACCEPTED, EventKind.OFFER_ACCEPTED),
    (OfferState.MADE, "decline"): (OfferState.DECLINED, EventKind.OFFER_DECLINED),
    (OfferState.MADE, "expire"): (OfferState.EXPIRED, EventKind.OFFER_EXPIRED),
}

# `offer` and the two ways back from it are told by the offer's own events.
WAITLIST_STEPS: Final[StepTable[WaitlistState]] = {
    (WaitlistState.WAITING, "offer"): (WaitlistState.OFFERED, EventKind.OFFER_MADE),
    (WaitlistState.WAITING, "leave"): (WaitlistState.WITHDRAWN, EventKind.WAITLIST_LEFT),
    (WaitlistState.WAITING, "expire"): (WaitlistState.EXPIRED, EventKind.WAITLIST_EXPIRED),
    (WaitlistState.OFFERED, "accept"): (WaitlistState.BOOKED, EventKind.OFFER_ACCEPTED),
    (WaitlistState.OFFERED, "decline"): (WaitlistState.WAITING, EventKind.OFFER_DECLINED),
    (WaitlistState.OFFERED, "let_lapse"): (WaitlistState.WAITING, EventKind.OFFER_EXPIRED),
    (WaitlistState.OFFERED, "leave"): (WaitlistState.WITHDRAWN, EventKind.WAITLIST_LEFT),
}


def allowed_steps(table: StepTable[S], state: S) -> tuple[str, ...]:
    """List the steps that may be taken from a state, sorted by name."""
    return tuple(sorted(name for at, name in table if at == state))


def step(table: StepTable[S], state: S, name: str) -> Step | Violation:
    """Take a step, or say in which state the thing is and which steps it allows."""
    found = table.get((state, name))
    if found is not None:
        return Step(*found)
    allowed = ", ".join(_worded(each) for each in allowed_steps(table, state))
    mend = f"what can be done from there is: {allowed}" if allowed else "nothing follows on it"
    return Violation(
        "wrong_state", f"It is {_worded(state)}, so it cannot {_worded(name)}; {mend}."
    )


def _worded(word: str) -> str:
    return word.replace("_", " ")
