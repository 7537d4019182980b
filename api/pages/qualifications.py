"""Who is qualified for a resource: listed, granted by e-mail, taken away."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed, resource_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import day_start
from booking.engine.permissions import Action
from booking.errors import DomainError
from booking.queries import catalogue as reads
from booking.services import qualifications

router = APIRouter()
PART: Final = "/qualifications"
ONE_DAY: Final = timedelta(days=1)


@router.get("/manage/facilities/{slug}/qualifications")
def places(visit: Visiting, slug: str) -> Response:
    """List the facility's resources that need a qualification."""
    facility = managed(visit, slug, Action.QUALIFICATION_GRANT)
    rows = visit.read(lambda session: reads.resources_of(session, facility.id))
    rows = [each for each in rows if each.state != ResourceState.RETIRED]
    return show(
        visit,
        "manage/qualifications.html",
        asking=[each for each in rows if each.qualification_needed],
        others=[each for each in rows if not each.qualification_needed],
        **around(visit, facility, PART),
    )


@router.get("/manage/facilities/{slug}/resources/{resource_id:uuid}/qualifications")
def qualified(visit: Visiting, slug: str, resource_id: UUID) -> Response:
    """List who is qualified for the resource, with the form that grants."""
    facility = managed(visit, slug, Action.QUALIFICATION_GRANT)
    return _shown(visit, facility, resource_of(visit, facility, resource_id), typed({}))


@router.post("/manage/facilities/{slug}/resources/{resource_id:uuid}/qualifications")
def qualify(visit: Submitting, slug: str, resource_id: UUID, form: Form) -> Response:
    """Qualify somebody who has signed in before; again sets the end anew."""
    facility = managed(visit, slug, Action.QUALIFICATION_GRANT)
    resource = resource_of(visit, facility, resource_id)
    form.needed("email", "Write the e-mail address they sign in with.")
    ends = _end_of(form, facility.zone)
    if form.refusal:
        return _shown(visit, facility, resource, form, form.refusal)
    done = visit.write(
        lambda session: qualifications.grant_qualification(
            session,
            actor=visit.actor,
            now=visit.now,
            resource_id=resource_id,
            email=form["email"],
            expires_at=ends,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, resource, form, done)
    words = f"{form.line('email')} may book {resource.name} now."
    return go(visit, _address(facility, resource_id), words)


@router.post(
    "/manage/facilities/{slug}/resources/{resource_id:uuid}/qualifications"
    "/{qualification_id:uuid}/remove"
)
def revoke(visit: Submitting, slug: str, resource_id: UUID, qualification_id: UUID) -> Response:
    """Take a qualification away."""
    facility = managed(visit, slug, Action.QUALIFICATION_GRANT)
    resource = resource_of(visit, facility, resource_id)
    done = visit.write(
        lambda session: qualifications.revoke_qualification(
            session,
            actor=visit.actor,
            now=visit.now,
            resource_id=resource_id,
            qualification_id=qualification_id,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, resource, typed({}), done)
    return go(visit, _address(facility, resource_id), "The qualification is taken away.")


def _address(facility: Any, resource_id: UUID) -> str:
    return f"/manage/facilities/{facility.slug}/resources/{resource_id}/qualifications"


def _end_of(form: Typed, zone: str) -> datetime | None:
    """Read when it ends: after the last day, by the facility's clock; None without one."""
    last = form.day("last_day")
    try:
        return None if last is None else day_start(last + ONE_DAY, zone)
    except OverflowError:
        form.fault("last_day", "Choose an earlier year, or leave the day out.")
        return None


def _shown(
    visit: Visit, facility: Any, resource: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    rows = visit.read(
        lambda session: qualifications.list_qualifications(
            session, actor=visit.actor, resource_id=resource.id
        )
    )
    errors = errors_of(refused)
    return show(
        visit,
        "manage/qualified.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors,
        end_error=errors.get("last_day") or errors.get("expires_at", ""),
        resource=resource,
        rows=rows,
        address=_address(facility, resource.id),
        **around(visit, facility, PART),
    )
