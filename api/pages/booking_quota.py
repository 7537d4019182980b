"""What the policy of a facility leaves a project of a resource in the week of a booking."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.queries import projects
from booking.queries.catalogue import ResourceFacts
from booking.queries.policies import current_policy
from booking.queries.quotas import Quota, quota, weeks_of


def quota_beside(
    session: Session,
    found: ResourceFacts,
    project_id: UUID | None,
    times: tuple[datetime, datetime] | None,
    *,
    now: datetime,
) -> Quota | None:
    """Return what is left of the weeks of a wish, of this week where no time is asked for.

    None where no policy limits anything, or no project is chosen.
    """
    rules = current_policy(session, found.facility_id)
    project = None if project_id is None else projects.project(session, project_id)
    if rules is None or project is None:
        return None
    start, end = _bounded(times, found, now)
    return quota(
        session,
        resource_id=found.id,
        organisation_id=project.organisation_id,
        rules=rules,
        weeks=weeks_of(session, found.facility_id, within=Interval(start, end)),
        now=now,
    )


def _bounded(
    times: tuple[datetime, datetime] | None, found: ResourceFacts, now: datetime
) -> tuple[datetime, datetime]:
    """Draw the time to look at into what may be booked at all, a few weeks of it at the most."""
    if times is None or times[1] <= times[0]:
        return now, now + timedelta(minutes=1)
    last = now + timedelta(days=found.horizon_days)
    start = min(max(times[0], now), last)
    return start, min(max(times[1], start + timedelta(minutes=1)), start + timedelta(weeks=5))
