"""The equity report: who got what share of rounds, from their stored results."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.quotas import PPM
from booking.models import (
    AccessRequest,
    EquityGroup,
    Project,
    Round,
    RoundFacility,
    RoundResult,
)
from booking.queries.decisions import DECIDED

SMALLEST_CELL: Final = 5
SECONDS_A_DAY: Final = 86_400
FIGURES: Final = ("jain", "gini", "price_of_fairness", "utilisation", "mean_merit")


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One equity group over all rounds of the report; None where the cell is too small.

    Credits are unit-hours at rate 1; `target_share` is what the policies promise of
    what is offered, `share` what was credited of what was allocated.
    """

    key: str
    name: str
    suppressed: bool
    reserved_credits: float
    target_share: float
    credited_credits: float | None
    attainment: float | None
    share: float | None
    success_rate: float | None
    median_waiting_days: float | None


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One round with the figures of its certificate; None where the cell is too small."""

    slug: str
    name: str
    access_starts_at: datetime
    access_ends_at: datetime
    suppressed: bool
    gap: float
    allocated_credits: float | None
    jain: float | None
    gini: float | None
    price_of_fairness: float | None
    utilisation: float | None
    mean_merit: float | None


@dataclass(frozen=True, slots=True)
class EquityReport:
    """Shares, evenness, price and waiting over all rounds of the report.

    Overall figures are means of the rounds', weighted by allocated credits. Requests and
    waiting are those of the whole rounds, whichever facility is asked for.
    """

    rounds: tuple[RoundLine, ...]
    groups: tuple[GroupLine, ...]
    suppressed: bool
    requests: int
    success_rate: float | None
    median_waiting_days: float | None
    jain: float | None
    gini: float | None
    price_of_fairness: float | None
    utilisation: float | None
    mean_merit: float | None


@dataclass(frozen=True, slots=True)
class _Answered:
    """A decided request: whose it was, its groups, the answer and how long that took."""

    organisation_id: UUID
    groups: frozenset[str]
    granted: bool
    waiting_days: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A published round with its answers, and at each facility what the engine reported."""

    round: Round
    result: Mapping[str, Any]
    figures: tuple[Mapping[str, Any], ...]
    allocated: float
    answered: tuple[_Answered, ...]
    names: Mapping[str, str]
    shares: Mapping[str, int]


