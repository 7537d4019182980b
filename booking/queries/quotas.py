"""What a project may still have of a resource in a period, by its facility's policy, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import Week, weeks_touching
from booking.engine.quota_answers import GroupAnswer, WeekAnswer, week_answers
from booking.models import Facility, Resource
from booking.queries.offered_weeks import Site
from booking.queries.online_quotas import Booker, Ground, quotas_of_each
from booking.queries.policies import PolicyFacts

THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class GroupQuota:
    """What is reserved for a group in the period, in credits, and when it opens to others."""

    key: str
    name: str
    reserved_credits: float
    taken_credits: float
    left_credits: float
    opens_to_any_group_at: datetime
    opens_to_everyone_at: datetime


@dataclass(frozen=True, slots=True)
class WeekQuota:
    """One week of the period: what is free, and what the project may book of it and why."""

    starts_at: datetime
    ends_at: datetime
    free_credits: float
    may_book_credits: float
    reason: str


@dataclass(frozen=True, slots=True)
class Quota:
    """A period of whole weeks: the facility's credits and cap, the resource's free time.

    Credits are unit-hours at rate 1; a cap of None is no cap. `groups` are about the
    resource, in the order of the policy.
    """

    period: Interval
    offered_credits: float
    cap_credits: float | None
    used_credits: float
    left_credits: float | None
    resource_credits: float
    free_credits: float
    may_book_credits: float
    groups: tuple[GroupQuota, ...]
    weeks: tuple[WeekQuota, ...]


def quota(
    session: Session,
    *,
    resource_id: UUID,
    organisation_id: UUID,
    rules: PolicyFacts,
    weeks: Sequence[Week],
    now: datetime,
) -> Quota | None:
    """Reckon reserves and cap of the policy in force in weeks of the facility's clock.

    None for a resource that is not published. The sum of several weeks is that of each.
    """
    resource, ground = _ground(session, resource_id, rules)
    if resource.state is not ResourceState.PUBLISHED:
        return None
    period = Interval(weeks[0].interval.start, weeks[-1].interval.end)
    facts = quotas_of_each(
        session,
        [resource],
        {resource.id: ground},
        Booker(organisation_id, now),
        within=period,
    )[resource.id]
    return _summed(period, tuple(week_answers(facts, now=now)), rules)


def weeks_of(session: Session, facility_id: UUID, *, within: Interval) -> tuple[Week, ...]:
    """Return the weeks of the facility's clock that share time with `within`."""
    zone = session.exec(select(Facility.zone).where(Facility.id == facility_id)).one()
    return weeks_touching(within, zone)


def _ground(session: Session, resource_id: UUID, rules: PolicyFacts) -> tuple[Resource, Ground]:
    resource, zone, offer_version = session.exec(
        select(Resource, Facility.zone, Facility.offer_version)
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .where(Resource.id == resource_id)
    ).one()
    site = Site(resource.facility_id, zone, offer_version)
    return resource, Ground(site, rules.version.id)


def _summed(period: Interval, answers: tuple[WeekAnswer, ...], rules: PolicyFacts) -> Quota:
    caps = [each.cap for each in answers]
    return Quota(
        period=period,
        offered_credits=_credits(each.offered for each in caps),
        cap_credits=_all(each.most for each in caps),
        used_credits=_credits(each.used for each in caps),
        left_credits=_all(each.left for each in caps),
        resource_credits=_credits(each.offered for each in answers),
        free_credits=_credits(each.free for each in answers),
        may_book_credits=_credits(each.may_book for each in answers),
        groups=tuple(
            _group(period, same, rules)
            for same in zip(*(each.groups for each in answers), strict=True)
        ),
        weeks=tuple(_week(each) for each in answers),
    )


def _group(period: Interval, weeks: Sequence[GroupAnswer], rules: PolicyFacts) -> GroupQuota:
    return GroupQuota(
        key=weeks[0].key,
        name=weeks[0].name,
        reserved_credits=_credits(each.reserved for each in weeks),
        taken_credits=_credits(each.taken for each in weeks),
        left_credits=_credits(each.left for each in weeks),
        opens_to_any_group_at=period.start - timedelta(days=rules.version.release_first_days),
        opens_to_everyone_at=period.start - timedelta(days=rules.version.release_all_days),
    )


def _week(answer: WeekAnswer) -> WeekQuota:
    return WeekQuota(
        starts_at=answer.week.start,
        ends_at=answer.week.end,
        free_credits=answer.free / THOUSAND,
        may_book_credits=answer.may_book / THOUSAND,
        reason=answer.reason,
    )


def _credits(amounts: Iterable[int]) -> float:
    return sum(amounts) / THOUSAND


def _all(amounts: Iterable[int | None]) -> float | None:
    """Add up amounts; None if one of them is no limit."""
    known = tuple(amounts)
    return None if None in known else _credits(each for each in known if each is not None)
