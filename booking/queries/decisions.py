"""Reads of the results of rounds, and of the decisions on access requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import ascii_uppercase
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import RequestState
from booking.errors import NotFound
from booking.models import AccessRequest, Decision, Resource, Round, RoundResult

DECIDED = (RequestState.GRANTED, RequestState.PARTLY_GRANTED, RequestState.NOT_GRANTED)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A request that holds what another one wanted, under a letter instead of its name."""

    name: str
    points_per_hour: float
    group: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision: its code, where it applies, and a sentence in plain words."""

    code: str
    session: int | None
    resource_id: UUID | None
    resource_name: str
    starts_at: datetime | None
    sentence: str
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and when a session was placed."""

    session: int
    resource_id: UUID
    resource_name: str
    starts_at: datetime
    ends_at: datetime
    quantity: int


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What was decided on a request, and why; `published` once applicants may read it."""

    request_id: UUID
    granted: bool
    published: bool
    decided_at: datetime
    merit: int | None
    points_needed_per_hour: int | None
    reasons: tuple[Reason, ...]
    placements: tuple[Placement, ...]
    problem_sha256: str
    result_sha256: str


def newest_result(session: Session, round_id: UUID) -> RoundResult | None:
    """Return the round's newest result: the one that is or will be published."""
    return session.exec(
        select(RoundResult)
        .where(RoundResult.round_id == round_id)
        .order_by(col(RoundResult.number).desc())
        .limit(1)
    ).first()


def result_of(session: Session, found: Round) -> RoundResult:
    """Return the round's newest result.

    Raises: NotFound before the round is allocated.
    """
    result = newest_result(session, found.id)
    if result is None:
        raise NotFound("The round has no result yet; it is there once the round is allocated.")
    return result


def decisions_of(session: Session, result_id: UUID, *, granted: bool) -> tuple[Decision, ...]:
    """Return a result's decisions to grant, or those not to, by request."""
    return tuple(
        session.exec(
            select(Decision)
            .where(Decision.result_id == result_id, Decision.granted == granted)
            .order_by(col(Decision.request_id))
        )
    )


def latest_decision(session: Session, request_id: UUID) -> tuple[Decision, RoundResult] | None:
    """Return what the newest allocation that dealt with the request says of it."""
    return session.exec(
        select(Decision, RoundResult)
        .join(RoundResult, col(RoundResult.id) == Decision.result_id)
        .where(Decision.request_id == request_id)
        .order_by(col(RoundResult.number).desc())
        .limit(1)
    ).first()


def decision_facts(session: Session, request: AccessRequest) -> DecisionFacts:
    """Gather the decision on a request with its reasons in plain words.

    Whether the viewer may read an unpublished one is for the caller to ask.
    Raises: NotFound where nothing was decided yet.
    """
    found = latest_decision(session, request.id)
    if found is None:
        raise NotFound("Nothing was decided on this request yet; look again after the decision.")
    decision, result = found
    round_ = session.get_one(Round, result.round_id)
    names = _resource_names(session, decision)
    letters = _letters(decision)
    return DecisionFacts(
        request_id=request.id,
        granted=decision.granted,
        published=request.state in DECIDED,
        decided_at=result.allocated_at,
        merit=request.merit,
        points_needed_per_hour=decision.points_needed_per_hour,
        reasons=tuple(_reason(each, round_, names, letters) for each in decision.reasons),
        placements=tuple(_placement(each, names) for each in decision.placements),
        problem_sha256=result.problem_sha256,
        result_sha256=result.result_sha256,
    )


def _resource_names(session: Session, decision: Decision) -> dict[UUID, str]:
    wanted = {UUID(each["resource"]) for each in decision.reasons if each["resource"]}
    wanted |= {UUID(each["resource_id"]) for each in decision.placements}
    rows = session.exec(
        select(Resource.id, Resource.name).where(col(Resource.id).in_(sorted(wanted)))
    )
    return dict(rows.all())


def _letters(decision: Decision) -> dict[str, str]:
    """Name every blocker A, B, ... Z, AA, in the order in which the reasons meet them."""
    letters: dict[str, str] = {}
    for reason in decision.reasons:
        for blocker in reason["blockers"]:
            letters.setdefault(blocker["request"], _letter(len(letters)))
    return letters


def _letter(number: int) -> str:
    rest, at = divmod(number, len(ascii_uppercase))
    return (_letter(rest - 1) if rest else "") + ascii_uppercase[at]


def _reason(
    stored: Mapping[str, Any], found: Round, names: dict[UUID, str], letters: dict[str, str]
) -> Reason:
    resource_id = UUID(stored["resource"]) if stored["resource"] else None
    start = stored["start"]
    starts_at = (
        None if start is None else found.access_starts_at + start * found.step_minutes * MINUTE
    )
    reason = Reason(
        code=stored["code"],
        session=stored["session"],
        resource_id=resource_id,
        resource_name=names.get(resource_id, "") if resource_id else "",
        starts_at=starts_at,
        sentence=stored["detail"],
        blockers=tuple(
            Blocker(letters[each["request"]], each["points_per_hour"], each["group"])
            for each in stored["blockers"]
        ),
    )
    return _worded(reason)


def _worded(reason: Reason) -> Reason:
    """Put a reason that stands for a slot into words with its name and time."""
    if reason.starts_at is None:
        return reason
    where = f"{reason.resource_name} from {reason.starts_at:%Y-%m-%d %H:%M} UTC"
    if reason.code == "outbid":
        sentence = f"{where} went to {_holders(reason.blockers)}."
    elif reason.code == "cap_reached":
        sentence = (
            f"{where} was free, but your organisation's other requests leave too little of "
            "the most that one organisation may hold at this facility."
        )
    else:
        sentence = (
            f"{where} was free, but all sessions of a request are placed together or not at "
            "all, and another session did not fit."
        )
    return Reason(
        reason.code,
        reason.session,
        reason.resource_id,
        reason.resource_name,
        reason.starts_at,
        sentence,
        reason.blockers,
    )


def _holders(blockers: tuple[Blocker, ...]) -> str:
    """Name who holds the slot, with their points and the group they were credited to."""
    words = [
        f"request {each.name} ({each.points_per_hour:g} points per hour"
        + (f", in the reserve of {each.group})" if each.group else ")")
        for each in blockers
    ]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _placement(stored: Mapping[str, Any], names: dict[UUID, str]) -> Placement:
    resource_id = UUID(stored["resource_id"])
    return Placement(
        session=stored["session"],
        resource_id=resource_id,
        resource_name=names.get(resource_id, ""),
        starts_at=datetime.fromisoformat(stored["starts_at"]),
        ends_at=datetime.fromisoformat(stored["ends_at"]),
        quantity=stored["quantity"],
    )
