"""Organisations in a person's account: registering one, and the facts it declares."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.declaring import ASKED, KINDS, fact_in_words, read_fact
from api.pages.fields import Address, Form, Typed, errors_of, typed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import Action, Scope, may
from booking.engine.vocabulary import OrganisationKind
from booking.errors import DomainError
from booking.queries import accounts
from booking.reference.countries import countries, country_name
from booking.services import group_workings, organisations

router = APIRouter()


@router.get("/account/organisations/new")
def new_organisation(visit: Visiting) -> Response:
    """Show the form that registers an organisation."""
    visit.sign_in_first()
    return _form_shown(visit, typed({}))


@router.post("/account/organisations/new")
def register(visit: Submitting, form: Form) -> Response:
    """Register an organisation; who does becomes its administrator."""
    visit.sign_in_first()
    kind = form.word("kind", OrganisationKind)
    form.needed("kind", "Choose what it is.")
    if form.refusal or kind is None:
        return _form_shown(visit, form, form.refusal)
    made = visit.write(
        lambda session: organisations.create_organisation(
            session,
            actor=visit.actor,
            now=visit.now,
            name=form["name"],
            country=form["country"],
            kind=kind,
            ror_id=form["ror_id"].strip() or None,
        )
    )
    if isinstance(made, DomainError):
        return _form_shown(visit, form, made)
    return go(visit, f"/account/organisations/{made.id}", f"{made.name} is registered.")


@router.get("/account/organisations/{organisation_id:uuid}")
def organisation(visit: Visiting, organisation_id: UUID, address: Address) -> Response:
    """Show an organisation with what it declared and the groups that makes it part of."""
    visit.sign_in_first()
    return _shown(visit, organisation_id, address)


@router.post("/account/organisations/{organisation_id:uuid}/facts")
def declare(visit: Submitting, organisation_id: UUID, form: Form) -> Response:
    """Declare one fact as of a day."""
    visit.sign_in_first()
    fact = read_fact(form)
    as_of = form.day("as_of")
    form.needed("as_of", "Give the day that this speaks of.")
    if fact is None or as_of is None or form.refusal:
        return _shown(visit, organisation_id, form, form.refusal)
    name, value = fact
    declared = visit.write(
        lambda session: organisations.declare_fact(
            session,
            actor=visit.actor,
            now=visit.now,
            organisation_id=organisation_id,
            name=name,
            value=value,
            as_of=as_of,
        )
    )
    if isinstance(declared, DomainError):
        return _shown(visit, organisation_id, form, declared)
    return go(visit, f"/account/organisations/{organisation_id}", "Declared. Thank you.")


def _form_shown(visit: Visit, values: Typed, refused: DomainError | None = None) -> Response:
    return show(
        visit,
        "account/organisation_new.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        kinds=KINDS,
        countries=[(each.country, each.name) for each in countries().values()],
    )


def _shown(
    visit: Visit, organisation_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    seen = visit.read(lambda session: _look(visit, session, organisation_id))
    scope = Scope(organisation_id=organisation_id)
    return show(
        visit,
        "account/organisation.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=_at_fields(refused),
        asked=ASKED,
        may_declare=may(visit.actor, Action.ORGANISATION_EDIT, scope),
        country_name=country_name,
        kinds=dict(KINDS),
        in_words=fact_in_words,
        today=date.isoformat(visit.now.date()),
        **seen,
    )


def _at_fields(refused: DomainError | None) -> dict[str, str]:
    """Return the reasons by field of the form; the form has one field for the whole value."""
    found: dict[str, str] = {}
    for name, reason in errors_of(refused).items():
        found.setdefault(name.split("/")[0], reason)
    return found


def _look(visit: Visit, session: Any, organisation_id: UUID) -> dict[str, Any]:
    facts = organisations.list_facts(session, actor=visit.actor, organisation_id=organisation_id)
    row = organisations.known_organisation(session, organisation_id)
    today = visit.now.date()
    return {
        "organisation": row,
        "facts": facts,
        "states": {each.id: organisations.verification_of(each, today) for each in facts},
        "projects": [
            each
            for each in accounts.projects_of(session, visit.actor)
            if each.organisation_id == organisation_id
        ],
        "workings": group_workings.workings_of(
            session, actor=visit.actor, organisation=row, on=today
        ),
    }
