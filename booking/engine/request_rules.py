"""What an access request must keep: one small function a rule."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from booking.engine.intervals import MINUTE, Interval
from booking.engine.violations import Violation
from booking.engine.wording import at_words, in_words, length_in_words, listed

MOST_SESSIONS: Final = 50
MOST_ALTERNATIVES: Final = 20
THOUSAND: Final = 1000


class RequestCode(StrEnum):
    """Why an access request is refused; part of the API, never renamed."""

    CALL_CLOSED = "call_closed"
    NO_SESSION = "no_session"
    TOO_MANY_SESSIONS = "too_many_sessions"
    NO_ALTERNATIVE = "no_alternative"
    TOO_MANY_ALTERNATIVES = "too_many_alternatives"
    NOT_WHOLE_STEPS = "not_whole_steps"
    RESOURCE_NOT_IN_ROUND = "resource_not_in_round"
    ABOVE_CAPACITY = "above_capacity"
    WINDOW_OUTSIDE_ROUND = "window_outside_round"
    SESSION_LONGER_THAN_WINDOW = "session_longer_than_window"
    NO_OPEN_WINDOW = "no_open_window"
    NOT_AT_ONE_FACILITY = "not_at_one_facility"
    ABOVE_CAP = "above_cap"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    ORGANISATION_SUSPENDED = "organisation_suspended"


@dataclass(frozen=True, slots=True)
class WantedAlternative:
    """A resource, and the window in which a session would do; rank 0 is liked best."""

    resource_id: UUID
    earliest_at: datetime
    latest_at: datetime
    rank: int = 0


@dataclass(frozen=True, slots=True)
class WantedSession:
    """One stretch of use: how long, how many units, where and when it would do."""

    minutes: int
    quantity: int
    alternatives: tuple[WantedAlternative, ...]


@dataclass(frozen=True, slots=True)
class OfferedResource:
    """What a round offers of a resource; the rate is in thousandths of a credit per hour.

    `open` is when it is open and free, merged and sorted, on the round's steps.
    """

    name: str
    facility_id: UUID
    capacity: int
    rate_thousandths: int
    open: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferingFacility:
    """A facility of the round: the most one organisation may hold, and its terms.

    `offered` and `cap` are credits; `cap` of None is no cap. `terms` of None means that
    there are none to accept.
    """

    name: str
    offered: Fraction = Fraction(0)
    cap: Fraction | None = None
    terms: int | None = None
    terms_accepted: bool = True


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """All that decides whether a request may be sent, as it stands at `now`."""

    now: datetime
    sessions: tuple[WantedSession, ...]
    access: Interval
    step_minutes: int
    call_open: bool
    call_closes_at: datetime
    resources: Mapping[UUID, OfferedResource]
    facilities: Mapping[UUID, OfferingFacility]
    organisation_suspended: bool = False


Rule = Callable[[RequestFacts], Iterator[Violation]]


def while_the_call_is_open(facts: RequestFacts) -> Iterator[Violation]:
    """Require an open call; its closing instant is after it."""
    if not facts.call_open or facts.now >= facts.call_closes_at:
        yield Violation(
            RequestCode.CALL_CLOSED,
            f"The call is closed (its last day ends {at_words(facts.call_closes_at)}); "
            "take part in the next round, or book on-line what this one leaves.",
        )


def not_too_much(facts: RequestFacts) -> Iterator[Violation]:
    """Require 1 to 50 sessions, each with 1 to 20 alternatives."""
    count = len(facts.sessions)
    if not count:
        yield Violation(RequestCode.NO_SESSION, "Ask for at least one session.", "/sessions")
    if count > MOST_SESSIONS:
        reason = f"That is {count} sessions; ask for at most {MOST_SESSIONS} in one request."
        yield Violation(RequestCode.TOO_MANY_SESSIONS, reason, "/sessions")
    for at, session in enumerate(facts.sessions):
        pointer = f"/sessions/{at}/alternatives"
        given = len(session.alternatives)
        if not given:
            reason = "Name at least one resource and window in which this session would do."
            yield Violation(RequestCode.NO_ALTERNATIVE, reason, pointer)
        if given > MOST_ALTERNATIVES:
            reason = f"That is {given} alternatives; name at most {MOST_ALTERNATIVES} a session."
            yield Violation(RequestCode.TOO_MANY_ALTERNATIVES, reason, pointer)


def in_whole_steps(facts: RequestFacts) -> Iterator[Violation]:
    """Require lengths of whole steps of the round, at least one."""
    step = facts.step_minutes
    for at, session in enumerate(facts.sessions):
        if session.minutes < 1 or session.minutes % step:
            nearest = max(step, -(-session.minutes // step) * step)
            yield Violation(
                RequestCode.NOT_WHOLE_STEPS,
                f"This round is shared out in steps of {step} minutes, and {session.minutes} "
                f"minutes are no whole number of them; ask for {nearest} minutes.",
                f"/sessions/{at}/minutes",
            )


def of_the_round(facts: RequestFacts) -> Iterator[Violation]:
    """Require resources that the round offers."""
    for pointer, _, wanted in _each(facts):
        if wanted.resource_id not in facts.resources:
            yield Violation(
                RequestCode.RESOURCE_NOT_IN_ROUND,
                "This resource is not offered in the round; choose one from the round's page.",
                f"{pointer}/resource_id",
            )


def within_capacity(facts: RequestFacts) -> Iterator[Violation]:
    """Require at most as many units as each resource has, and at least one."""
    for pointer, session, wanted in _each(facts):
        offered = facts.resources.get(wanted.resource_id)
        if offered and not 1 <= session.quantity <= offered.capacity:
            yield Violation(
                RequestCode.ABOVE_CAPACITY,
                f"{offered.name} has {offered.capacity} in all, and the session asks for "
                f"{session.quantity}; ask for 1 to {offered.capacity}, or another resource.",
                f"{pointer}/resource_id",
            )


def inside_the_access_period(facts: RequestFacts) -> Iterator[Violation]:
    """Require windows that lie in the round's access period."""
    for pointer, _, wanted in _each(facts):
        if wanted.earliest_at < facts.access.start:
            yield _outside(facts, f"{pointer}/earliest_at")
        if wanted.latest_at > facts.access.end:
            yield _outside(facts, f"{pointer}/latest_at")


