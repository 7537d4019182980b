"""Long work of the engine on a round: ask for it, stop it; claim it, tell how far it is, end it."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.errors import NotFound, WrongState
from booking.events import record
from booking.models import Calculation, Round
from booking.queries.calculations import (
    UNDER_WAY,
    CalculationFacts,
    calculations_under_way,
    facts_of,
    find_calculation,
    lock_calculation,
    next_to_do,
)
from booking.queries.requests import unscored_requests
from booking.queries.rounds import find_round, lock_round
from booking.services.permits import permit, permit_signed_in
from booking.services.round_problem import refuse_unscored
from booking.services.rounds import take_round_step

SILENT: Final = timedelta(minutes=2)
"""A worker that has told nothing for so long has died."""

MOST_ATTEMPTS: Final = 5
ACTIONS: Final[Mapping[CalculationKind, Action]] = {
    CalculationKind.ALLOCATION: Action.ROUND_RUN,
    CalculationKind.WHAT_IF: Action.POLICY_TRY,
}
_WORN_OUT: Final = (
    f"This was begun {MOST_ATTEMPTS} times, and each time its worker ended without an answer, "
    "perhaps for want of memory. Ask the operator to look at the log, then ask again."
)


class Standing(StrEnum):
    """What a worker is to do with the calculation it claimed."""

    GO_ON = auto()
    STOP = auto()
    LOST = auto()


def ask(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    found: Round,
    kind: CalculationKind,
    question: Mapping[str, Any],
    request_id: UUID | None = None,
) -> Calculation:
    """Ask for a calculation on a round; the same question under way is not asked twice.

    The kinds in ACTIONS are permitted here; of the others the caller has asked already.
    Raises: NotSignedIn; NotPermitted; for an allocation WrongState out of its turn, and
    RulesBroken if a request has no score.
    """
    if kind in ACTIONS:
        permit(actor, ACTIONS[kind], Scope(facility_id=found.facility_id))
    permit_signed_in(actor)
    plain = json.loads(json.dumps(question))
    found = lock_round(session, found.id)
    for each in calculations_under_way(session, found.id, kind):
        if each.question == plain and each.request_id == request_id:
            return each
    if kind is CalculationKind.ALLOCATION:
        take_round_step(found, "allocate")
        refuse_unscored(unscored_requests(session, found.id))
    row = Calculation(
        round_id=found.id,
        request_id=request_id,
        kind=kind,
        question=plain,
        asked_by=actor.person_id,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, row, EventKind.CALCULATION_ASKED, now=now, actor_id=actor.person_id)
    return row


def stop(session: Session, *, actor: Actor, now: datetime, calculation_id: UUID) -> Calculation:
    """Stop a calculation: a running one keeps the best it has found so far.

    Whoever asked for it may, and whoever runs the round.
    Raises: NotFound; NotPermitted; WrongState once it is over.
    """
    found = find_calculation(session, calculation_id)
    place = find_round(session, str(found.round_id)).facility_id
    scope = Scope(facility_id=place, person_id=found.asked_by)
    permit(actor, Action.CALCULATION_STOP, scope)
    row = lock_calculation(session, calculation_id)
    if row.state not in UNDER_WAY:
        raise WrongState("This calculation is over already; look at what came out of it.")
    if row.stop_asked_at is not None:
        return row
    row.stop_asked_at = now
    if row.state is CalculationState.WAITING:
        _end(row, CalculationState.STOPPED, now)
    session.flush()
    _record(session, row, EventKind.CALCULATION_STOPPED, now=now, actor_id=actor.person_id)
    return row


def claim_next(
    session: Session,
    *,
    now: datetime,
    kinds: Collection[CalculationKind] = tuple(CalculationKind),
    silent: timedelta = SILENT,
) -> CalculationFacts | None:
    """Claim the calculation asked first that waits, or whose worker has been silent too long.

    No two workers get the same one. One that was begun too often is given up, and one that
    was to stop when its worker died is stopped; neither is returned.
    """
    while (row := next_to_do(session, kinds=kinds, silent_since=now - silent)) is not None:
        attempts = row.progress.get("attempts", 0)
        if row.stop_asked_at is not None:
            _end(row, CalculationState.STOPPED, now)
        elif attempts >= MOST_ATTEMPTS:
            _give_up(session, row, _WORN_OUT, now=now)
        else:
            row.state = CalculationState.RUNNING
            row.claimed_at = row.told_at = now
            row.progress = {"attempts": attempts + 1}
            session.flush()
            return facts_of(row)
        session.flush()
    return None


def tell_progress(
    session: Session,
    *,
    now: datetime,
    mine: CalculationFacts,
    progress: Mapping[str, Any] | None = None,
) -> Standing:
    """Say that the worker is alive and how far it is; learn whether it is to go on.

    `progress` holds done, total, objective and bound; None where there is nothing new.
    """
    row = _still_mine(session, mine)
    if row is None:
        return Standing.LOST
    row.told_at = now
    if progress is not None:
        row.progress = {"attempts": row.progress.get("attempts", 1), **progress}
    session.flush()
    return Standing.GO_ON if row.stop_asked_at is None else Standing.STOP


def whoever_asked(asked: CalculationFacts) -> Actor:
    """Return the system, acting for who asked: what they may was looked at when they did."""
    return Actor(person_id=asked.asked_by, system=True)


def is_mine(session: Session, mine: CalculationFacts) -> bool:
    """Say whether the worker still holds what it claimed, and keep it so in this transaction."""
    return _still_mine(session, mine) is not None


def finish(
    session: Session,
    *,
    now: datetime,
    mine: CalculationFacts,
    answer: Mapping[str, Any],
    stopped: bool = False,
) -> None:
    """Keep the answer, unless the calculation was taken from this worker meanwhile.

    `stopped` says that the answer is the best found before somebody stopped the work.
    """
    row = _still_mine(session, mine)
    if row is None:
        return
    row.answer = dict(answer)
    _end(row, CalculationState.STOPPED if stopped else CalculationState.DONE, now)
    session.flush()
    _record(session, row, EventKind.CALCULATION_DONE, now=now, actor_id=None)


def fail(session: Session, *, now: datetime, mine: CalculationFacts, failure: str) -> None:
    """Give the calculation up, with the reason in words for whoever asked."""
    row = _still_mine(session, mine)
    if row is not None:
        _give_up(session, row, failure, now=now)


def give_back(session: Session, *, mine: CalculationFacts, counts: bool) -> None:
    """Let another worker take the calculation up; `counts` says whether this attempt does."""
    row = _still_mine(session, mine)
    if row is None:
        return
    attempts = row.progress.get("attempts", 1)
    row.state = CalculationState.WAITING
    row.claimed_at = row.told_at = None
    row.progress = {"attempts": attempts if counts else attempts - 1}
    session.flush()


def _still_mine(session: Session, mine: CalculationFacts) -> Calculation | None:
    """Return the row, locked, if it is running under the claim of `mine`."""
    try:
        row = lock_calculation(session, mine.id)
    except NotFound:
        return None
    running = row.state is CalculationState.RUNNING and row.claimed_at == mine.claimed_at
    return row if running else None


def _give_up(session: Session, row: Calculation, failure: str, *, now: datetime) -> None:
    row.failure = failure
    _end(row, CalculationState.FAILED, now)
    session.flush()
    _record(session, row, EventKind.CALCULATION_FAILED, now=now, actor_id=None)


def _end(row: Calculation, state: CalculationState, now: datetime) -> None:
    row.state = state
    row.finished_at = now


def _record(
    session: Session, row: Calculation, kind: EventKind, *, now: datetime, actor_id: UUID | None
) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor_id,
        facility_id=find_round(session, str(row.round_id)).facility_id,
        payload={
            "round_id": str(row.round_id),
            "request_id": None if row.request_id is None else str(row.request_id),
            "kind": row.kind,
            "state": row.state,
        },
    )
