"""Run a round: compile in a read, solve outside, record in a write, publish by facility.

The command line, REST and pages all call these; each transaction is one `with` block.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from platform import python_version
from typing import Any, Final

from sqlmodel import Session

from booking.config import Settings
from booking.db import Database
from booking.engine.allocation.problem import Problem
from booking.engine.allocation.progress import Progress
from booking.engine.permissions import Action, Actor, Scope
from booking.queries import bundles, decisions, rounds
from booking.services.allocation import problem_to_allocate, record_result
from booking.services.permits import permit
from booking.services.publication import publish_facility, unpublished_facilities

GAP: Final = 0.01

Watcher = Callable[[Progress], None]
InTransaction = Callable[[Session], None]
Told = Callable[[Mapping[str, Any]], None]
"""Told how far a calculation is: done, total, objective, bound."""

ToStop = Callable[[], bool]


def nothing_more(session: Session) -> None:
    """Add nothing to the last transaction."""
    del session


@dataclass(frozen=True, slots=True)
class Certificate:
    """How good a timetable is, provably: the best possible is at most `bound`."""

    number: int | None
    problem_sha256: str
    result_sha256: str
    objective: float
    bound: float
    gap: float
    granted: int
    not_granted: int
    bookings: int


def allocate_round(
    database: Database,
    *,
    actor: Actor,
    now: datetime,
    key: str,
    store: bool = True,
    progress: Watcher | None = None,
    with_last: InTransaction = nothing_more,
) -> Certificate:
    """Allocate a round; without `store` nothing is written, as a preview.

    `with_last` stands or falls with the storing of the result.

    Raises: the refusals of services.allocation.
    """
    with database.reading() as session:
        _, compiled = problem_to_allocate(session, actor=actor, key=key)
    by_merit: dict[str, float] = {}
    result = solve(compiled.problem, progress=progress, by_merit=by_merit.update)
    number = None
    if store:
        with database.writing() as session:
            with_last(session)
            row = record_result(
                session, actor=actor, now=now, key=key, result=result, by_merit=by_merit
            )
            number = row.number
    left_out = len(compiled.below_threshold) + len(compiled.unplaceable)
    return certificate_of(result, number=number, left_out=left_out)


def solve(
    problem: Problem,
    *,
    progress: Watcher | None = None,
    stop: Callable[[], bool] | None = None,
    workers: int = 1,
    by_merit: Callable[[dict[str, float]], object] | None = None,
) -> dict[str, Any]:
    """Allocate a problem and check the result with code that shares nothing with the solver.

    `stop` is asked now and then; once it says so, the best found until then is the result.
    `by_merit` is told the credits and the mean merit of the timetable by merit alone.
    Raises: ValueError if the check finds anything: that is a fault of ours.
    """
    # The solver is heavy, and most commands and requests never need it.
    from booking.engine.allocation.run import allocate  # noqa: PLC0415
    from booking.engine.allocation.verification import verify  # noqa: PLC0415

    result = allocate(
        problem, gap=GAP, progress=progress, stop=stop, workers=workers, by_merit=by_merit
    )
    faults = verify(problem, result)
    if faults:
        raise ValueError(f"The allocation failed its own verification: {'; '.join(faults)}")
    return result


def publish_round(
    database: Database,
    *,
    actor: Actor,
    now: datetime,
    settings: Settings,
    key: str,
    with_last: InTransaction = nothing_more,
) -> int:
    """Publish what an allocated round still has unpublished, and count the bookings.

    One transaction a facility: a clash at one leaves those before it published.
    `with_last` stands or falls with the last of them.
    Raises: the refusals of services.publication.
    """
    with database.reading() as session:
        waiting = unpublished_facilities(session, actor=actor, key=key)
    count = 0
    for facility_id in waiting:
        with database.writing() as session:
            if facility_id == waiting[-1]:
                with_last(session)
            booked = publish_facility(
                session,
                actor=actor,
                now=now,
                domain=settings.host,
                key=key,
                facility_id=facility_id,
            )
            count += len(booked)
    return count


def certificate_of(
    result: dict[str, Any], *, number: int | None = None, left_out: int = 0
) -> Certificate:
    """Take the certificate out of a result; `left_out` requests never reached the engine."""
    refused = sum(1 for each in result["decisions"] if not each["granted"])
    return Certificate(
        number=number,
        problem_sha256=result["problem_sha256"],
        result_sha256=result["result_sha256"],
        objective=result["objective"],
        bound=result["bound"],
        gap=result["gap"],
        granted=len({each["request"] for each in result["bookings"]}),
        not_granted=refused + left_out,
        bookings=len(result["bookings"]),
    )


def decided(database: Database, *, actor: Actor, key: str) -> Certificate:
    """Return the certificate of what was decided.

    Raises: NotFound before the round is allocated; NotPermitted.
    """
    with database.reading() as session:
        found = rounds.find_round(session, key)
        permit(actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id))
        stored = decisions.result_of(session, found)
        refused = len(decisions.decisions_of(session, stored.id, granted=False))
    result = json.loads(stored.result)
    left_out = refused - sum(1 for each in result["decisions"] if not each["granted"])
    return certificate_of(result, number=stored.number, left_out=left_out)


def bundle_of(database: Database, *, actor: Actor, key: str) -> dict[str, Any]:
    """Build the round's bundle: everything that running it again needs.

    Raises: NotFound before the round is allocated; NotPermitted.
    """
    from booking.engine.allocation.replay import (  # noqa: PLC0415 - as in solve
        made_with,
        make_bundle,
    )

    with database.reading() as session:
        found = rounds.find_round(session, key)
        permit(actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id))
        stored = decisions.result_of(session, found)
        described, promised = bundles.described(found, stored), bundles.promised(session, found)
    problem, result = json.loads(stored.problem), json.loads(stored.result)
    versions: dict[str, Any] = {name: version(name) for name in ("benchshare", "numpy")}
    versions |= {"python": python_version(), "highspy": made_with(result) or version("highspy")}
    return make_bundle(described, problem, result, versions, promised=promised, gap=GAP)
