"""A facility's resources on the desk: list, add, change, publish, retire."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed, resource_of
from api.pages.resource_form import (
    ACCESS_OPTIONS,
    BOOKED,
    CONTACT,
    MODE_OPTIONS,
    NEW,
    WHAT,
    changes_in,
    values_of,
)
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import ResourceState
from booking.engine.permissions import Action, Scope, may
from booking.errors import DomainError
from booking.queries import catalogue as reads
from booking.services import catalogue as services

router = APIRouter()


@router.get("/manage/facilities/{slug}")
def resources(visit: Visiting, slug: str) -> Response:
    """List the facility's resources, drafts and retired ones too."""
    return _listed(visit, managed(visit, slug, Action.CATALOGUE_SEE_DRAFTS))


@router.get("/manage/facilities/{slug}/resources/new")
def new_resource(visit: Visiting, slug: str) -> Response:
    """Show an empty form."""
    return _form_shown(visit, managed(visit, slug, Action.CATALOGUE_EDIT), typed(NEW))


@router.post("/manage/facilities/{slug}/resources/new")
def add(visit: Submitting, slug: str, form: Form) -> Response:
    """Add a resource: a draft, or published at once."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    values = changes_in(form)
    if form.refusal:
        return _form_shown(visit, facility, form, form.refusal)
    state = ResourceState.PUBLISHED if form["do"] == "publish" else ResourceState.DRAFT
    name, kind = values.pop("name"), values.pop("kind")
    made = visit.write(
        lambda session: services.create_resource(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            name=name,
            kind=kind,
            state=state,
            values=values,
        )
    )
    if isinstance(made, DomainError):
        return _form_shown(visit, facility, form, made)
    done = "is published" if state is ResourceState.PUBLISHED else "is kept as a draft"
    return go(visit, f"/manage/facilities/{slug}", f"{made.name} {done}.")


@router.get("/manage/facilities/{slug}/resources/{resource_id:uuid}")
def edit(visit: Visiting, slug: str, resource_id: UUID) -> Response:
    """Show the resource's form."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    row = resource_of(visit, facility, resource_id)
    return _form_shown(visit, facility, typed(values_of(row)), row=row)


@router.post("/manage/facilities/{slug}/resources/{resource_id:uuid}")
def change(visit: Submitting, slug: str, resource_id: UUID, form: Form) -> Response:
    """Save the fields, publish, or retire: as the pressed button says."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    row = resource_of(visit, facility, resource_id)
    steps = {"publish": services.publish_resource, "retire": services.retire_resource}
    common: dict[str, Any] = {"actor": visit.actor, "now": visit.now, "resource_id": resource_id}
    if form["do"] in steps:
        done = visit.write(lambda session: steps[form["do"]](session, **common))
        if isinstance(done, DomainError):
            return _listed(visit, facility, done)
        words = {"publish": "is published", "retire": "is retired; its page stays"}[form["do"]]
        return go(visit, f"/manage/facilities/{slug}", f"{done.name} {words}.")
    changes = changes_in(form)
    if form.refusal:
        return _form_shown(visit, facility, form, form.refusal, row=row)
    saved = visit.write(lambda session: services.edit_resource(session, **common, changes=changes))
    if isinstance(saved, DomainError):
        return _form_shown(visit, facility, form, saved, row=row)
    return go(visit, f"/manage/facilities/{slug}", f"{saved.name} is saved.")


def _listed(visit: Visit, facility: Any, refused: DomainError | None = None) -> Response:
    rows = visit.read(lambda session: reads.resources_of(session, facility.id))
    scope = Scope(facility_id=facility.id)
    return show(
        visit,
        "manage/resources.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        rows=rows,
        may_edit=may(visit.actor, Action.CATALOGUE_EDIT, scope),
        **around(visit, facility, ""),
    )


def _form_shown(
    visit: Visit,
    facility: Any,
    form: Typed,
    refused: DomainError | None = None,
    *,
    row: Any = None,
) -> Response:
    return show(
        visit,
        "manage/resource.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=_at_fields(errors_of(refused)),
        row=row,
        what=WHAT,
        contact=CONTACT,
        booked=BOOKED,
        modes=MODE_OPTIONS,
        ways=ACCESS_OPTIONS,
        **around(visit, facility, ""),
    )


def _at_fields(errors: dict[str, str]) -> dict[str, str]:
    if "rate_thousandths" in errors:
        errors.setdefault("rate", errors["rate_thousandths"])
    return errors
