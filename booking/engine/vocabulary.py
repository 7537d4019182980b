"""The closed lists of the glossary that tables, services and ways in share."""

from enum import StrEnum


class AccessBy(StrEnum):
    """How a resource is reached."""

    PHYSICAL = "physical"
    REMOTE = "remote"
    VIRTUAL = "virtual"


class ClosureKind(StrEnum):
    """Why a facility or resource is closed."""

    HOLIDAY = "holiday"
    MAINTENANCE = "maintenance"
    OUTAGE = "outage"


class OrganisationKind(StrEnum):
    """What an organisation is."""

    STARTUP = "startup"
    SME = "sme"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    PUBLIC_BODY = "public-body"
    NGO = "ngo"
    LARGE_COMPANY = "large-company"


class CalendarKind(StrEnum):
    """What a calendar token opens."""

    FEED = "feed"
    CALDAV = "caldav"


class CalendarAccess(StrEnum):
    """What a calendar program may do with a calendar."""

    READ_ONLY = "read-only"
    READ_WRITE = "read-write"


class CalendarMail(StrEnum):
    """How a person hears of bookings: an invite each, one digest a day, or the feed alone."""

    INVITE = "invite"
    DIGEST = "digest"
    FEED = "feed"


class Participation(StrEnum):
    """What an attendee answered (iCalendar PARTSTAT)."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class ReplyVia(StrEnum):
    """How an incoming mail reached us."""

    IMAP = "imap"
    MAILDIR = "maildir"
    HOOK = "hook"


class ReplyOutcome(StrEnum):
    """What became of an incoming mail."""

    NOTED = "noted"
    CONFIRMATION_ASKED = "confirmation-asked"
    COUNTER_DECLINED = "counter-declined"
    OUTDATED = "outdated"
    BOUNCED = "bounced"
    AUTOMATIC = "automatic"
    UNMATCHED = "unmatched"
    UNREADABLE = "unreadable"


class LinkPurpose(StrEnum):
    """What a one-time link in a mail lets its reader do without signing in."""

    UNDO_CANCELLING = "undo-cancelling"
    CONFIRM_CANCELLING = "confirm-cancelling"
    CONFIRM_DELETIONS = "confirm-deletions"


class ClientEditKind(StrEnum):
    """What a calendar program did that a later request of it is judged by."""

    PUT_REFUSED = "put-refused"
    DELETED = "deleted"
    DELETE_IGNORED = "delete-ignored"
    DELETE_WAITING = "delete-waiting"


class FeedOf(StrEnum):
    """Whose bookings a feed shows."""

    ME = "me"
    PROJECT = "project"
    RESOURCE = "resource"
    FACILITY = "facility"


class LedgerKind(StrEnum):
    """Why access units moved."""

    ALLOCATED = "allocated"
    BOOKED = "booked"
    REFUNDED = "refunded"


class BookingSource(StrEnum):
    """How a booking came about."""

    INSTANT = "instant"
    ROUND = "round"
    WAITING_LIST = "waiting-list"
    MANAGER = "manager"


class CheckInBy(StrEnum):
    """How a check-in reached us."""

    BUTTON = "button"
    LINK = "link"
    CODE = "code"
    OPERATOR = "operator"


class ChangedBy(StrEnum):
    """As what somebody changed a booking: its holder, one of its project, or the facility."""

    HOLDER = "holder"
    COLLEAGUE = "colleague"
    FACILITY = "facility"


class WaitlistState(StrEnum):
    """Where an entry of the waiting list stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class OfferState(StrEnum):
    """Where an offer stands."""

    MADE = "made"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class DeliveryState(StrEnum):
    """How far a message is."""

    DUE = "due"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"


class CalculationKind(StrEnum):
    """What the engine is to work out on a round."""

    ALLOCATION = "allocation"
    WHAT_IF = "what-if"
    COUNTERFACTUAL = "counterfactual"
    REVIEW = "review"
    ADOPTION = "adoption"


class CalculationState(StrEnum):
    """How far a calculation is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class AppealedFact(StrEnum):
    """Which fact behind a decision is said to be wrong."""

    GROUP = "group"
    MERIT = "merit"
    FAIR_SHARE = "fair-share"
    REQUEST = "request"


class AppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
