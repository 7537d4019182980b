"""Which facility a page of the desk is about, and whether the visitor may be there."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from api.pages.visit import Visit
from booking.engine.permissions import Action, Scope, may
from booking.errors import NotFound
from booking.queries.catalogue import facility_by_slug, resource
from booking.services.permits import permit

# The parts of a facility's desk, and what one must be allowed to do for each.
PARTS: Final = (
    ("", "Resources", Action.CATALOGUE_SEE_DRAFTS),
    ("/day", "Day sheet", Action.BOOKING_CHECK_IN),
    ("/approvals", "Approvals", Action.BOOKING_APPROVE),
    ("/qualifications", "Qualifications", Action.QUALIFICATION_GRANT),
    ("/details", "Details", Action.FACILITY_EDIT),
    ("/hours", "Opening hours", Action.CATALOGUE_EDIT),
    ("/closures", "Closures", Action.CLOSURE_EDIT),
    ("/import", "Import and export", Action.CATALOGUE_IMPORT),
    ("/terms", "Terms", Action.TERMS_EDIT),
    ("/policy", "Policy", Action.POLICY_EDIT),
    ("/staff", "Staff", Action.STAFF_MANAGE),
    ("/mail", "Mail", Action.DELIVERY_SEE),
)


def managed(visit: Visit, slug: str, action: Action) -> Any:
    """Return the facility, if the visitor may do this there.

    Raises: NotSignedIn; NotFound; NotPermitted.
    """
    visit.sign_in_first()
    found = visit.read(lambda session: facility_by_slug(session, slug))
    if found is None:
        raise NotFound(f"There is no facility {slug!r}; your desk lists those you look after.")
    permit(visit.actor, action, Scope(facility_id=found.id))
    return found


def resource_of(visit: Visit, facility: Any, resource_id: UUID) -> Any:
    """Return a resource of the facility.

    Raises: NotFound.
    """
    row = visit.read(lambda session: resource(session, resource_id))
    if row is None or row.facility_id != facility.id:
        raise NotFound("This facility has no such resource. Look at the list of its resources.")
    return row


def around(visit: Visit, facility: Any, here: str) -> Mapping[str, Any]:
    """Return what every page of a facility's desk shows: where one is, and where one may go."""
    scope = Scope(facility_id=facility.id)
    parts = [
        (f"/manage/facilities/{facility.slug}{end}", words, end == here)
        for end, words, action in PARTS
        if may(visit.actor, action, scope)
    ]
    return {"facility": facility, "parts": parts}
