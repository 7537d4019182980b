"""Projects in a person's account: creating one, and who is on it."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.errors import DomainError
from booking.queries import accounts
from booking.services import projects

router = APIRouter()


@router.get("/account/projects/new")
def new_project(visit: Visiting, address: Address) -> Response:
    """Show the form that creates a project."""
    visit.sign_in_first()
    return _form_shown(visit, address)


@router.post("/account/projects/new")
def create(visit: Submitting, form: Form) -> Response:
    """Create a project; who does leads it."""
    visit.sign_in_first()
    organisation_id = form.key("organisation_id")
    form.needed("organisation_id", "Choose the organisation it belongs to.")
    field, description = form.line("field", longest=120), form.prose("description")
    if form.refusal or organisation_id is None:
        return _form_shown(visit, form, form.refusal)
    made = visit.write(
        lambda session: projects.create_project(
            session,
            actor=visit.actor,
            now=visit.now,
            name=form["name"],
            organisation_id=organisation_id,
            field=field,
            description=description,
        )
    )
    if isinstance(made, DomainError):
        return _form_shown(visit, form, made)
    return go(visit, f"/account/projects/{made.id}", f"{made.name} is created. You lead it.")


@router.get("/account/projects/{project_id:uuid}")
def project(visit: Visiting, project_id: UUID, address: Address) -> Response:
    """Show a project and its people."""
    visit.sign_in_first()
    return _shown(visit, project_id, address)


@router.post("/account/projects/{project_id:uuid}/members")
def add_member(visit: Submitting, project_id: UUID, form: Form) -> Response:
    """Take a person onto the project."""
    visit.sign_in_first()
    added = visit.write(
        lambda session: projects.add_member(
            session, actor=visit.actor, now=visit.now, project_id=project_id, email=form["email"]
        )
    )
    if isinstance(added, DomainError):
        return _shown(visit, project_id, form, added)
    return go(visit, f"/account/projects/{project_id}", f"{added.name} is on the project.")


@router.post("/account/projects/{project_id:uuid}/members/{person_id:uuid}/remove")
def remove_member(visit: Submitting, project_id: UUID, person_id: UUID, form: Form) -> Response:
    """Take a person off the project."""
    visit.sign_in_first()
    removed = visit.write(
        lambda session: projects.remove_member(
            session, actor=visit.actor, now=visit.now, project_id=project_id, person_id=person_id
        )
    )
    if isinstance(removed, DomainError):
        return _shown(visit, project_id, form, removed)
    left = person_id == visit.person.id
    where = "/account" if left else f"/account/projects/{project_id}"
    return go(visit, where, "You left the project." if left else "Taken off the project.")


@router.post("/account/projects/{project_id:uuid}/members/{person_id:uuid}/lead")
def let_lead(visit: Submitting, project_id: UUID, person_id: UUID, form: Form) -> Response:
    """Let another of its people lead the project."""
    visit.sign_in_first()
    changed = visit.write(
        lambda session: projects.edit_project(
            session,
            actor=visit.actor,
            now=visit.now,
            project_id=project_id,
            principal_investigator_id=person_id,
        )
    )
    if isinstance(changed, DomainError):
        return _shown(visit, project_id, form, changed)
    return go(visit, f"/account/projects/{project_id}", "The project has a new leader.")


def _form_shown(visit: Visit, values: Typed, refused: DomainError | None = None) -> Response:
    organisations = visit.read(lambda session: accounts.organisations_of(session, visit.actor))
    return show(
        visit,
        "account/project_new.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        organisations=[(each.id, each.name) for each in organisations],
    )


def _shown(
    visit: Visit, project_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    seen, members = visit.read(
        lambda session: (
            projects.see_project(session, actor=visit.actor, project_id=project_id),
            projects.list_people(session, actor=visit.actor, project_id=project_id),
        )
    )
    return show(
        visit,
        "account/project.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        project=seen,
        members=members,
    )
