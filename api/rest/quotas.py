"""Quotas: what may still be had of a resource in a week or a month, per group, and why."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.deps import Instant, Now, ReadSession, SignedIn
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.intervals import Interval
from booking.engine.permissions import Action, Scope, may
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound
from booking.queries.catalogue import resource_facts
from booking.queries.policies import PolicyFacts, current_policy
from booking.queries.quotas import GroupQuota, Quota, quota, weeks_of
from booking.queries.requests import organisation, project
from booking.services.memberships import memberships

router = APIRouter(tags=["quotas"], route_class=IdempotentRoute)

WEEK: Final = timedelta(days=7)
# Wide enough for any zone's clock.
MARGIN: Final = timedelta(days=2)
DECEMBER: Final = 12
_PERIOD: Final = re.compile(r"(2[01]\d\d)-(?:W(\d\d)|(\d\d))", re.ASCII)
NO_POLICY: Final = (
    "The facility has no policy: no groups, caps or quotas apply; whatever is free may be booked."
)
NOT_PUBLISHED: Final = (
    "The resource is not published, so nothing of it can be booked; choose a published one."
)


class GroupQuotaOut(BaseModel):
    """What is reserved for a group, whether the project's organisation is of it, and why."""

    key: str
    name: str
    member: bool
    working: list[str]
    reserved_credits: float
    taken_credits: float
    left_credits: float
    opens_to_any_group_at: Instant
    opens_to_everyone_at: Instant
    reason: str


class WeekQuotaOut(BaseModel):
    """One week: what is free of the resource, and what the project may book of it and why."""

    model_config = ConfigDict(from_attributes=True)

    starts_at: Instant
    ends_at: Instant
    free_credits: float
    may_book_credits: float
    reason: str


class QuotaOut(BaseModel):
    """What may be had in whole weeks of the facility's clock; a month is the weeks it begins.

    Credits are unit-hours at rate 1; null is no limit. Offered, cap, used and left are of the
    whole facility; `resource_credits`, `free_credits`,
    `may_book_credits` and the groups are of the resource. `may_book_credits` is what the
    project may book now, wherever in the week it starts. Several weeks are their sum.
    """

    starts_at: Instant
    ends_at: Instant
    policy_version: int | None
    offered_credits: float | None
    cap_credits: float | None
    used_credits: float | None
    left_credits: float | None
    resource_credits: float | None
    free_credits: float | None
    may_book_credits: float | None
    groups: list[GroupQuotaOut]
    weeks: list[WeekQuotaOut]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class _Mondays:
    """The weeks that begin from a day on, up to another."""

    first: date
    until: date

    def __contains__(self, monday: date) -> bool:
        """Say whether the week of that Monday is one of them."""
        return self.first <= monday < self.until

    @property
    def around(self) -> Interval:
        """The time in which all of them lie, by any clock."""
        start = datetime.combine(self.first, time(), tzinfo=UTC) - MARGIN
        return Interval(start, datetime.combine(self.until, time(), tzinfo=UTC) + WEEK)


@router.get("/quotas", responses=problems(401, 404))
def see_quotas(
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    *,
    project_id: Annotated[UUID, Query(alias="project")],
    resource_id: Annotated[UUID, Query(alias="resource")],
    period: Annotated[
        str | None, Query(max_length=10, description="A week (2027-W02) or a month (2027-01)")
    ] = None,
) -> QuotaOut:
    """Return what the project may still have of the resource, and why."""
    mondays = _read_period(period, now)
    applying = project(session, project_id)
    whose = Scope(project_id=applying.id, organisation_id=applying.organisation_id)
    found = resource_facts(session, resource_id, viewer=actor)
    if found is None or not may(actor, Action.PROJECT_SEE, whose):
        raise NotFound("There is no such project or resource; look at the lists of both.")
    facility_id = found.facility_id
    rules = current_policy(session, facility_id)
    weeks = [
        each
        for each in weeks_of(session, facility_id, within=mondays.around)
        if each.monday in mondays
    ]
    when = Interval(weeks[0].interval.start, weeks[-1].interval.end)
    if rules is None:
        return _unlimited(when, NO_POLICY)
    reckoned = quota(
        session,
        resource_id=resource_id,
        organisation_id=applying.organisation_id,
        rules=rules,
        weeks=weeks,
        now=now,
    )
    if reckoned is None:
        return _unlimited(when, NOT_PUBLISHED)
    member = _membership(session, applying.organisation_id, rules, now)
    return _shown(rules, reckoned, member)


