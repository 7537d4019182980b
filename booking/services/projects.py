"""Projects: teams of one organisation that hold access."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.violations import Violation
from booking.errors import NotFound, RulesBroken
from booking.events import record
from booking.models import Person, Project, ProjectMember
from booking.queries import projects
from booking.services.organisations import known_organisation
from booking.services.people import known_person, person_with_email
from booking.services.permits import permit, permit_signed_in
from booking.services.well_formed import read_name


def create_project(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    name: str,
    organisation_id: UUID,
    description: str = "",
    field: str = "",
    principal_investigator_id: UUID | None = None,
) -> Project:
    """Create a project; who creates it leads it, unless officer or system names a leader.

    Raises: NotFound; Malformed; RulesBroken if the organisation is suspended; ValueError
    if there is nobody to lead it.
    """
    permit(actor, Action.PROJECT_CREATE, Scope(organisation_id=organisation_id))
    organisation = known_organisation(session, organisation_id)
    if organisation.suspended_at is not None:
        raise _broken(
            "organisation_suspended",
            f"{organisation.name} is suspended; ask a programme officer to reinstate it first.",
            "/organisation_id",
        )
    leader_id = principal_investigator_id or actor.person_id
    if leader_id is None:
        raise ValueError("The system creates a project for somebody: name who leads it.")
    if leader_id != actor.person_id:
        permit(actor, Action.USER_CREATE)
        known_person(session, leader_id)
    row = Project(
        name=read_name(name),
        organisation_id=organisation.id,
        principal_investigator_id=leader_id,
        description=description,
        field=field,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.add(ProjectMember(project_id=row.id, person_id=leader_id))
    session.flush()
    payload = {"organisation_id": str(organisation.id), "leader_id": str(leader_id)}
    _record(session, EventKind.PROJECT_CREATED, row, actor=actor, now=now, payload=payload)
    return row


def edit_project(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: UUID,
    name: str | None = None,
    description: str | None = None,
    field: str | None = None,
    principal_investigator_id: UUID | None = None,
) -> Project:
    """Change what is given; a new principal investigator is one of the project's people.

    Raises: NotFound; Malformed; RulesBroken if the new leader is not on the project.
    """
    row = _project_to_edit(session, actor, project_id)
    if principal_investigator_id is not None:
        _refuse_outsider(session, row, principal_investigator_id)
    wanted = {
        "name": None if name is None else read_name(name),
        "description": description,
        "field": field,
        "principal_investigator_id": principal_investigator_id,
    }
    changed = [key for key, to in wanted.items() if to is not None and to != getattr(row, key)]
    for key in changed:
        setattr(row, key, wanted[key])
    if changed:
        payload = {"changed": changed}
        _record(session, EventKind.PROJECT_CHANGED, row, actor=actor, now=now, payload=payload)
    return row


def add_member(
    session: Session, *, actor: Actor, now: datetime, project_id: UUID, email: str
) -> Person:
    """Take a person who has signed in before onto the project; again changes nothing.

    Raises: NotFound for the project, or if nobody has that address; Malformed.
    """
    row = _project_to_edit(session, actor, project_id, lock=True)
    person = person_with_email(session, email)
    if projects.project_member(session, row.id, person.id) is None:
        session.add(ProjectMember(project_id=row.id, person_id=person.id))
        session.flush()
        payload = {"joined": str(person.id)}
        _record(session, EventKind.PROJECT_CHANGED, row, actor=actor, now=now, payload=payload)
    return person


def remove_member(
    session: Session, *, actor: Actor, now: datetime, project_id: UUID, person_id: UUID
) -> None:
    """Take a person off the project.

    Raises: NotFound; RulesBroken for the principal investigator.
    """
    row = _project_to_edit(session, actor, project_id, lock=True)
    member = projects.project_member(session, row.id, person_id)
    if member is None:
        raise NotFound("That person is not on the project; look at the list of its people.")
    if person_id == row.principal_investigator_id:
        raise _broken(
            "leads_the_project",
            "The principal investigator cannot leave. Let somebody else on the project lead "
            "it first.",
            "/principal_investigator_id",
        )
    session.delete(member)
    session.flush()
    payload = {"left": str(person_id)}
    _record(session, EventKind.PROJECT_CHANGED, row, actor=actor, now=now, payload=payload)


def see_project(session: Session, *, actor: Actor, project_id: UUID) -> Project:
    """Return a project.

    Raises: NotFound if there is none, or the actor may not know of it.
    """
    permit_signed_in(actor)
    row = projects.project(session, project_id)
    if row is None or not may(actor, Action.PROJECT_SEE, _scope(row)):
        raise _unknown()
    return row


def list_people(
    session: Session, *, actor: Actor, project_id: UUID
) -> tuple[projects.ProjectMemberFacts, ...]:
    """Return the people on a project.

    Raises: NotFound.
    """
    row = see_project(session, actor=actor, project_id=project_id)
    return projects.people_of(session, row.id)


def _project_to_edit(
    session: Session, actor: Actor, project_id: UUID, *, lock: bool = False
) -> Project:
    row = see_project(session, actor=actor, project_id=project_id)
    permit(actor, Action.PROJECT_EDIT, _scope(row))
    if lock:
        projects.lock_project(session, row.id)
    return row


def _scope(row: Project) -> Scope:
    return Scope(organisation_id=row.organisation_id, project_id=row.id)


def _refuse_outsider(session: Session, row: Project, person_id: UUID) -> None:
    if projects.project_member(session, row.id, person_id) is None:
        raise _broken(
            "not_on_the_project",
            "Only somebody on the project can lead it; add that person first.",
            "/principal_investigator_id",
        )


def _unknown() -> NotFound:
    return NotFound("There is no such project; look at the list of your projects.")


def _broken(code: str, reason: str, pointer: str) -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, pointer)])


def _record(
    session: Session,
    kind: EventKind,
    row: Project,
    *,
    actor: Actor,
    now: datetime,
    payload: dict[str, Any],
) -> None:
    record(session, kind, subject_id=row.id, now=now, actor_id=actor.person_id, payload=payload)
