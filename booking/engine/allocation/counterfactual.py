"""What would have been: a round solved again with one thing changed, and what that does.

Everything here is a pure function of a problem and its published result. Only the
facilities concerned are solved again; the rest of a round cannot be touched by the change.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from booking.engine.allocation.certificate import Round
from booking.engine.allocation.changes import (
    Change,
    GroupRemoved,
    Score,
    SessionLength,
    Units,
    change_as_json,
    changed,
    named,
    subjects,
)
from booking.engine.allocation.differences import Difference, as_json, difference
from booking.engine.allocation.entities import Number, Problem, Request
from booking.engine.allocation.parts import linked, part_of, part_of_result, reached
from booking.engine.allocation.recount import Recount
from booking.engine.allocation.run import allocate
from booking.engine.allocation.shortlist import MOST_MERIT, MOST_SCORES, Suggestion


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session would be: steps from the round's origin."""

    session: int
    resource: str
    start: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change does: is the request granted then, where, and what else differs.

    `difference` compares the facilities solved again, as published and as they would be.
    With a gap above 0 a small difference may be the solver's and not the change's; where
    `exact` it is the change's. `stopped` if the solve was cut short.
    """

    request: str
    change: Change
    granted: bool
    places: tuple[Place, ...]
    difference: Difference
    exact: bool
    stopped: bool

    def as_json(self) -> dict[str, Any]:
        """Write it as an object that a calculation can keep."""
        return {
            "request": self.request,
            "change": change_as_json(self.change),
            "granted": self.granted,
            "places": as_json(self.places),
            "difference": self.difference.as_json(),
            "exact": self.exact,
            "stopped": self.stopped,
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """A round without one declared group, judged by the rules of the round as it is.

    `bookings` are of the facilities solved again; `objective` is the published one there,
    `without` that of the bookings. `adopt` if they score at least as much and give the
    request the place that it was not granted.
    """

    request: str
    group: str
    facilities: tuple[str, ...]
    granted: bool
    objective: Fraction
    without: Fraction
    adopt: bool
    bookings: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Write it as an object; objectives to six digits."""
        return {
            "request": self.request,
            "group": self.group,
            "facilities": list(self.facilities),
            "granted": self.granted,
            "objective": round(float(self.objective), 6),
            "without": round(float(self.without), 6),
            "adopt": self.adopt,
            "bookings": [dict(one) for one in self.bookings],
        }


def tried(
    problem: Problem,
    result: Mapping[str, Any],
    request: str,
    change: Change,
    *,
    gap: float = 0.01,
    stop: Callable[[], bool] | None = None,
) -> Answer:
    """Solve again what a change concerns, and say what becomes of a request.

    The change may be to another request. `gap` and `stop` as for a round.
    Raises: ProblemRefusedError if the change makes no request of the file, or the round
    has no such request.
    """
    named(problem, request)
    after = changed(problem, change)
    about = (request, *subjects(problem, change))
    start = reached(problem, about) | reached(after, about)
    facilities = linked((problem, after), start)
    part, part_after = part_of(problem, facilities), part_of(after, facilities)
    solved = allocate(part_after, gap=gap, stop=stop)
    return Answer(
        request=request,
        change=change,
        granted=any(one["request"] == request for one in solved["bookings"]),
        places=_places(solved, request),
        difference=difference(
            part, part_of_result(part, result), part_after, part_of_result(part_after, solved)
        ),
        exact=all(one["proved_optimal"] for one in solved["facilities"]),
        stopped=solved["stopped"],
    )


def verified(
    problem: Problem,
    result: Mapping[str, Any],
    request: str,
    wanted: Iterable[Suggestion],
    *,
    gap: float = 0.01,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Answer]:
    """Try suggestions one after another and yield each solve's answer.

    A score is searched: the guess first, then 1000 if that was too low, else a little less
    and ever less, then halves between what was and what was not granted; MOST_SCORES solves.
    A caller may end between answers, and give `workable` those it has.
    """

    def attempt(change: Change) -> Answer:
        return tried(problem, result, request, change, gap=gap, stop=stop)

    for suggestion in wanted:
        if isinstance(suggestion.change, Score):
            yield from _least_score(named(problem, request), suggestion.change.merit, attempt)
        else:
            yield attempt(suggestion.change)


