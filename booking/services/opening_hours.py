"""Weekly opening hours of a facility, or of one resource alone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound
from booking.events import record
from booking.models import OpeningHours
from booking.queries import catalogue
from booking.services.catalogue import found_facility
from booking.services.offer_versions import raise_offer_version
from booking.services.permits import permit

MOST_WINDOWS = 100


def set_opening_hours(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    hours: Sequence[WeeklyHours],
    resource_id: UUID | None = None,
) -> Sequence[OpeningHours]:
    """Replace the hours of a facility, or of one of its resources alone.

    A resource without hours of its own has the facility's; a facility without any is
    always open.
    Raises: NotFound; Malformed for more than 100 windows.
    """
    permit(actor, Action.CATALOGUE_EDIT, Scope(facility_id=facility_id))
    found_facility(session, facility_id)
    if resource_id is not None:
        row = catalogue.resource(session, resource_id)
        if row is None or row.facility_id != facility_id:
            raise NotFound("There is no such resource at this facility.")
    if len(hours) > MOST_WINDOWS:
        reason = f"A week has at most {MOST_WINDOWS} windows here: join some of them."
        raise Malformed(reason, [Violation("too_many", reason, "/hours")])
    replace_hours(session, facility_id=facility_id, resource_id=resource_id, hours=hours)
    record(
        session,
        EventKind.OPENING_HOURS_CHANGED,
        subject_id=resource_id or facility_id,
        now=now,
        actor_id=actor.person_id,
        facility_id=facility_id,
        payload={"windows": len(set(hours))},
    )
    return catalogue.opening_hours(session, facility_id, resource_id=resource_id)


def replace_hours(
    session: Session,
    *,
    facility_id: UUID,
    resource_id: UUID | None,
    hours: Sequence[WeeklyHours],
) -> None:
    """Write the hours in place of those before."""
    for each in catalogue.opening_hours(session, facility_id, resource_id=resource_id):
        session.delete(each)
    session.add_all(
        OpeningHours(
            facility_id=facility_id,
            resource_id=resource_id,
            weekday=each.weekday,
            opens=each.opens,
            closes=each.closes,
        )
        for each in dict.fromkeys(hours)
    )
    session.flush()
    raise_offer_version(session, facility_id)
