"""Quotas: what may still be had at a facility in a period, per group, and why."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
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
from booking.queries.quotas import Quota, quota
from booking.queries.requests import organisation, project
from booking.services.memberships import memberships

router = APIRouter(tags=["quotas"], route_class=IdempotentRoute)

WEEK: Final = timedelta(days=7)
DECEMBER: Final = 12
_PERIOD: Final = re.compile(r"(2[01]\d\d)-(?:W(\d\d)|(\d\d))", re.ASCII)
NO_POLICY: Final = (
    "The facility has no policy: no groups, caps or quotas apply; whatever is free may be booked."
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


class QuotaOut(BaseModel):
    """What is offered, the cap of one organisation, and each group's reserve.

    Credits are unit-hours at rate 1; null is no limit. Caps and reserves are applied when a
    round is allocated; `reasons` say so in words.
    """

    model_config = ConfigDict(from_attributes=True)

    starts_at: Instant
    ends_at: Instant
    policy_version: int | None
    offered_credits: float | None
    cap_credits: float | None
    used_credits: float | None
    left_credits: float | None
    groups: list[GroupQuotaOut]
    reasons: list[str]


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
    """Return what the project may still have at the resource's facility, and why."""
    when = _read_period(period, now)
    applying = project(session, project_id)
    whose = Scope(project_id=applying.id, organisation_id=applying.organisation_id)
    found = resource_facts(session, resource_id, viewer=actor)
    if found is None or not may(actor, Action.PROJECT_SEE, whose):
        raise NotFound("There is no such project or resource; look at the lists of both.")
    facility_id = found.facility_id
    rules = current_policy(session, facility_id)
    if rules is None:
        return _unlimited(when)
    reckoned = quota(
        session,
        facility_id=facility_id,
        organisation_id=applying.organisation_id,
        rules=rules,
        period=when,
    )
    row = organisation(session, applying.organisation_id)
    grace = rules.version.grace_days
    member = {
        each.group: (each.member, list(each.working))
        for each in memberships(session, row, rules.groups, on=now.date(), grace_days=grace)
    }
    return _shown(when, rules, reckoned, member)


def _read_period(text: str | None, now: datetime) -> Interval:
    """Read a week or a month in UTC; by default the present week.

    Raises: Malformed.
    """
    today = now.astimezone(UTC).date()
    if text is None:
        year, week, _ = today.isocalendar()
        text = f"{year}-W{week:02d}"
    match = _PERIOD.fullmatch(text)
    if match is not None:
        with suppress(ValueError):
            return _interval(int(match[1]), match[2], match[3])
    reason = "Write a week as 2027-W02 or a month as 2027-01."
    raise Malformed(reason, [Violation("period", reason, "period")])


def _interval(year: int, week: str | None, month: str) -> Interval:
    """Make the interval of a week, or else of a month.

    Raises: ValueError if the year has no such week or month.
    """
    if week is not None:
        first = date.fromisocalendar(year, int(week), 1)
        last = first + WEEK
    else:
        first = date(year, int(month), 1)
        last = date(year + first.month // DECEMBER, first.month % DECEMBER + 1, 1)
    return Interval(_midnight(first), _midnight(last))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _unlimited(when: Interval) -> QuotaOut:
    return QuotaOut(
        starts_at=when.start,
        ends_at=when.end,
        policy_version=None,
        offered_credits=None,
        cap_credits=None,
        used_credits=None,
        left_credits=None,
        groups=[],
        reasons=[NO_POLICY],
    )


def _shown(
    when: Interval,
    rules: PolicyFacts,
    reckoned: Quota,
    member: dict[str, tuple[bool, list[str]]],
) -> QuotaOut:
    return QuotaOut(
        starts_at=when.start,
        ends_at=when.end,
        policy_version=rules.version.number,
        offered_credits=reckoned.offered_credits,
        cap_credits=reckoned.cap_credits,
        used_credits=reckoned.used_credits,
        left_credits=reckoned.left_credits,
        groups=[
            GroupQuotaOut(
                key=each.key,
                name=each.name,
                member=member[each.key][0],
                working=member[each.key][1],
                reserved_credits=each.reserved_credits,
                taken_credits=each.taken_credits,
                left_credits=each.left_credits,
                opens_to_any_group_at=each.opens_to_any_group_at,
                opens_to_everyone_at=each.opens_to_everyone_at,
                reason=f"{each.name} has {each.left_credits:g} of {each.reserved_credits:g} "
                f"reserved credits left; they open to everyone on "
                f"{each.opens_to_everyone_at:%Y-%m-%d}.",
            )
            for each in reckoned.groups
        ],
        reasons=[_cap_in_words(reckoned)],
    )


def _cap_in_words(reckoned: Quota) -> str:
    applied = "Caps and reserves are applied when a round is allocated."
    if reckoned.cap_credits is None:
        return f"The policy sets no cap. {applied}"
    return (
        f"Your organisation has {reckoned.used_credits:g} of at most {reckoned.cap_credits:g} "
        f"credits, of {reckoned.offered_credits:g} in all. {applied}"
    )