def equity_report(
    session: Session,
    *,
    facility_id: UUID | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> EquityReport:
    """Report on published rounds whose access period shares time with [`start`, `end`).

    Cells of fewer than five organisations are suppressed, so that nobody can be told.
    """
    rounds = _rounds(session, facility_id, start, end)
    outcomes = [_outcome(session, each, facility_id) for each in rounds]
    answered = [each for outcome in outcomes for each in outcome.answered]
    lines = tuple(_round_line(each) for each in outcomes)
    hidden = _too_small(answered)
    return EquityReport(
        rounds=lines,
        groups=_group_lines(outcomes),
        suppressed=hidden,
        requests=len(answered),
        success_rate=None if hidden else _success(answered),
        median_waiting_days=None if hidden else _waiting(answered),
        **{name: _weighted(lines, name) for name in FIGURES},
    )


def _rounds(
    session: Session, facility_id: UUID | None, start: datetime | None, end: datetime | None
) -> Sequence[Round]:
    query = select(Round).where(col(Round.state).in_((RoundState.PUBLISHED, RoundState.CLOSED)))
    if facility_id is not None:
        there = select(RoundFacility.round_id).where(RoundFacility.facility_id == facility_id)
        query = query.where(col(Round.id).in_(there))
    if start is not None:
        query = query.where(Round.access_ends_at > start)
    if end is not None:
        query = query.where(Round.access_starts_at < end)
    return session.exec(query.order_by(col(Round.access_starts_at), col(Round.id))).all()


def _outcome(session: Session, found: Round, facility_id: UUID | None) -> _Outcome:
    rows = session.exec(
        select(RoundResult)
        .where(RoundResult.round_id == found.id)
        .order_by(col(RoundResult.number))
    ).all()
    figures: dict[str, Mapping[str, Any]] = {}
    allocated: dict[str, float] = {}
    # A facility published before a second allocation stands in the earlier result only.
    for row in rows:
        result = json.loads(row.result)
        credits_at = _allocated(json.loads(row.problem), result)
        for each in result["facilities"]:
            figures[each["id"]] = each
            allocated[each["id"]] = credits_at.get(each["id"], 0.0)
    kept = [one for one in figures if facility_id is None or one == str(facility_id)]
    groups = session.exec(
        select(EquityGroup).where(EquityGroup.policy_version_id == found.policy_version_id)
    ).all()
    return _Outcome(
        round=found,
        result=json.loads(rows[-1].result),
        figures=tuple(figures[each] for each in kept),
        allocated=sum(allocated[each] for each in kept),
        answered=_answered(session, found),
        names={each.key: each.name for each in groups},
        shares={each.key: each.reserved_share_ppm for each in groups},
    )


def _allocated(problem: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, float]:
    """Add up the credits of a timetable at each facility."""
    resources = {each["id"]: each for each in problem["resources"]}
    sessions = {each["id"]: each["sessions"] for each in problem["requests"]}
    total: dict[str, float] = defaultdict(float)
    for each in result["bookings"]:
        resource = resources[each["resource"]]
        steps = sessions[each["request"]][each["session"]]["steps"]
        hours = steps * problem["step_minutes"] / 60
        total[resource["facility"]] += resource["rate"] * each["quantity"] * hours
    return total


def _answered(session: Session, found: Round) -> tuple[_Answered, ...]:
    published_at = max(
        session.exec(
            select(RoundFacility.published_at).where(
                RoundFacility.round_id == found.id, col(RoundFacility.published_at).is_not(None)
            )
        ).all(),
        default=found.updated_at,
        key=lambda each: each or found.updated_at,
    )
    rows = session.exec(
        select(AccessRequest, Project.organisation_id)
        .join(Project, col(Project.id) == AccessRequest.project_id)
        .where(AccessRequest.round_id == found.id, col(AccessRequest.state).in_(DECIDED))
        .order_by(col(AccessRequest.id))
    )
    answered = []
    for row, organisation_id in rows:
        waited = (published_at or found.updated_at) - (row.submitted_at or row.created_at)
        answered.append(
            _Answered(
                organisation_id=organisation_id,
                groups=frozenset(each["group"] for each in row.memberships if each["member"]),
                granted=row.state is not RequestState.NOT_GRANTED,
                waiting_days=waited.total_seconds() / SECONDS_A_DAY,
            )
        )
    return tuple(answered)


def _round_line(outcome: _Outcome) -> RoundLine:
    hidden = _too_small(outcome.answered)
    report = outcome.result["report"]
    return RoundLine(
        slug=outcome.round.slug,
        name=outcome.round.name,
        access_starts_at=outcome.round.access_starts_at,
        access_ends_at=outcome.round.access_ends_at,
        suppressed=hidden,
        gap=outcome.result["gap"],
        allocated_credits=None if hidden else outcome.allocated,
        **{name: None if hidden else report[name] for name in FIGURES},
    )


def _group_lines(outcomes: Sequence[_Outcome]) -> tuple[GroupLine, ...]:
    names = {key: name for outcome in outcomes for key, name in outcome.names.items()}
    return tuple(_group_line(key, name, outcomes) for key, name in sorted(names.items()))


def _group_line(key: str, name: str, outcomes: Sequence[_Outcome]) -> GroupLine:
    figures = [
        facility["groups"][key]
        for outcome in outcomes
        for facility in outcome.figures
        if key in facility["groups"]
    ]
    members = [each for outcome in outcomes for each in outcome.answered if key in each.groups]
    reserved = sum(each["reserved"] for each in figures)
    credited = sum(each["credited"] for each in figures)
    allocated = sum(outcome.allocated for outcome in outcomes)
    hidden = _too_small(members)
    return GroupLine(
        key=key,
        name=name,
        suppressed=hidden,
        reserved_credits=reserved,
        target_share=_target(key, outcomes),
        credited_credits=None if hidden else credited,
        attainment=None if hidden or not reserved else credited / reserved,
        share=None if hidden or not allocated else credited / allocated,
        success_rate=None if hidden else _success(members),
        median_waiting_days=None if hidden else _waiting(members),
    )


def _target(key: str, outcomes: Sequence[_Outcome]) -> float:
    """Give the published share, the mean of the policies of the rounds that have the group."""
    shares = [each.shares[key] for each in outcomes if key in each.shares]
    return sum(shares) / (len(shares) * PPM)


def _too_small(answered: Iterable[_Answered]) -> bool:
    return len({each.organisation_id for each in answered}) < SMALLEST_CELL


def _success(answered: Sequence[_Answered]) -> float | None:
    return sum(each.granted for each in answered) / len(answered) if answered else None


def _waiting(answered: Sequence[_Answered]) -> float | None:
    return median(each.waiting_days for each in answered) if answered else None


def _weighted(lines: Iterable[RoundLine], name: str) -> float | None:
    """Give the mean of a figure over the rounds shown, by allocated credits."""
    shown = [each for each in lines if not each.suppressed]
    total = sum(each.allocated_credits or 0.0 for each in shown)
    if not total:
        return None
    weighed = [(each.allocated_credits or 0.0, float(getattr(each, name))) for each in shown]
    return sum(weight * figure for weight, figure in weighed) / total
