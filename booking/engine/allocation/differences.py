"""What differs between two results: who gains, who loses, what each group attains."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

from booking.engine.allocation.entities import Alternative, Problem, Request, credits_of, exact
from booking.engine.allocation.placements import points_of
from booking.engine.allocation.report import rounded

FIGURES: Final = (
    "price_of_fairness",
    "jain",
    "gini",
    "utilisation",
    "mean_merit",
)


@dataclass(frozen=True, slots=True)
class Shift:
    """A figure in the first result and in the second."""

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class RequestShift:
    """A request that has a place in one result only, or another place in each.

    Credits placed; points by its own merit and fair share, without top-ups.
    """

    request: str
    organisation: str
    groups: tuple[str, ...]
    credits: Shift
    points: Shift


@dataclass(frozen=True, slots=True)
class OrganisationShift:
    """An organisation whose credits in all differ."""

    organisation: str
    credits: Shift


@dataclass(frozen=True, slots=True)
class GroupShift:
    """A group's figures, at a facility or (facility None) at all of them together.

    `held` are all credits that requests in the group hold, reserved hours or not: it can be
    compared between policies. Attainment is credited over reserved, 0 where none is.
    """

    facility: str | None
    group: str
    reserved: Shift
    credited: Shift
    attainment: Shift
    held: Shift


@dataclass(frozen=True, slots=True)
class Difference:
    """From a first result to a second: lists in canonical order.

    `objective` counts top-ups, so it compares only under the same rules; `points` do not.
    `report` holds a Shift by the name of a report's figure, where both results have one.
    """

    gained: tuple[RequestShift, ...]
    lost: tuple[RequestShift, ...]
    moved: tuple[RequestShift, ...]
    organisations: tuple[OrganisationShift, ...]
    network: tuple[GroupShift, ...]
    groups: tuple[GroupShift, ...]
    objective: Shift
    bound: Shift
    points: Shift
    report: tuple[tuple[str, Shift], ...]

    def as_json(self) -> dict[str, Any]:
        """Write it as an object: lists and objects by field name, `report` by figure."""
        return {**as_json(self), "report": {name: as_json(one) for name, one in self.report}}


@dataclass(frozen=True, slots=True)
class _Held:
    """What one request holds in a result."""

    places: tuple[tuple[int, str, int], ...]
    credits: Fraction
    points: int


_Tally: TypeAlias = tuple[Fraction, Fraction, Fraction]
"""Credits of a group: reserved, credited, held."""

_NOTHING: Final = _Held((), Fraction(0), 0)
_NONE: Final[_Tally] = (Fraction(0), Fraction(0), Fraction(0))


def as_json(value: Any) -> Any:
    """Write a dataclass of this engine as plain objects and lists."""
    if is_dataclass(value):
        return {one.name: as_json(getattr(value, one.name)) for one in fields(value)}
    return [as_json(one) for one in value] if isinstance(value, tuple) else value


def difference(
    problem_a: Problem,
    result_a: Mapping[str, Any],
    problem_b: Problem,
    result_b: Mapping[str, Any],
) -> Difference:
    """Compare two results on problems that share their ids, such as two policies' on one call.

    Only bookings, facilities, objectives and bounds are read, and the report where there is one.
    """
    before, after = _Side(problem_a, result_a), _Side(problem_b, result_b)
    names = sorted({*before.requests, *after.requests})
    shifts = {name: _request_shift(name, before, after) for name in names}
    placed_before = {name for name in names if before.held.get(name)}
    placed_after = {name for name in names if after.held.get(name)}
    return Difference(
        gained=tuple(shifts[name] for name in names if name in placed_after - placed_before),
        lost=tuple(shifts[name] for name in names if name in placed_before - placed_after),
        moved=tuple(
            shifts[name]
            for name in names
            if name in placed_before & placed_after
            and before.held[name].places != after.held[name].places
        ),
        organisations=_organisation_shifts(before, after),
        network=_group_shifts(before, after, None),
        groups=tuple(
            shift
            for facility in sorted({*before.facilities, *after.facilities})
            for shift in _group_shifts(before, after, facility)
        ),
        objective=Shift(result_a["objective"], result_b["objective"]),
        bound=Shift(result_a["bound"], result_b["bound"]),
        points=Shift(before.points, after.points),
        report=_report_shifts(result_a.get("report"), result_b.get("report")),
    )


class _Side:
    """A problem and its result, looked up by name."""

    def __init__(self, problem: Problem, result: Mapping[str, Any]) -> None:
        self.requests = {one.id: one for one in problem.requests}
        self.facilities = {one["id"]: one["groups"] for one in result["facilities"]}
        self._problem = problem
        self._resources = {one.id: one for one in problem.resources}
        self._fair = {one.id: one.fair_share for one in problem.organisations}
        places: dict[str, list[tuple[int, str, int]]] = {}
        for one in result["bookings"]:
            place = (one["session"], one["resource"], one["start"])
            places.setdefault(one["request"], []).append(place)
        self.held = {name: self._held(name, sorted(some)) for name, some in places.items()}
        self.points = sum(one.points for one in self.held.values())
        self.tallies = self._tallies()

    def _held(self, name: str, places: list[tuple[int, str, int]]) -> _Held:
        request, total, points = self.requests[name], Fraction(0), 0
        for number, resource, start in places:
            session = request.sessions[number]
            credit = credits_of(self._problem, session, self._resources[resource])
            rank = min(
                one.rank
                for one in session.alternatives
                if one.resource == resource and _holds(one, start, session.steps)
            )
            total += credit
            points += points_of(request.merit, self._fair[request.organisation], credit, rank)
        return _Held(tuple(places), total, points)

    def _tallies(self) -> dict[str, dict[str, _Tally]]:
        held: dict[tuple[str, str], Fraction] = {}
        for name, some in self.held.items():
            home = self._resources[some.places[0][1]].facility
            for group in self.requests[name].groups:
                held[home, group] = held.get((home, group), Fraction(0)) + some.credits
        found: dict[str, dict[str, _Tally]] = {}
        for (home, group), credit in held.items():
            found.setdefault(home, {})[group] = (Fraction(0), Fraction(0), credit)
        for home, groups in self.facilities.items():
            for group, figures in groups.items():
                reserved, credited = exact(figures["reserved"]), exact(figures["credited"])
                credit = held.get((home, group), Fraction(0))
                found.setdefault(home, {})[group] = (reserved, credited, credit)
        return found


def _holds(alternative: Alternative, start: int, steps: int) -> bool:
    return start in alternative.starts_for(steps)


def _request_shift(name: str, before: _Side, after: _Side) -> RequestShift:
    request: Request = after.requests.get(name) or before.requests[name]
    one, other = before.held.get(name, _NOTHING), after.held.get(name, _NOTHING)
    return RequestShift(
        request=name,
        organisation=request.organisation,
        groups=request.groups,
        credits=_shift(one.credits, other.credits),
        points=Shift(one.points, other.points),
    )


def _organisation_shifts(before: _Side, after: _Side) -> tuple[OrganisationShift, ...]:
    totals: dict[str, list[Fraction]] = {}
    for at, side in enumerate((before, after)):
        for name, held in side.held.items():
            owner = side.requests[name].organisation
            totals.setdefault(owner, [Fraction(0), Fraction(0)])[at] += held.credits
    return tuple(
        OrganisationShift(owner, _shift(*pair))
        for owner, pair in sorted(totals.items())
        if pair[0] != pair[1]
    )


def _group_shifts(before: _Side, after: _Side, facility: str | None) -> tuple[GroupShift, ...]:
    one, other = _tallies(before, facility), _tallies(after, facility)
    found = []
    for group in sorted({*one, *other}):
        first, second = one.get(group, _NONE), other.get(group, _NONE)
        found.append(
            GroupShift(
                facility=facility,
                group=group,
                reserved=_shift(first[0], second[0]),
                credited=_shift(first[1], second[1]),
                attainment=_shift(_attained(first), _attained(second)),
                held=_shift(first[2], second[2]),
            )
        )
    return tuple(found)


def _tallies(side: _Side, facility: str | None) -> dict[str, _Tally]:
    """Give reserved, credited and held credits by group, at one facility or at all."""
    if facility is not None:
        return side.tallies.get(facility, {})
    found: dict[str, _Tally] = {}
    for there in side.tallies.values():
        for group, some in there.items():
            known = found.get(group, _NONE)
            found[group] = (known[0] + some[0], known[1] + some[1], known[2] + some[2])
    return found


def _attained(tally: _Tally) -> Fraction:
    return tally[1] / tally[0] if tally[0] else Fraction(0)


def _report_shifts(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[tuple[str, Shift], ...]:
    if before is None or after is None:
        return ()
    return tuple((name, Shift(before[name], after[name])) for name in FIGURES)


def _shift(before: Fraction, after: Fraction) -> Shift:
    return Shift(rounded(before), rounded(after))
