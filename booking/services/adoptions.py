"""Audit and adopt: the board asks whether a declaration did harm, and adopts the mend."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.problem import Problem, read_problem
from booking.engine.lifecycle import EventKind, RoundState
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalculationKind
from booking.errors import RulesBroken, WrongState
from booking.events import record
from booking.models import Calculation, Round, RoundResult
from booking.queries.decisions import result_of
from booking.queries.requests import find_request
from booking.queries.rounds import find_round, lock_round, taking_part
from booking.services import calculations
from booking.services.allocation import compiled_unchanged, keep_result
from booking.services.permits import permit


@dataclass(frozen=True, slots=True)
class Contested:
    """The round as it was solved, the declaration to do without, and those adopted before."""

    problem: Problem
    result: Mapping[str, Any]
    request: str
    group: str

    @property
    def declarations(self) -> tuple[tuple[str, str], ...]:
        """Every declaration to do without, the one that is asked about last."""
        before = tuple((one["request"], one["group"]) for one in self.result.get("adopted", ()))
        return (*before, (self.request, self.group))


def ask_adoption(
    session: Session, *, actor: Actor, now: datetime, key: str, request_id: UUID, group: str
) -> Calculation:
    """Ask to solve an allocated round again without a declaration, and adopt what is no worse.

    Raises: NotFound; NotPermitted; WrongState once anything is published; RulesBroken if the
    request has its place, never declared the group, or the timetable is proved the best.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    _refuse_published(session, found)
    request = find_request(session, request_id, round_id=found.id)
    stored = result_of(session, found)
    _refuse_pointless(stored, str(request.id), group)
    # Not kept with the request: whoever asked for access sees nothing before publication.
    return calculations.ask(
        session,
        actor=actor,
        now=now,
        found=found,
        kind=CalculationKind.ADOPTION,
        question={"request": str(request.id), "group": group, "result": stored.number},
    )


def contested(session: Session, round_id: UUID, question: Mapping[str, Any]) -> Contested:
    """Read what an adoption is about.

    Raises: WrongState if the result that it names is no longer the newest.
    """
    found = find_round(session, str(round_id))
    stored = result_of(session, found)
    if stored.number != question["result"]:
        raise WrongState("The round was allocated anew meanwhile; ask again on its new result.")
    problem = read_problem(json.loads(stored.problem))
    result = json.loads(stored.result)
    return Contested(problem, result, question["request"], question["group"])


def record_adoption(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    round_id: UUID,
    question: Mapping[str, Any],
    result: Mapping[str, Any],
    by_merit: Mapping[str, float] | None = None,
) -> RoundResult:
    """Keep an adopted result as the round's newest, with a note that says why.

    Raises: WrongState; RulesBroken if the round is no longer what was solved, or it is worse.
    """
    found = lock_round(session, round_id)
    _refuse_published(session, found)
    contested(session, round_id, question)
    earlier = result_of(session, found)
    if result["objective"] < earlier.objective:
        reason = refusal_words(earlier.objective, result["objective"])
        raise RulesBroken(reason, [Violation("scores_less", reason)])
    compiled = compiled_unchanged(session, found, result)
    note = adopted_words(question["group"], earlier.objective, result["objective"])
    row = keep_result(
        session, found, compiled, result, actor=actor, now=now, note=note, by_merit=by_merit
    )
    found.updated_at = now
    session.flush()
    payload = {
        "slug": found.slug,
        "number": row.number,
        "request_id": question["request"],
        "group": question["group"],
        "objective_before": earlier.objective,
        "objective": row.objective,
        "result_sha256": row.result_sha256,
    }
    _record(session, found, payload, actor=actor, now=now)
    return row


def _record(
    session: Session, found: Round, payload: dict[str, Any], *, actor: Actor, now: datetime
) -> None:
    record(
        session,
        EventKind.ROUND_RESULT_ADOPTED,
        subject_id=found.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=found.facility_id,
        payload=payload,
    )


def adopted_words(group: str, published: float, found: float) -> str:
    """Say why one result replaced another, with the numbers."""
    return (
        f"Adopted: solved again without the declaration of {group!r} by one request, and judged "
        f"by the same rules: {found:g} points instead of {published:g}."
    )


def refusal_words(published: float, found: float) -> str:
    """Say that the other timetable scores less, with the numbers."""
    return (
        f"Without the declaration the timetable scores {found:g} points by the round's own rules, "
        f"and the one that there is scores {published:g}; so it is not adopted."
    )


def _refuse_published(session: Session, found: Round) -> None:
    """Return while nothing of an allocated round is published.

    Raises: WrongState.
    """
    parts = taking_part(session, found.id)
    if found.state is RoundState.ALLOCATED and all(each.published_at is None for each in parts):
        return
    raise WrongState(
        f"The round is {found.state}; a timetable can be adopted only after it is allocated and "
        "before any of it is published. Once published, an appeal is the way."
    )


def _refuse_pointless(stored: RoundResult, request_id: str, group: str) -> None:
    """Return if doing without the declaration could give the request a place.

    Raises: RulesBroken.
    """
    problem, result = read_problem(json.loads(stored.problem)), json.loads(stored.result)
    asked = next((one for one in problem.requests if one.id == request_id), None)
    if asked is None or group not in asked.groups:
        raise _refused(
            "not_declared",
            f"The request took part without the group {group!r}; name a group that it declared.",
            "/group",
        )
    if any(one["request"] == request_id for one in result["bookings"]):
        raise _refused("granted", "The request has its place; its declaration did no harm.")
    home = {one.id: one.facility for one in problem.resources}
    there = {home[one.resource] for each in asked.sessions for one in each.alternatives}
    open_ones = [
        one for one in result["facilities"] if one["id"] in there and not one["proved_optimal"]
    ]
    if not open_ones:
        raise _refused(
            "exact",
            "The timetable is proved the best possible where the request asks, and at the best "
            "declaring a group never loses a place; there is nothing to adopt.",
        )


def _refused(code: str, reason: str, pointer: str = "") -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, pointer)])