def _membership(
    session: ReadSession, organisation_id: UUID, rules: PolicyFacts, now: datetime
) -> dict[str, tuple[bool, list[str]]]:
    row = organisation(session, organisation_id)
    grace = rules.version.grace_days
    return {
        each.group: (each.member, list(each.working))
        for each in memberships(session, row, rules.groups, on=now.date(), grace_days=grace)
    }


def _read_period(text: str | None, now: datetime) -> _Mondays:
    """Read a week, or a month's weeks; by default the present week by UTC.

    Raises: Malformed.
    """
    today = now.astimezone(UTC).date()
    if text is None:
        year, week, _ = today.isocalendar()
        text = f"{year}-W{week:02d}"
    match = _PERIOD.fullmatch(text)
    if match is not None:
        with suppress(ValueError):
            return _mondays(int(match[1]), match[2], match[3])
    reason = "Write a week as 2027-W02 or a month as 2027-01."
    raise Malformed(reason, [Violation("period", reason, "period")])


def _mondays(year: int, week: str | None, month: str) -> _Mondays:
    """Find the Monday of a week, or else those of a month.

    Raises: ValueError if the year has no such week or month.
    """
    if week is not None:
        first = date.fromisocalendar(year, int(week), 1)
        return _Mondays(first, first + WEEK)
    first = date(year, int(month), 1)
    return _Mondays(first, date(year + first.month // DECEMBER, first.month % DECEMBER + 1, 1))


def _unlimited(when: Interval, reason: str) -> QuotaOut:
    return QuotaOut(
        starts_at=when.start,
        ends_at=when.end,
        policy_version=None,
        offered_credits=None,
        cap_credits=None,
        used_credits=None,
        left_credits=None,
        resource_credits=None,
        free_credits=None,
        may_book_credits=None,
        groups=[],
        weeks=[],
        reasons=[reason],
    )


def _shown(
    rules: PolicyFacts, reckoned: Quota, member: dict[str, tuple[bool, list[str]]]
) -> QuotaOut:
    return QuotaOut(
        starts_at=reckoned.period.start,
        ends_at=reckoned.period.end,
        policy_version=rules.version.number,
        offered_credits=reckoned.offered_credits,
        cap_credits=reckoned.cap_credits,
        used_credits=reckoned.used_credits,
        left_credits=reckoned.left_credits,
        resource_credits=reckoned.resource_credits,
        free_credits=reckoned.free_credits,
        may_book_credits=reckoned.may_book_credits,
        groups=[_group(each, *member[each.key]) for each in reckoned.groups],
        weeks=[WeekQuotaOut.model_validate(each) for each in reckoned.weeks],
        reasons=_reasons(reckoned),
    )


def _group(group: GroupQuota, member: bool, working: Sequence[str]) -> GroupQuotaOut:  # noqa: FBT001 - one of a pair
    return GroupQuotaOut(
        key=group.key,
        name=group.name,
        member=member,
        working=list(working),
        reserved_credits=group.reserved_credits,
        taken_credits=group.taken_credits,
        left_credits=group.left_credits,
        opens_to_any_group_at=group.opens_to_any_group_at,
        opens_to_everyone_at=group.opens_to_everyone_at,
        reason=f"{group.name} has {group.left_credits:g} of {group.reserved_credits:g} reserved "
        f"credits left; from {group.opens_to_any_group_at:%Y-%m-%d} they open to members of any "
        f"group, and from {group.opens_to_everyone_at:%Y-%m-%d} to everyone.",
    )


def _reasons(reckoned: Quota) -> list[str]:
    weeks = reckoned.weeks
    if len(weeks) == 1:
        return [_cap_in_words(reckoned), weeks[0].reason]
    return [_cap_in_words(reckoned)]


def _cap_in_words(reckoned: Quota) -> str:
    if reckoned.cap_credits is None:
        return "The policy sets no cap."
    return (
        f"Your organisation has {reckoned.used_credits:g} of at most {reckoned.cap_credits:g} "
        f"credits of the facility, of {reckoned.offered_credits:g} in all; the cap is of each "
        "week."
    )
