"""What the equity report is made of: rounds, their facilities, and the answered requests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

NONE: Final = Fraction(0)
MINUTES_AN_HOUR: Final = 60
RANK_STEP: Final = Fraction(5, 1000)
MOST_RANK: Final = 10
DIGITS: Final = 6

Json = Mapping[str, Any]
Credits = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Answered:
    """A decided request: whose, of which groups, asked for and given how much where.

    `asked` and `given` are credits by facility. `asked` counts each session at its first
    choice; it is empty for a request that was not eligible.
    """

    organisation: str
    groups: frozenset[str]
    granted: bool
    waited_seconds: int
    facilities: frozenset[str]
    asked: Credits
    given: Credits


@dataclass(frozen=True, slots=True)
class Shared:
    """What a facility shared out in a round, in credits; by group what was its part."""

    facility: str
    offered: Fraction
    allocated: Fraction
    reserved: Credits
    credited: Credits


@dataclass(frozen=True, slots=True)
class Judged:
    """What the engine says of a round as a whole; `bounds` are those of the price.

    `points` are the merit points of the timetable and `offered` the credits it had to share.
    `alone` are the credits that the timetable by merit alone gives out and their mean merit,
    None where they were not kept.
    """

    gap: Fraction
    price: Fraction
    bounds: tuple[Fraction, Fraction]
    mean_merit: Fraction
    points: int
    offered: Fraction
    alone: tuple[Fraction, Fraction] | None = None


@dataclass(frozen=True, slots=True)
class RoundShared:
    """A published round, with all that the report says of it."""

    slug: str
    name: str
    starts_at: datetime
    ends_at: datetime
    judged: Judged
    shared: tuple[Shared, ...]
    answered: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish on a waiting list that became a booking, and how long that took."""

    organisation: str
    waited_seconds: int


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A stored allocation, read: its facilities, and credits by request and facility."""

    judged: Judged
    shared: Mapping[str, Shared]
    asked: Mapping[str, Credits]
    given: Mapping[str, Credits]
    facilities: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_result(problem: Json, result: Json, by_merit: Json | None = None) -> ReadResult:
    """Read what the report needs of a problem and its result, exactly.

    `by_merit` is what was kept beside them of the timetable by merit alone.
    """
    resources = {each["id"]: each for each in problem["resources"]}
    requests = {each["id"]: each for each in problem["requests"]}
    asked = {name: _asked(problem, resources, each) for name, each in requests.items()}
    given: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for each in result["bookings"]:
        session = requests[each["request"]]["sessions"][each["session"]]
        resource = resources[each["resource"]]
        worth = _worth(problem, resource, session)
        given[each["request"]][resource["facility"]] += worth
    offered = _offered(problem)
    return ReadResult(
        judged=_judged(problem, result, sum(offered.values(), NONE), by_merit),
        shared={each["id"]: _shared(each, offered, given) for each in result["facilities"]},
        asked=asked,
        given={name: dict(where) for name, where in given.items()},
        facilities={name: _places(resources, each) for name, each in requests.items()},
    )


def exact(number: float) -> Fraction:
    """Give the decimal that a reader of the file sees: 0.1 is 1/10."""
    return Fraction(number) if isinstance(number, int) else Fraction(str(number))


def _worth(problem: Json, resource: Json, session: Json) -> Fraction:
    """Give rate x quantity x hours."""
    hours = Fraction(session["steps"] * problem["step_minutes"], MINUTES_AN_HOUR)
    return exact(resource["rate"]) * int(session["quantity"]) * hours


def _asked(problem: Json, resources: Mapping[str, Json], request: Json) -> dict[str, Fraction]:
    """Add up a request's sessions, each at its first choice: lowest rank, then resource id."""
    total: dict[str, Fraction] = defaultdict(Fraction)
    for session in request["sessions"]:
        first = min(session["alternatives"], key=lambda each: (each["rank"], each["resource"]))
        resource = resources[first["resource"]]
        total[resource["facility"]] += _worth(problem, resource, session)
    return dict(total)


def _places(resources: Mapping[str, Json], request: Json) -> frozenset[str]:
    return frozenset(
        resources[each["resource"]]["facility"]
        for session in request["sessions"]
        for each in session["alternatives"]
    )


def _offered(problem: Json) -> dict[str, Fraction]:
    """Add up capacity x rate x hours inside the windows, by facility."""
    total: dict[str, Fraction] = defaultdict(Fraction)
    for each in problem["resources"]:
        steps = sum(end - start for start, end in each["windows"])
        hours = Fraction(steps * problem["step_minutes"], MINUTES_AN_HOUR)
        total[each["facility"]] += each["capacity"] * exact(each["rate"]) * hours
    return dict(total)


def _shared(
    facility: Json, offered: Credits, given: Mapping[str, Mapping[str, Fraction]]
) -> Shared:
    name, groups = facility["id"], facility["groups"]
    return Shared(
        facility=name,
        offered=offered.get(name, NONE),
        allocated=sum((where.get(name, NONE) for where in given.values()), NONE),
        reserved={key: exact(each["reserved"]) for key, each in groups.items()},
        credited={key: exact(each["credited"]) for key, each in groups.items()},
    )


def _judged(problem: Json, result: Json, offered: Fraction, by_merit: Json | None) -> Judged:
    report = result["report"]
    low, high = report["price_of_fairness_bounds"]
    return Judged(
        gap=exact(result["gap"]),
        price=exact(report["price_of_fairness"]),
        bounds=(exact(low), exact(high)),
        mean_merit=exact(report["mean_merit"]),
        points=_points(problem, result["bookings"]),
        offered=offered,
        alone=None
        if by_merit is None
        else (exact(by_merit["credits"]), exact(by_merit["mean_merit"])),
    )


def _points(problem: Json, bookings: Sequence[Json]) -> int:
    """Add up the points of the bookings: merit x factor x credits, less for a late choice."""
    resources = {each["id"]: each for each in problem["resources"]}
    requests = {each["id"]: each for each in problem["requests"]}
    factors = {each["id"]: exact(each["fair_share"]) for each in problem["organisations"]}
    total = 0
    for each in bookings:
        request = requests[each["request"]]
        session = request["sessions"][each["session"]]
        worth = _worth(problem, resources[each["resource"]], session)
        less = 1 - RANK_STEP * min(_rank(session, each), MOST_RANK)
        factor = factors[request["organisation"]]
        total += round(exact(request["merit"]) * factor * worth * less)
    return total


def _rank(session: Json, booking: Json) -> int:
    """Find the lowest rank under which the place was acceptable."""
    start, last = booking["start"], booking["start"] + session["steps"]
    return min(
        int(each["rank"])
        for each in session["alternatives"]
        if each["resource"] == booking["resource"]
        and (
            start in each["starts"]
            if "starts" in each
            else each["from"] <= start and last <= each["to"]
        )
    )
