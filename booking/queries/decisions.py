"""Reads of the results of rounds, and of the decisions on access requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.cap_figures import CapFigures
from booking.engine.decision_words import (
    Blocker,
    Line,
    Reason,
    Standing,
    advice,
    because,
    lines,
    pseudonym,
    sessions_lacking,
)
from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import RequestState
from booking.errors import NotFound
from booking.models import (
    AccessRequest,
    Decision,
    EquityGroup,
    Facility,
    Resource,
    Round,
    RoundResult,
)
from booking.queries.nearest import NearSlot, near_slots, places, resources_near

DECIDED = (RequestState.GRANTED, RequestState.PARTLY_GRANTED, RequestState.NOT_GRANTED)


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
    """What was decided on a request, and why; `published` once applicants may read it.

    `standing`, `lines` and `advice` are the reasons in words; `nearest` are slots that were
    left free. `result_id` is the allocation that decided.
    """

    request_id: UUID
    granted: bool
    published: bool
    decided_at: datetime
    merit: int | None
    points_needed_per_hour: int | None
    points_per_hour: int | None
    standing: str
    reasons: tuple[Reason, ...]
    lines: tuple[Line, ...]
    advice: tuple[str, ...]
    placements: tuple[Placement, ...]
    nearest: tuple[NearSlot, ...]
    result_id: UUID
    problem_sha256: str
    result_sha256: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A decision's stored reasons, with what they are put into words by."""

    stored: list[dict[str, Any]]
    access_starts_at: datetime
    step_minutes: int
    zone: str
    policy_version_id: UUID | None
    seed: str
    needed: int | None
    merit: int | None
    fair_share_millionths: int

    @property
    def standing(self) -> Standing:
        """What the request brought, and what a place would have taken."""
        return Standing(self.merit, self.fair_share_millionths, self.needed)

    def start(self, step: int | None) -> datetime | None:
        """Return when a step of the access period begins."""
        if step is None:
            return None
        return self.access_starts_at + step * self.step_minutes * MINUTE

    def lines(self, reasons: Sequence[Reason]) -> tuple[Line, ...]:
        """Word the reasons, with runs of starts joined."""
        step = self.step_minutes * MINUTE
        return lines(reasons, zone=self.zone, step=step, own=self.standing.own)

    def advice(self, reasons: Sequence[Reason]) -> tuple[str, ...]:
        """Say what would have placed the request."""
        return advice(reasons, self.standing)

    def in_full(self, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
        """Give each reason its whole sentence."""
        lacking = sessions_lacking(reasons)
        return tuple(self._told(each, lacking) for each in reasons)

    def _told(self, reason: Reason, lacking: Sequence[int]) -> Reason:
        (line,) = self.lines((reason,))
        if reason.starts_at is not None:
            line = replace(line, because=because(reason, own=self.standing.own, lacking=lacking))
        return replace(reason, sentence=line.sentence)


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


def result_numbered(session: Session, found: Round, number: int) -> RoundResult:
    """Return one of the round's results, the newest or not.

    Raises: NotFound.
    """
    result = session.exec(
        select(RoundResult).where(RoundResult.round_id == found.id, RoundResult.number == number)
    ).one_or_none()
    if result is None:
        raise NotFound(f"The round has no result {number}; look at the newest one.")
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
    zone = session.get_one(Facility, round_.facility_id).zone
    names = resource_names(session, _resources_of(decision))
    groups = group_names(session, [round_.policy_version_id])
    weighed = Weighed(
        stored=decision.reasons,
        access_starts_at=round_.access_starts_at,
        step_minutes=round_.step_minutes,
        zone=zone,
        policy_version_id=round_.policy_version_id,
        seed=round_.seed,
        needed=decision.points_needed_per_hour,
        merit=request.merit,
        fair_share_millionths=request.fair_share_millionths,
    )
    reasons = reasons_of(weighed, names, groups)
    return DecisionFacts(
        request_id=request.id,
        granted=decision.granted,
        published=request.state in DECIDED,
        decided_at=result.allocated_at,
        merit=request.merit,
        points_needed_per_hour=decision.points_needed_per_hour,
        points_per_hour=weighed.standing.own,
        standing="" if decision.granted else weighed.standing.sentence,
        reasons=reasons,
        lines=weighed.lines(reasons),
        advice=weighed.advice(reasons),
        placements=placements_of(decision.placements, names),
        nearest=near_slots(decision.nearest, places(session, resources_near(decision.nearest))),
        result_id=result.id,
        problem_sha256=result.problem_sha256,
        result_sha256=result.result_sha256,
    )


def resource_names(session: Session, wanted: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of those resources, by id."""
    rows = session.exec(
        select(Resource.id, Resource.name).where(col(Resource.id).in_(sorted(set(wanted))))
    )
    return dict(rows.all())


def group_names(
    session: Session, policies: Iterable[UUID | None]
) -> dict[tuple[UUID | None, str], str]:
    """Return the names of the groups of those policy versions, by version and key."""
    versions = {each for each in policies if each is not None}
    rows = session.exec(
        select(EquityGroup).where(col(EquityGroup.policy_version_id).in_(sorted(versions)))
    )
    return {(each.policy_version_id, each.key): each.name for each in rows}


def _resources_of(decision: Decision) -> set[UUID]:
    return resources_placed(decision.placements) | resources_in(decision.reasons)


def resources_placed(stored: Iterable[Mapping[str, Any]]) -> set[UUID]:
    """Return the resources of stored placements."""
    return {UUID(each["resource_id"]) for each in stored}


def placements_of(
    stored: Iterable[Mapping[str, Any]], names: Mapping[UUID, str]
) -> tuple[Placement, ...]:
    """Read stored placements, with names for the ids of resources."""
    return tuple(_placement(each, names) for each in stored)


def resources_in(stored: Iterable[Mapping[str, Any]]) -> set[UUID]:
    """Return the resources that stored reasons name."""
    return {UUID(each["resource"]) for each in stored if each["resource"]}


def reasons_of(
    weighed: Weighed, names: Mapping[UUID, str], groups: Mapping[tuple[UUID | None, str], str]
) -> tuple[Reason, ...]:
    """Read stored reasons, with names for ids and pseudonyms for other people's requests."""
    return weighed.in_full([_reason(each, weighed, names, groups) for each in weighed.stored])


def _reason(
    stored: Mapping[str, Any],
    weighed: Weighed,
    names: Mapping[UUID, str],
    groups: Mapping[tuple[UUID | None, str], str],
) -> Reason:
    resource_id = UUID(stored["resource"]) if stored["resource"] else None
    cap = stored.get("cap")
    return Reason(
        code=stored["code"],
        session=stored["session"],
        resource_id=resource_id,
        resource_name=names.get(resource_id, "") if resource_id else "",
        starts_at=weighed.start(stored["start"]),
        sentence=stored["detail"],
        blockers=tuple(
            Blocker(
                pseudonym(weighed.seed, each["request"]),
                each["points_per_hour"],
                each["group"],
                groups.get((weighed.policy_version_id, each["group"]), ""),
            )
            for each in stored["blockers"]
        ),
        cap=CapFigures(**cap) if cap else None,
    )


def _placement(stored: Mapping[str, Any], names: Mapping[UUID, str]) -> Placement:
    resource_id = UUID(stored["resource_id"])
    return Placement(
        session=stored["session"],
        resource_id=resource_id,
        resource_name=names.get(resource_id, ""),
        starts_at=datetime.fromisoformat(stored["starts_at"]),
        ends_at=datetime.fromisoformat(stored["ends_at"]),
        quantity=stored["quantity"],
    )
