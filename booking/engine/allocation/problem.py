"""The round as data: read it, write it, and the hash that names it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from booking.engine.allocation.entities import (
    Alternative,
    Facility,
    Fault,
    LadderStep,
    Organisation,
    Problem,
    ProblemRefusedError,
    Request,
    Resource,
    Session,
    exact,
)
from booking.engine.allocation.reading import FORMAT, read_problem

__all__ = [
    "FORMAT",
    "Alternative",
    "Facility",
    "Fault",
    "LadderStep",
    "Organisation",
    "Problem",
    "ProblemRefused",
    "ProblemRefusedError",
    "Request",
    "Resource",
    "Session",
    "canonical_json",
    "exact",
    "problem_sha256",
    "read_problem",
    "sha256_of",
    "write_problem",
    "written_alternative",
]

ProblemRefused = ProblemRefusedError

AT_A_TIME: Final = 1000
"""Parts of a list that are written as one text."""


def canonical_json(value: object) -> str:
    """Write JSON with sorted keys and no spaces. Raises: ValueError on NaN or infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(value: object) -> str:
    """Hash a value's canonical JSON, in hexadecimal, without ever holding all of its text."""
    digest = hashlib.sha256()
    for piece in _pieces(value):
        digest.update(piece.encode())
    return digest.hexdigest()


def _pieces(value: object) -> Iterator[str]:
    """Write canonical JSON a key at a time, and lists there a good many parts at a time."""
    if not (isinstance(value, dict) and value and all(isinstance(key, str) for key in value)):
        yield canonical_json(value)
        return
    lead = "{"
    for key in sorted(value):
        yield f"{lead}{canonical_json(key)}:"
        lead = ","
        yield from _listed(value[key])
    yield "}"


def _listed(value: object) -> Iterator[str]:
    if not isinstance(value, list):
        yield canonical_json(value)
        return
    yield "["
    for at in range(0, len(value), AT_A_TIME):
        yield "," * (at > 0) + canonical_json(value[at : at + AT_A_TIME])[1:-1]
    yield "]"


def problem_sha256(problem: Problem) -> str:
    """Hash a problem in canonical order; the order of its file does not matter."""
    return sha256_of(write_problem(problem))


def write_problem(problem: Problem) -> dict[str, Any]:
    """Write a problem as the file's object: reading it again gives the same problem.

    Every key is written, also those a file may leave out, except `strict` where it is false;
    numbers stay as they were read.
    """
    strict = {"strict": True} if problem.strict else {}
    return {
        "format": FORMAT,
        **strict,
        "origin": problem.origin,
        "step_minutes": problem.step_minutes,
        "seed": problem.seed,
        "ladder": [{"up_to": rung.up_to, "points": rung.points} for rung in problem.ladder],
        "facilities": [_written_facility(one) for one in problem.facilities],
        "resources": [_written_resource(one) for one in problem.resources],
        "organisations": [
            {"id": one.id, "fair_share": one.fair_share} for one in problem.organisations
        ],
        "requests": [_written_request(one) for one in problem.requests],
    }


def _written_facility(facility: Facility) -> dict[str, Any]:
    return {
        "id": facility.id,
        "reserved_share": dict(facility.reserved_share),
        "cap_share": facility.cap_share,
    }


def _written_resource(resource: Resource) -> dict[str, Any]:
    return {
        "id": resource.id,
        "facility": resource.facility,
        "kind": resource.kind,
        "capacity": resource.capacity,
        "rate": resource.rate,
        "windows": [list(window) for window in resource.windows],
    }


def _written_request(request: Request) -> dict[str, Any]:
    return {
        "id": request.id,
        "organisation": request.organisation,
        "groups": list(request.groups),
        "merit": request.merit,
        "sessions": [
            {
                "steps": session.steps,
                "quantity": session.quantity,
                "alternatives": [written_alternative(one) for one in session.alternatives],
            }
            for session in request.sessions
        ],
    }


def written_alternative(alternative: Alternative) -> dict[str, Any]:
    """Write one alternative as the file's object."""
    written: dict[str, Any] = {"resource": alternative.resource, "rank": alternative.rank}
    if alternative.span is not None:
        written["from"], written["to"] = alternative.span
    else:
        written["starts"] = list(alternative.starts or ())
    return written
