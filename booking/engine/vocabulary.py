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
