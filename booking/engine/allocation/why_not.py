"""Why not me: one request explained from a round's kept problem and result, without solving."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from booking.engine.allocation.entities import (
    Alternative,
    Fault,
    Organisation,
    Problem,
    ProblemRefusedError,
    Request,
    Resource,
    Session,
)
from booking.engine.allocation.explain import decision_on
from booking.engine.allocation.placements import Compiled, compile_problem
from booking.engine.allocation.timetable import Timetable

Entity = TypeVar("Entity", Organisation, Request, Resource)


def why_not(problem: Problem, result: Mapping[str, Any], request: str) -> dict[str, Any]:
    """Explain one request's decision, as the whole round's result does.

    Only the facilities it could use and who holds places there are looked at: a few
    thousandths of a second, whatever the round's size. Granted requests have no reasons.
    Raises: ProblemRefusedError if the round has no such request.
    """
    asked = _named(problem.requests, request)
    if asked is None:
        sentence = f"names {request!r}, which the round does not list; choose one of its requests."
        raise ProblemRefusedError((Fault("request", sentence),))
    part, bookings = _around(problem, result, asked)
    compiled = compile_problem(part)
    timetable = Timetable(compiled)
    timetable.load(_placements(compiled, bookings))
    return decision_on(timetable, part.requests.index(_named(part.requests, request) or asked))


def _around(
    problem: Problem, result: Mapping[str, Any], asked: Request
) -> tuple[Problem, list[Mapping[str, Any]]]:
    """Cut out the facilities that the request could use, with who holds places there."""
    named = {one.resource for session in asked.sessions for one in session.alternatives}
    homes = {one.facility for one in (_named(problem.resources, name) for name in named) if one}
    resources = tuple(one for one in problem.resources if one.facility in homes)
    here = {one.id for one in resources}
    bookings = [one for one in result["bookings"] if one["resource"] in here]
    held: dict[str, dict[int, tuple[str, int]]] = {}
    for one in bookings:
        held.setdefault(one["request"], {})[one["session"]] = (one["resource"], one["start"])
    holders = _all_named(problem.requests, sorted({asked.id, *held}))
    requests = tuple(one if one.id == asked.id else _as_held(one, held[one.id]) for one in holders)
    owners = sorted({one.organisation for one in requests})
    part = replace(
        problem,
        facilities=tuple(one for one in problem.facilities if one.id in homes),
        resources=resources,
        organisations=tuple(_all_named(problem.organisations, owners)),
        requests=requests,
    )
    return part, bookings


def _as_held(request: Request, held: Mapping[int, tuple[str, int]]) -> Request:
    """Leave nothing acceptable but what a request holds, at its rank."""
    return replace(
        request,
        sessions=tuple(
            replace(session, alternatives=(_held_by(session, *held[at]),))
            for at, session in enumerate(request.sessions)
        ),
    )


def _held_by(session: Session, resource: str, start: int) -> Alternative:
    ranks = [
        one.rank
        for one in session.alternatives
        if one.resource == resource and start in one.starts_for(session.steps)
    ]
    return Alternative(resource=resource, rank=min(ranks), starts=(start,), span=None)


def _placements(compiled: Compiled, bookings: Iterable[Mapping[str, Any]]) -> list[int]:
    """Find the rows of the bookings."""
    problem, offers, table = compiled.problem, compiled.offers, compiled.placements
    booked = {(one["request"], one["session"], one["resource"], one["start"]) for one in bookings}
    columns = (offers.request, offers.session, offers.resource)
    of_row = zip(*(column[table.offer].tolist() for column in columns), strict=True)
    return [
        row
        for row, ((request, session, resource), start) in enumerate(
            zip(of_row, table.start.tolist(), strict=True)
        )
        if (problem.requests[request].id, session, problem.resources[resource].id, start) in booked
    ]


def _named(entities: Sequence[Entity], name: str) -> Entity | None:
    """Find an entity by its id among those in canonical order."""
    at = bisect_left(entities, name, key=lambda one: one.id)
    return entities[at] if at < len(entities) and entities[at].id == name else None


def _all_named(entities: Sequence[Entity], names: Iterable[str]) -> list[Entity]:
    return [one for one in (_named(entities, name) for name in names) if one is not None]
