"""A draft round that is not to be: deleted, or led by another facility."""

from datetime import datetime

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import RulesBroken
from booking.events import record
from booking.models import Round, RoundFacility
from booking.queries.round_dependents import what_stays
from booking.queries.rounds import facility_named, taking_part
from booking.services.permits import permit
from booking.services.rounds import locked_draft


def delete_draft(session: Session, *, actor: Actor, now: datetime, key: str) -> None:
    """Delete a round whose call never opened; the audit trail keeps that there was one.

    Raises: NotFound; WrongState once its call is open; RulesBroken if anything refers to it, such
    as a request.
    """
    row = locked_draft(session, key, actor=actor, mend="Close it once it is over; it stays.")
    _refuse_referred(session, row)
    parts = taking_part(session, row.id)
    record(
        session,
        EventKind.ROUND_DELETED,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=row.facility_id,
        payload={
            "slug": row.slug,
            "seed_hash": row.seed_hash,
            "facilities": [str(each.facility_id) for each in parts],
        },
    )
    for part in parts:
        session.delete(part)
    session.flush()
    session.delete(row)
    session.flush()


def hand_over_lead(
    session: Session, *, actor: Actor, now: datetime, key: str, facility: str
) -> Round:
    """Let another facility (slug or id) lead a draft, so that its policy rules the round.

    The new lead takes part from now on if it did not, and the former one still does. The
    actor needs to run the round and to be allowed to draft one at the new lead.
    Raises: NotFound; WrongState once its call is open; RulesBroken if it leads already.
    """
    mend = "What it opened with stands."
    row = locked_draft(session, key, actor=actor, mend=mend)
    place = facility_named(session, facility)
    permit(actor, Action.ROUND_CREATE, Scope(facility_id=place.id))
    if place.id == row.facility_id:
        reason = f"{place.name} leads this round already; choose another facility."
        raise RulesBroken(reason, [Violation("leads_already", reason, "/facility")])
    former, row.facility_id = row.facility_id, place.id
    row.updated_at = now
    if place.id not in {each.facility_id for each in taking_part(session, row.id)}:
        session.add(RoundFacility(round_id=row.id, facility_id=place.id))
    session.flush()
    # Once for each, so that it stands among the events of the facility that leads no more, too.
    for facility_id in (former, place.id):
        record(
            session,
            EventKind.ROUND_HANDED_OVER,
            subject_id=row.id,
            now=now,
            actor_id=actor.person_id,
            facility_id=facility_id,
            payload={"slug": row.slug, "from": str(former), "to": str(place.id)},
        )
    return row


def _refuse_referred(session: Session, row: Round) -> None:
    found = [
        Violation(
            code, f"The round has {what}, so it cannot be deleted. Open its call and close it."
        )
        for code, what in what_stays(session, row.id)
    ]
    if found:
        raise RulesBroken(found[0].reason, found)