def workable(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Keep what would have placed the request: the smallest change of each sort.

    The least score, the longest session, the most units, and every other resource or window.
    """
    best: dict[tuple[object, ...], Answer] = {}
    for answer in answers:
        change = answer.change
        key: tuple[object, ...] = (change.kind, getattr(change, "session", None))
        if not isinstance(change, Score | SessionLength | Units):
            key = (*key, change)
        known = best.get(key)
        if answer.granted and (known is None or _size(change) < _size(known.change)):
            best[key] = answer
    return tuple(best.values())


def without(
    problem: Problem,
    result: Mapping[str, Any],
    request: str,
    group: str,
    *,
    gap: float = 0.01,
    stop: Callable[[], bool] | None = None,
) -> Audit:
    """Solve again without a declared group, to see whether declaring it did harm.

    At the optimum it never does; within a gap it may, and then this is the mend.
    Raises: ProblemRefusedError if the round has no such request.
    """
    after = changed(problem, GroupRemoved(request, group))
    facilities = linked((problem,), reached(problem, (request,)))
    part = part_of(problem, facilities)
    solved = allocate(part_of(after, facilities), gap=gap, stop=stop)
    bookings = tuple(solved["bookings"])
    kept = part_of_result(part, result)["bookings"]
    published, found = worth_of(part, kept), worth_of(part, bookings)
    granted = any(one["request"] == request for one in bookings)
    return Audit(
        request=request,
        group=group,
        facilities=tuple(sorted(facilities)),
        granted=granted,
        objective=published[1],
        without=found[1],
        adopt=granted and found >= published and all(one["request"] != request for one in kept),
        bookings=bookings,
    )


def worth_of(problem: Problem, bookings: Iterable[Mapping[str, Any]]) -> tuple[Fraction, Fraction]:
    """Evaluate bookings exactly by a problem's rules: what comes first, and the objective.

    What comes first are the reserved credits credited where the policy is strict, else 0.
    Raises: ValueError, with the sentences, if they break a rule.
    """
    recount = Recount(Round(problem), bookings)
    if recount.faults:
        raise ValueError(" ".join(recount.faults))
    names = [one.id for one in problem.facilities]
    credited = sum((recount.credited(one) for one in names if problem.strict), Fraction(0))
    points = sum((recount.points_at(one) + recount.top_up(one) for one in names), Fraction(0))
    return credited, points


def _least_score(
    request: Request, guess: Number, attempt: Callable[[Change], Answer]
) -> Iterator[Answer]:
    low, high, score = int(request.merit), None, int(guess)
    closeness = 2 if guess < MOST_MERIT else MOST_MERIT
    for _ in range(MOST_SCORES):
        answer = attempt(Score(request.id, score))
        yield answer
        if answer.granted:
            high = score
        elif score >= MOST_MERIT:
            return
        else:
            low, closeness = score, MOST_MERIT
        if high is not None and high - low <= 1:
            return
        score = MOST_MERIT if high is None else max((low + high) // 2, high - closeness)
        closeness *= 4


def _size(change: Change) -> Number:
    """Order changes of one sort: less is asked of whoever makes the smaller one."""
    match change:
        case Score(merit=merit):
            return merit
        case SessionLength(steps=steps):
            return -steps
        case Units(quantity=quantity):
            return -quantity
        case _:
            return 0


def _places(result: Mapping[str, Any], request: str) -> tuple[Place, ...]:
    return tuple(
        Place(one["session"], one["resource"], one["start"], one["quantity"])
        for one in result["bookings"]
        if one["request"] == request
    )
