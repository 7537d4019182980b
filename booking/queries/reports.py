"""The equity report: who got what share of rounds, from their stored results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session

from booking.engine.equity_facts import RoundShared
from booking.engine.equity_report import (
    CommonFigures,
    GroupFigures,
    LeastAttained,
    Part,
    Selection,
    waiting_for_a_wish,
)
from booking.queries.equity_facts import (
    facility_names,
    group_names,
    report_on,
    shared_rounds,
    wishes_fulfilled,
)

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One equity group; its own figures are None where so few are of it that one could be told.

    Credits are unit-hours at rate 1; `target_share` is what the policies promise of what is
    offered, `share` what was credited of what was allocated.
    """

    key: str
    name: str
    suppressed: bool
    reserved_credits: float
    target_share: float | None
    organisations: int | None
    requests: int | None
    credited_credits: float | None
    attainment: float | None
    share: float | None
    member_share: float | None
    asked_share: float | None
    demand_met: float | None
    success_rate: float | None
    median_waiting_days: float | None


@dataclass(frozen=True, slots=True)
class CommonLine:
    """What concerns everyone of a part of the report; None where they are too few."""

    suppressed: bool
    offered_credits: float
    requests: int | None
    organisations: int | None
    allocated_credits: float | None
    utilisation: float | None
    success_rate: float | None
    median_waiting_days: float | None
    jain: float | None
    gini: float | None
    largest_share: float | None
    herfindahl: float | None
    mean_merit: float | None
    mean_merit_by_merit: float | None
    price_of_fairness: float | None
    price_of_fairness_low: float | None
    price_of_fairness_high: float | None
    points_per_hour: float | None
    points_per_hour_by_merit: float | None


@dataclass(frozen=True, slots=True)
class FacilityPart:
    """One facility with its groups."""

    slug: str
    name: str
    common: CommonLine
    groups: tuple[GroupLine, ...]


@dataclass(frozen=True, slots=True)
class RoundPart:
    """One round with its groups, and how far its timetable may be from the best."""

    slug: str
    name: str
    access_starts_at: datetime
    access_ends_at: datetime
    gap: float
    common: CommonLine
    groups: tuple[GroupLine, ...]


@dataclass(frozen=True, slots=True)
class LeastLine:
    """The reserve that was filled least, of those asked for that may be shown."""

    facility: str
    group: str
    attainment: float


@dataclass(frozen=True, slots=True)
class EquityReport:
    """The report on a selection: as a whole, by facility, and round by round.

    `wish_days` is the median wait from a wish on a waiting list to its booking.
    """

    requests: int
    common: CommonLine
    groups: tuple[GroupLine, ...]
    facilities: tuple[FacilityPart, ...]
    rounds: tuple[RoundPart, ...]
    least: LeastLine | None
    wish_days: float | None


def equity_report(
    session: Session,
    *,
    facility_id: UUID | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> EquityReport:
    """Report on published rounds whose access period shares time with [`start`, `end`).

    Figures of fewer than five organisations are left out, and with them those that would
    give them away.
    """
    facility = None if facility_id is None else str(facility_id)
    rounds = {
        each.slug: each
        for each in shared_rounds(session)
        if _shares_time(each, start, end) and _takes_part(each, facility)
    }
    report = report_on(session, Selection(facility, frozenset(rounds)))
    names, places = group_names(session), facility_names(session)
    wishes = wishes_fulfilled(session, facility_id=facility_id, start=start, end=end)
    return EquityReport(
        requests=sum(len(each.answered) for each in rounds.values()),
        common=_common(report.whole.common),
        groups=_groups(report.whole, names),
        facilities=tuple(
            FacilityPart(*places[each.key], _common(each.common), _groups(each, names))
            for each in report.facilities
        ),
        rounds=tuple(_round(rounds[each.key], each, names) for each in report.rounds),
        least=_least(report.least, names, places),
        wish_days=_plain(waiting_for_a_wish(wishes)),
    )


def hidden_in_round(session: Session, slug: str) -> frozenset[tuple[str, str]]:
    """Return the facility (its id as text) and group of what may not be told of a round."""
    found = report_on(session, Selection(None, frozenset({slug})))
    return frozenset(
        (part.key, each.key) for part in found.facilities for each in part.groups if each.suppressed
    )


def _least(
    found: LeastAttained | None, names: Names, places: Mapping[str, tuple[str, str]]
) -> LeastLine | None:
    if found is None:
        return None
    group = names.get(found.group, found.group)
    return LeastLine(places[found.facility][1], group, float(found.attainment))


def _shares_time(each: RoundShared, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or each.ends_at > start) and (end is None or each.starts_at < end)


def _takes_part(each: RoundShared, facility: str | None) -> bool:
    return facility is None or facility in {one.facility for one in each.shared}


def _round(found: RoundShared, part: Part, names: Names) -> RoundPart:
    return RoundPart(
        slug=found.slug,
        name=found.name,
        access_starts_at=found.starts_at,
        access_ends_at=found.ends_at,
        gap=float(found.judged.gap),
        common=_common(part.common),
        groups=_groups(part, names),
    )


def _groups(part: Part, names: Names) -> tuple[GroupLine, ...]:
    return tuple(_group(each, names.get(each.key, each.key)) for each in part.groups)


def _group(found: GroupFigures, name: str) -> GroupLine:
    return GroupLine(
        key=found.key,
        name=name,
        suppressed=found.suppressed,
        reserved_credits=float(found.reserved),
        target_share=_plain(found.target),
        organisations=found.organisations,
        requests=found.requests,
        credited_credits=_plain(found.credited),
        attainment=_plain(found.attainment),
        share=_plain(found.share),
        member_share=_plain(found.member_share),
        asked_share=_plain(found.asked_share),
        demand_met=_plain(found.demand_met),
        success_rate=_plain(found.success),
        median_waiting_days=_plain(found.median_days),
    )


def _common(found: CommonFigures) -> CommonLine:
    return CommonLine(
        suppressed=found.suppressed,
        offered_credits=float(found.offered),
        requests=found.requests,
        organisations=found.organisations,
        allocated_credits=_plain(found.allocated),
        utilisation=_plain(found.utilisation),
        success_rate=_plain(found.success),
        median_waiting_days=_plain(found.median_days),
        jain=_plain(found.jain),
        gini=_plain(found.gini),
        largest_share=_plain(found.largest_share),
        herfindahl=_plain(found.herfindahl),
        mean_merit=_plain(found.mean_merit),
        mean_merit_by_merit=_plain(found.mean_merit_by_merit),
        price_of_fairness=_plain(found.price),
        price_of_fairness_low=_plain(found.price_low),
        price_of_fairness_high=_plain(found.price_high),
        points_per_hour=_plain(found.points_per_hour),
        points_per_hour_by_merit=_plain(found.points_per_hour_by_merit),
    )


def _plain(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 9)
