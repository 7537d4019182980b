"""The part of a round that hangs together with some facilities, as a problem of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from booking.engine.allocation.entities import Problem, Request


def linked(problems: Iterable[Problem], start: Iterable[str]) -> frozenset[str]:
    """Give the facilities that requests link with these, in any of the problems.

    What is solved for them alone is what the whole round's solve finds there: nothing
    outside asks for them.
    """
    links: dict[str, set[str]] = {}
    for problem in problems:
        home = {one.id: one.facility for one in problem.resources}
        for request in problem.requests:
            there = _homes(request, home)
            for one in there:
                links.setdefault(one, set()).update(there)
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting |= links.get(one, set()) - found
    return frozenset(found)


def reached(problem: Problem, requests: Iterable[str]) -> frozenset[str]:
    """Give the facilities whose resources the requests name."""
    names = set(requests)
    home = {one.id: one.facility for one in problem.resources}
    asked = [_homes(one, home) for one in problem.requests if one.id in names]
    return frozenset(facility for there in asked for facility in there)


def part_of(problem: Problem, facilities: frozenset[str]) -> Problem:
    """Cut linked facilities out: with their resources, who asks there, and nothing else."""
    resources = tuple(one for one in problem.resources if one.facility in facilities)
    home = {one.id: one.facility for one in resources}
    requests = tuple(one for one in problem.requests if _homes(one, home))
    owners = {one.organisation for one in requests}
    return replace(
        problem,
        facilities=tuple(one for one in problem.facilities if one.id in facilities),
        resources=resources,
        organisations=tuple(one for one in problem.organisations if one.id in owners),
        requests=requests,
    )


def part_of_result(part: Problem, result: Mapping[str, Any]) -> dict[str, Any]:
    """Cut the same out of a result: objective, bound, bookings, decisions, facilities."""
    names = {one.id for one in part.requests}
    kept = {one.id for one in part.facilities}
    facilities = [one for one in result["facilities"] if one["id"] in kept]
    bounds = {one["component"]: one["bound"] for one in facilities}
    return {
        "objective": sum(one["objective"] for one in facilities),
        "bound": sum(bounds.values()),
        "facilities": facilities,
        "bookings": [one for one in result["bookings"] if one["request"] in names],
        "decisions": [one for one in result["decisions"] if one["request"] in names],
    }


def _homes(request: Request, home: Mapping[str, str]) -> set[str]:
    return {
        home[one.resource]
        for session in request.sessions
        for one in session.alternatives
        if one.resource in home
    }