def _outside(facts: RequestFacts, pointer: str) -> Violation:
    return Violation(
        RequestCode.WINDOW_OUTSIDE_ROUND,
        f"This round shares out {in_words(facts.access)}; choose a time in that period.",
        pointer,
    )


def long_enough_windows(facts: RequestFacts) -> Iterator[Violation]:
    """Require windows in which the session fits, starting and ending on whole steps."""
    step = facts.step_minutes * MINUTE
    for pointer, session, wanted in _each(facts):
        first = -((facts.access.start - wanted.earliest_at) // step)
        last = (wanted.latest_at - facts.access.start) // step
        if (last - first) * facts.step_minutes < session.minutes:
            yield Violation(
                RequestCode.SESSION_LONGER_THAN_WINDOW,
                f"A session of {session.minutes} minutes does not fit in this window on the "
                f"round's steps of {facts.step_minutes} minutes; widen it or shorten the session.",
                f"{pointer}/latest_at",
            )


def with_an_open_window(facts: RequestFacts) -> Iterator[Violation]:
    """Require for each session an alternative that is open for its length, at a stretch.

    Alternatives that break another rule are left to that one.
    """
    for at, session in enumerate(facts.sessions):
        length = session.minutes * MINUTE
        tried = [
            each
            for each in session.alternatives
            if each.resource_id in facts.resources and each.latest_at - each.earliest_at >= length
        ]
        if tried and not any(_is_open(facts, each, length) for each in tried):
            yield Violation(
                RequestCode.NO_OPEN_WINDOW,
                _no_open_window(facts, session, tried[0]),
                f"/sessions/{at}/alternatives",
            )


def _is_open(facts: RequestFacts, wanted: WantedAlternative, length: timedelta) -> bool:
    """Say whether a stretch of the length is open in the window, from a whole step on."""
    step = facts.step_minutes * MINUTE
    start = facts.access.start
    first = start + -((start - wanted.earliest_at) // step) * step
    return any(
        min(each.end, wanted.latest_at) - max(each.start, first) >= length
        for each in facts.resources[wanted.resource_id].open
    )


def _no_open_window(facts: RequestFacts, session: WantedSession, wanted: WantedAlternative) -> str:
    """Name when the alternative's resource is open for long enough, from the window on."""
    offered = facts.resources[wanted.resource_id]
    length = length_in_words(session.minutes)
    fitting = [each for each in offered.open if each.minutes >= session.minutes]
    if not fitting:
        return (
            f"{offered.name} has no open stretch of {length} in the round's access period; "
            "ask for shorter sessions, or another resource."
        )
    coming = [each for each in fitting if each.end > wanted.earliest_at]
    return (
        f"{offered.name} is open {listed(coming or fitting)}; there is no stretch of {length} "
        "inside your window, so choose other hours."
    )


def at_one_facility(facts: RequestFacts) -> Iterator[Violation]:
    """Require a facility at which every session has an alternative."""
    named = _facilities_by_session(facts)
    if named and all(named) and not set.intersection(*named):
        yield Violation(
            RequestCode.NOT_AT_ONE_FACILITY,
            "All sessions of a request are placed at one facility, and none is named in every "
            "session; add alternatives, or make one request a facility.",
            "/sessions",
        )


def within_the_cap(facts: RequestFacts) -> Iterator[Violation]:
    """Require that at no facility the request is larger than one organisation's cap."""
    named = _facilities_by_session(facts)
    if not named:
        return
    for facility_id in sorted(set.intersection(*named)):
        facility = facts.facilities[facility_id]
        wanted = sum((_least(facts, each, facility_id) for each in facts.sessions), Fraction(0))
        if facility.cap is not None and wanted > facility.cap:
            yield Violation(
                RequestCode.ABOVE_CAP,
                f"The request is {_credits(wanted)}, and at {facility.name} one organisation "
                f"may hold at most {_credits(facility.cap)} of the {_credits(facility.offered)} "
                "offered; ask for fewer or shorter sessions, or fewer units.",
                "/sessions",
            )


def with_terms_accepted(facts: RequestFacts) -> Iterator[Violation]:
    """Require the current terms of every facility that the request names."""
    named = sorted(set().union(*_facilities_by_session(facts)))
    for facility_id in named:
        facility = facts.facilities[facility_id]
        if facility.terms is not None and not facility.terms_accepted:
            yield Violation(
                RequestCode.TERMS_NOT_ACCEPTED,
                f"The project has not accepted version {facility.terms} of the terms of "
                f"{facility.name}; read and accept them first.",
                "/project_id",
            )


def of_an_organisation_in_good_standing(facts: RequestFacts) -> Iterator[Violation]:
    """Require an organisation that is not suspended."""
    if facts.organisation_suspended:
        yield Violation(
            RequestCode.ORGANISATION_SUSPENDED,
            "The project's organisation is suspended; ask the programme office to reinstate it.",
            "/project_id",
        )


DRAFT_RULES: Final[tuple[Rule, ...]] = (
    while_the_call_is_open,
    not_too_much,
    in_whole_steps,
    of_the_round,
    within_capacity,
    inside_the_access_period,
    long_enough_windows,
    at_one_facility,
)
SUBMISSION_RULES: Final[tuple[Rule, ...]] = (
    *DRAFT_RULES,
    with_an_open_window,
    within_the_cap,
    with_terms_accepted,
    of_an_organisation_in_good_standing,
)


def broken_rules(facts: RequestFacts, rules: tuple[Rule, ...]) -> tuple[Violation, ...]:
    """List every way in which the request breaks the rules, in their order."""
    return tuple(violation for rule in rules for violation in rule(facts))


def _each(facts: RequestFacts) -> Iterator[tuple[str, WantedSession, WantedAlternative]]:
    for at, session in enumerate(facts.sessions):
        for nth, wanted in enumerate(session.alternatives):
            yield f"/sessions/{at}/alternatives/{nth}", session, wanted


def _facilities_by_session(facts: RequestFacts) -> list[set[UUID]]:
    return [
        {
            facts.resources[wanted.resource_id].facility_id
            for wanted in session.alternatives
            if wanted.resource_id in facts.resources
        }
        for session in facts.sessions
    ]


def _least(facts: RequestFacts, session: WantedSession, facility_id: UUID) -> Fraction:
    """Give the fewest credits that the session can take at a facility."""
    rates = [
        facts.resources[wanted.resource_id].rate_thousandths
        for wanted in session.alternatives
        if wanted.resource_id in facts.resources
        and facts.resources[wanted.resource_id].facility_id == facility_id
    ]
    return Fraction(session.minutes * session.quantity * min(rates), 60 * THOUSAND)


def _credits(amount: Fraction) -> str:
    return f"{float(round(amount, 2)):g} credits"
