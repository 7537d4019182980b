"""Whether the parts of a problem file fit together: names and sizes."""

from collections.abc import Iterator
from typing import Final

from booking.engine.allocation.entities import (
    Alternative,
    Fault,
    Problem,
    Request,
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
        for path, _, alternative in alternatives_of(request, at):
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


def alternatives_of(request: Request, at: int) -> Iterator[tuple[str, Session, Alternative]]:
    """List a request's alternatives with their paths and sessions."""
    for number, session in enumerate(request.sessions):
        for nth, alternative in enumerate(session.alternatives):
            path = f"requests[{at}].sessions[{number}].alternatives[{nth}]"
            yield path, session, alternative


def _unknown(name: str, names: set[str], path: str) -> Iterator[Fault]:
    if name and name not in names:
        yield Fault(path, f"names {name!r}, which the file does not list; add it or correct it.")
