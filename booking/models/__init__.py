"""Tables: columns, keys, constraints, nothing else; one file a noun."""

from booking.models.access import (
    AccessRequest,
    RequestedAlternative,
    RequestedSession,
    Review,
    Round,
    RoundFacility,
    TermsAcceptance,
    TermsVersion,
)
from booking.models.allocation import (
    Decision,
    EquityGroup,
    LedgerEntry,
    PolicyVersion,
    RoundResult,
)
from booking.models.bookings import Booking, BookingText
from booking.models.catalogue import AdmittedProject, Closure, Facility, OpeningHours, Resource
from booking.models.events import Delivery, Event, KeptReply
from booking.models.people import (
    ApiToken,
    CalendarToken,
    Membership,
    Organisation,
    OrganisationFact,
    Person,
    Project,
    ProjectMember,
    Qualification,
    SignInLink,
    WebSession,
)

__all__ = [
    "AccessRequest",
    "AdmittedProject",
    "ApiToken",
    "Booking",
    "BookingText",
    "CalendarToken",
    "Closure",
    "Decision",
    "Delivery",
    "EquityGroup",
    "Event",
    "Facility",
    "KeptReply",
    "LedgerEntry",
    "Membership",
    "OpeningHours",
    "Organisation",
    "OrganisationFact",
    "Person",
    "PolicyVersion",
    "Project",
    "ProjectMember",
    "Qualification",
    "RequestedAlternative",
    "RequestedSession",
    "Resource",
    "Review",
    "Round",
    "RoundFacility",
    "RoundResult",
    "SignInLink",
    "TermsAcceptance",
    "TermsVersion",
    "WebSession",
]
