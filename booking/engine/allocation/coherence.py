"""Whether the parts of a problem file fit together: names, sizes, and what can never be."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from booking.engine.allocation.entities import (
    Alternative,
    Fault,
    Problem,
    Request,
    Resource,
    Session,
    offered_by_facility,
)

MOST_CREDITS: Final = 10**10
"""Credits a facility may offer: more could not be counted to a millionth."""


def unknown_names(problem: Problem) -> Iterator[Fault]:
    """Find the names that the file uses but does not list; paths follow the file's order."""
    facilities = {one.id for one in problem.facilities}
    resources = {one.id for one in problem.resources}
    organisations = {one.id for one in problem.organisations}
    for at, resource in enumerate(problem.resources):
        yield from _unknown(resource.facility, facilities, f"resources[{at}].facility")
    for at, request in enumerate(problem.requests):
        yield from _unknown(request.organisation, organisations, f"requests[{at}].organisation")
        for path, _, alternative in _alternatives(request, at):
            yield from _unknown(alternative.resource, resources, f"{path}.resource")


def too_many_credits(problem: Problem) -> Iterator[Fault]:
    """Find the facilities that offer more than can be counted."""
    offered = offered_by_facility(problem)
    for at, facility in enumerate(problem.facilities):
        if offered[facility.id] > MOST_CREDITS:
            yield Fault(
                f"facilities[{at}]",
                f"offers {float(offered[facility.id]):g} credits, more than {MOST_CREDITS:g};"
                " lower the rates of its resources, all by the same factor.",
            )


def never_placed(problem: Problem) -> Iterator[Fault]:
    """Find what is allowed but can never be: starts in no window, more units than there are.

    A listed start that lies in no window is named itself; a span, where no start in it does.
    """
    resources = {one.id: one for one in problem.resources}
    for at, request in enumerate(problem.requests):
        for path, session, alternative in _alternatives(request, at):
            yield from _doubts(path, session, alternative, resources[alternative.resource])


def _doubts(
    path: str, session: Session, alternative: Alternative, resource: Resource
) -> Iterator[Fault]:
    if session.quantity > resource.capacity:
        yield Fault(
            path,
            f"needs {session.quantity} units of {resource.id!r}, which has {resource.capacity};"
            " it counts for nothing.",
        )
    elif alternative.span is not None:
        first, last = alternative.span
        if not any(
            min(last, end) - max(first, start) >= session.steps for start, end in resource.windows
        ):
            yield Fault(
                path,
                f"leaves no start for {session.steps} steps within a window of"
                f" {resource.id!r}; it counts for nothing.",
            )
    else:
        for nth, start in enumerate(alternative.starts or ()):
            if not _inside(start, session.steps, resource):
                yield Fault(
                    f"{path}.starts[{nth}]",
                    f"is {start}: {session.steps} steps from there lie in no window of"
                    f" {resource.id!r}; it counts for nothing.",
                )


def _inside(start: int, steps: int, resource: Resource) -> bool:
    at = bisect_right(resource.windows, start, key=lambda window: window[0]) - 1
    return at >= 0 and start + steps <= resource.windows[at][1]


def _alternatives(request: Request, at: int) -> Iterator[tuple[str, Session, Alternative]]:
    for number, session in enumerate(request.sessions):
        for nth, alternative in enumerate(session.alternatives):
            path = f"requests[{at}].sessions[{number}].alternatives[{nth}]"
            yield path, session, alternative


def _unknown(name: str, names: set[str], path: str) -> Iterator[Fault]:
    if name and name not in names:
        yield Fault(path, f"names {name!r}, which the file does not list; add it or correct it.")
