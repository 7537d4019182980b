"""A facility's terms: to read, and to accept for a project."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.sign_in import local_path
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.errors import DomainError, NotFound
from booking.queries import catalogue
from booking.queries.terms_standing import TermsStanding, terms_standing
from booking.services import terms as services

router = APIRouter()


@router.get("/facilities/{slug}/terms")
def terms(visit: Visiting, slug: str, address: Address) -> Response:
    """Show a facility's terms, and for which of the visitor's projects they stand open."""
    return _shown(visit, slug, address)


@router.post("/facilities/{slug}/terms")
def accept(visit: Submitting, slug: str, form: Form) -> Response:
    """Accept the terms that were read, for a project."""
    visit.sign_in_first()
    project_id = form.key("project_id")
    number = form.whole("number", least=1, most=2**31 - 1)
    form.needed("project_id", "Choose the project you accept them for.")
    form.needed("number", "Reload the page and read the terms again.")
    if form.refusal or project_id is None:
        return _shown(visit, slug, form, form.refusal)
    accepted = visit.write(
        lambda session: services.accept_terms(
            session,
            actor=visit.actor,
            now=visit.now,
            facility=slug,
            project_id=project_id,
            number=number,
        )
    )
    if isinstance(accepted, DomainError):
        return _shown(visit, slug, form, accepted)
    where = local_path(form["next"]) if form["next"] else f"/facilities/{slug}/terms"
    return go(visit, where, "The terms are accepted for your project.")


def _shown(visit: Visit, slug: str, values: Typed, refused: DomainError | None = None) -> Response:
    facility, standing = visit.read(lambda session: _look(session, visit, slug))
    waiting = [(each.id, each.name) for each in standing.projects if each.accepted_at is None]
    return show(
        visit,
        "facility/terms.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        facility=facility,
        terms=standing,
        waiting=waiting,
        accepted=[each for each in standing.projects if each.accepted_at is not None],
    )


def _look(session: Session, visit: Visit, slug: str) -> tuple[Any, TermsStanding]:
    place = catalogue.facility_by_slug(session, slug)
    standing = place and terms_standing(session, place.id, viewer=visit.actor)
    if not standing:
        raise NotFound("There is no such facility, or it has no terms. Look at the facilities.")
    return place, standing
