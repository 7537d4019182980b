"""What a problem file may hold but can hardly mean: said by its path, and then run all the same."""

from bisect import bisect_right
from collections.abc import Iterator
from difflib import get_close_matches
from fractions import Fraction
from math import lcm
from typing import Final

from booking.engine.allocation.coherence import alternatives_of
from booking.engine.allocation.entities import (
    THRESHOLD,
    Alternative,
    Fault,
    Problem,
    Request,
    Resource,
    Session,
    exact,
    offered_by_facility,
)

UNRESERVED: Final = "unreserved_group"
ABOVE_CAP: Final = "above_cap"
NEVER_PLACED: Final = "never_placed"


def doubts_of(problem: Problem) -> Iterator[Fault]:
    """Find every doubt, each with its code; paths follow the order of the problem given."""
    yield from _unreserved_groups(problem)
    yield from _above_cap(problem)
    yield from _never_placed(problem)


def _unreserved_groups(problem: Problem) -> Iterator[Fault]:
    """Find the groups that no facility lists, each once, at its first use."""
    listed = {group for one in problem.facilities for group, _ in one.reserved_share}
    first: dict[str, str] = {}
    requests: dict[str, int] = {}
    for at, request in enumerate(problem.requests):
        for nth, group in enumerate(request.groups):
            if group not in listed:
                first.setdefault(group, f"requests[{at}].groups[{nth}]")
                requests[group] = requests.get(group, 0) + 1
    for group, path in first.items():
        near = get_close_matches(group, sorted(listed), n=1)
        meant = f"did you mean {near[0]!r}?" if near else "correct it if it is misspelt."
        many = "1 request" if requests[group] == 1 else f"{requests[group]} requests"
        yield Fault(
            path,
            f"names {group!r}, for which no facility reserves anything: it earns no top-up in"
            f" {many}; {meant}",
            UNRESERVED,
        )


def _above_cap(problem: Problem) -> Iterator[Fault]:
    """Find the requests whose smallest choice is above the cap wherever they could be placed."""
    counted = _Credits(problem)
    if not counted.cap:
        return
    for at, request in enumerate(problem.requests):
        least = {} if exact(request.merit) < THRESHOLD else counted.least(request)
        if not least or any(
            facility not in counted.cap or units <= counted.cap[facility]
            for facility, units in least.items()
        ):
            continue
        facility, units = min(least.items(), key=lambda one: (one[1], one[0]))
        yield Fault(
            f"requests[{at}]",
            f"asks for at least {units / counted.scale:g} credits at {facility!r}, where the cap"
            f" of one organisation is {float(counted.cap[facility]) / counted.scale:g}; it is not"
            " granted. Ask for less, or raise cap_share.",
            ABOVE_CAP,
        )


class _Credits:
    """Credits in whole units of 1/scale: the caps, and the least that a request could take."""

    def __init__(self, problem: Problem) -> None:
        self.resources = {one.id: one for one in problem.resources}
        each = {one.id: exact(one.rate) * problem.step_hours for one in problem.resources}
        self.scale = lcm(1, *(rate.denominator for rate in each.values()))
        self.each = {name: int(rate * self.scale) for name, rate in each.items()}
        offered = offered_by_facility(problem)
        self.cap: dict[str, Fraction] = {
            one.id: exact(one.cap_share) * offered[one.id] * self.scale
            for one in problem.facilities
            if one.cap_share is not None
        }

    def least(self, request: Request) -> dict[str, int]:
        """Give the smallest units of all sessions by facility, where each has a place."""
        places = [self._least(session) for session in request.sessions]
        return {
            facility: sum(place[facility] for place in places)
            for facility in places[0]
            if all(facility in place for place in places)
        }

    def _least(self, session: Session) -> dict[str, int]:
        found: dict[str, int] = {}
        for alternative in session.alternatives:
            resource = self.resources[alternative.resource]
            units = self.each[resource.id] * session.quantity * session.steps
            before = found.get(resource.facility)
            if (before is None or units < before) and _has_place(session, alternative, resource):
                found[resource.facility] = units
        return found


def _has_place(session: Session, alternative: Alternative, resource: Resource) -> bool:
    if session.quantity > resource.capacity:
        return False
    if alternative.span is not None:
        return _span_fits(alternative.span, session.steps, resource)
    return any(_inside(start, session.steps, resource) for start in alternative.starts or ())


def _never_placed(problem: Problem) -> Iterator[Fault]:
    """Find starts in no window, and more units than there are.

    A listed start that lies in no window is named itself; a span, where no start in it does.
    """
    resources = {one.id: one for one in problem.resources}
    for at, request in enumerate(problem.requests):
        for path, session, alternative in alternatives_of(request, at):
            for where, sentence in _idle(session, alternative, resources[alternative.resource]):
                yield Fault(path + where, f"{sentence}; it counts for nothing.", NEVER_PLACED)


def _idle(
    session: Session, alternative: Alternative, resource: Resource
) -> Iterator[tuple[str, str]]:
    steps, quantity = session.steps, session.quantity
    if quantity > resource.capacity:
        yield "", f"needs {quantity} units of {resource.id!r}, which has {resource.capacity}"
    elif alternative.span is not None:
        if not _span_fits(alternative.span, steps, resource):
            yield "", f"leaves no start for {steps} steps within a window of {resource.id!r}"
    else:
        for nth, start in enumerate(alternative.starts or ()):
            if not _inside(start, steps, resource):
                yield (
                    f".starts[{nth}]",
                    f"is {start}: {steps} steps from there lie in no window of {resource.id!r}",
                )


def _span_fits(span: tuple[int, int], steps: int, resource: Resource) -> bool:
    first, last = span
    return any(min(last, end) - max(first, start) >= steps for start, end in resource.windows)


def _inside(start: int, steps: int, resource: Resource) -> bool:
    at = bisect_right(resource.windows, start, key=lambda window: window[0]) - 1
    return at >= 0 and start + steps <= resource.windows[at][1]
