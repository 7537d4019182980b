"""What a booking must keep for the sake of who books: one small function a rule."""

from booking.engine.booking_facts import BookingCode, BookingFacts
from booking.engine.online_rules import refused_by_cap, refused_by_quota
from booking.engine.violations import Violation
from booking.engine.wording import at_words, counted


def by_the_qualified(facts: BookingFacts) -> Violation | None:
    """Require the qualification, where one is needed, up to the booking's end."""
    if not facts.qualification_needed:
        return None
    if not facts.qualified:
        whom = f": {facts.contact}" if facts.contact else "."
        reason = f"This resource needs a qualification; ask its facility for an introduction{whom}"
    elif facts.qualified_until is not None and facts.qualified_until < facts.wanted.end:
        reason = (
            f"Your qualification ends {at_words(facts.qualified_until)}, before the booking "
            f"does; ask the facility to renew it."
        )
    else:
        return None
    return Violation(BookingCode.NOT_QUALIFIED, reason, "/resource_id")


def with_terms_accepted(facts: BookingFacts) -> Violation | None:
    """Require that the project accepted the current version of the terms."""
    if facts.terms_current is None or facts.terms_accepted == facts.terms_current:
        return None
    had = "none is yet" if facts.terms_accepted is None else f"version {facts.terms_accepted} is"
    return Violation(
        BookingCode.TERMS_NOT_ACCEPTED,
        f"Version {facts.terms_current} of the facility's terms must be accepted, and {had}; "
        f"read and accept it first.",
        "/project_id",
    )


def by_an_organisation_in_good_standing(facts: BookingFacts) -> Violation | None:
    """Refuse a suspended organisation."""
    if not facts.organisation_suspended:
        return None
    return Violation(
        BookingCode.ORGANISATION_SUSPENDED,
        "The project's organisation is suspended from booking; ask the facility to lift it.",
        "/project_id",
    )


def by_a_project_allowed_here(facts: BookingFacts) -> Violation | None:
    """Require a project that the facility lets in."""
    if facts.project_allowed:
        return None
    return Violation(
        BookingCode.PROJECT_NOT_ALLOWED,
        "The facility restricts who books here and the project is not let in; ask it for access.",
        "/project_id",
    )


def in_the_name_of_a_member(facts: BookingFacts) -> Violation | None:
    """Require that whoever is to hold the booking is on its project."""
    if facts.on_project:
        return None
    return Violation(
        BookingCode.NOT_ON_PROJECT,
        "That person is not on the project; choose one of its members, or add them to it first.",
        "/person_id",
    )


def few_enough_of_the_project(facts: BookingFacts) -> Violation | None:
    """Require fewer bookings of the project that have not ended than it may have at a time."""
    most, has = facts.concurrent_per_project, facts.project_bookings
    if most is None or has < most:
        return None
    return Violation(
        BookingCode.TOO_MANY_FOR_PROJECT,
        f"A project has at most {counted(most, 'booking')} of this resource to come at a time, "
        f"and yours has {has}; use or cancel one first.",
        "/project_id",
    )


def few_enough_of_the_organisation(facts: BookingFacts) -> Violation | None:
    """Require fewer bookings of the organisation that have not ended than it may have."""
    most, has = facts.concurrent_per_organisation, facts.organisation_bookings
    if most is None or has < most:
        return None
    return Violation(
        BookingCode.TOO_MANY_FOR_ORGANISATION,
        f"All projects of an organisation have at most {counted(most, 'booking')} of this "
        f"resource to come at a time, and yours have {has}; use or cancel one first.",
        "/project_id",
    )


def within_quota(facts: BookingFacts) -> Violation | None:
    """Require that what the policy reserves for others in the week stays free."""
    if facts.quotas is None:
        return None
    return refused_by_quota(facts.quotas, facts.wanted, quantity=facts.quantity, now=facts.now)


def within_cap(facts: BookingFacts) -> Violation | None:
    """Require that the organisation stays within its cap of the facility's week."""
    if facts.quotas is None:
        return None
    return refused_by_cap(facts.quotas, facts.wanted, quantity=facts.quantity)
