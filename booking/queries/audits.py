"""Reads for whoever checks a round: what was promised, what came out, what happened in order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from booking.engine.allocation.promises import seed_keeps
from booking.engine.lifecycle import EventKind, RoundState
from booking.models import Event, OrganisationSnapshot, Round, RoundResult

KNOWN: Final = frozenset({RoundState.PUBLISHED, RoundState.CLOSED})


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a round; `hash` once it is sealed, each over the one before it."""

    kind: str
    at: datetime
    position: int | None
    hash: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One allocation of the round; `agrees` if an event of the round named its hash."""

    number: int
    allocated_at: datetime
    problem_sha256: str
    result_sha256: str
    objective: float
    bound: float
    certificate_bound: float
    gap: float
    note: str
    solver: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class RoundAudit:
    """What can be checked of a round without its bundle.

    `opened_with` is the seed's hash that the opening recorded; None before, or where it
    recorded none. `seed_agrees` is None while the seed is not known.
    """

    opened_at: datetime | None
    opened_with: str | None
    hash_agrees: bool
    seed: str | None
    seed_agrees: bool | None
    snapshot_at: datetime | None
    organisations: int
    outcomes: tuple[Outcome, ...]
    events: tuple[Happened, ...]


def round_audit(session: Session, found: Round, *, results: bool) -> RoundAudit:
    """Gather what can be checked of a round; its results only if `results` are to be told."""
    rows = session.exec(
        select(Event)
        .where(col(Event.subject_id) == found.id)
        .order_by(col(Event.happened_at), col(Event.id))
    ).all()
    opened = next((each for each in rows if each.kind == EventKind.ROUND_OPENED), None)
    told = None if opened is None else opened.payload.get("seed_hash")
    seed = found.seed if found.state in KNOWN else None
    taken_at, organisations = _snapshot(session, found.id)
    return RoundAudit(
        opened_at=opened.happened_at if opened else None,
        opened_with=told,
        hash_agrees=told in {None, found.seed_hash},
        seed=seed,
        seed_agrees=None if seed is None else seed_keeps(seed, told or found.seed_hash),
        snapshot_at=taken_at,
        organisations=organisations,
        outcomes=_outcomes(session, found.id, rows) if results else (),
        events=tuple(
            Happened(each.kind, each.happened_at, each.position, each.hash) for each in rows
        ),
    )


def _snapshot(session: Session, round_id: UUID) -> tuple[datetime | None, int]:
    taken_at, count = session.exec(
        select(func.min(OrganisationSnapshot.taken_at), func.count()).where(
            OrganisationSnapshot.round_id == round_id
        )
    ).one()
    return taken_at, count


def _outcomes(session: Session, round_id: UUID, events: Sequence[Event]) -> tuple[Outcome, ...]:
    told = {each.payload.get("result_sha256") for each in events}
    rows = session.exec(
        select(RoundResult)
        .where(RoundResult.round_id == round_id)
        .order_by(col(RoundResult.number))
    )
    results = [(each, json.loads(each.result)) for each in rows]
    return tuple(
        Outcome(
            number=each.number,
            allocated_at=each.allocated_at,
            problem_sha256=each.problem_sha256,
            result_sha256=each.result_sha256,
            objective=each.objective,
            bound=each.bound,
            certificate_bound=result["certificate_bound"],
            gap=each.gap,
            note=each.note,
            solver=result["work"]["solver"].rpartition(" ")[2],
            agrees=each.result_sha256 in told,
        )
        for each, result in results
    )
