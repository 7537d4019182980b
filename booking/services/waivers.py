"""A manager sets aside the rules that are waivable, and says why."""

from uuid import UUID

from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.violations import Violation
from booking.errors import Malformed
from booking.services.permits import permit


def may_waive(actor: Actor, facility_id: UUID) -> bool:
    """Say whether the actor may set rules aside at the facility."""
    return may(actor, Action.BOOKING_WAIVE, Scope(facility_id=facility_id))


def waiver_of(actor: Actor, facility_id: UUID, reason: str) -> str:
    """Return the reason for setting rules aside, trimmed; empty if none is to be.

    Raises: NotPermitted for others than managers; Malformed if the reason is blank.
    """
    if not reason:
        return ""
    permit(actor, Action.BOOKING_WAIVE, Scope(facility_id=facility_id))
    if not reason.strip():
        words = "Rules are set aside for a reason; write it, or leave the waiver out."
        raise Malformed(words, [Violation("missing", words, "/waiver")])
    return reason.strip()
