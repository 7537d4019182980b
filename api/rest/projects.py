"""Projects and the people on them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.deps import Cursor, Limit, Line, Name, Now, Prose, ReadSession, SignedIn, WriteSession
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.queries import projects as projects_read
from booking.services import projects

router = APIRouter(tags=["projects"], route_class=IdempotentRoute)
LONGEST_FIELD = 120
Field = Annotated[Line, StringConstraints(max_length=LONGEST_FIELD)]


class Project(BaseModel):
    """A project, as those who may see it see it."""

    id: UUID
    name: str
    organisation_id: UUID
    principal_investigator_id: UUID
    description: str
    field: str


class Projects(BaseModel):
    """One page of projects, by name."""

    items: list[Project]
    next: str | None


class NewProject(BaseModel):
    """A project to create; who creates it leads it."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    organisation_id: UUID
    description: Prose = ""
    field: Field = ""


class ProjectChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Prose | None = None
    field: Field | None = None
    principal_investigator_id: UUID | None = None


class ProjectMember(BaseModel):
    """A person on the project."""

    person_id: UUID
    name: str
    email: str
    principal_investigator: bool


class ProjectMembers(BaseModel):
    """The people on the project, by name; there is one page."""

    items: list[ProjectMember]
    next: str | None = None


class NewProjectMember(BaseModel):
    """Who is to join, by the address they sign in with."""

    model_config = ConfigDict(extra="forbid")

    email: Line


@router.get("/projects", responses=problems(401))
def list_projects(
    session: ReadSession,
    actor: SignedIn,
    *,
    organisation: UUID | None = None,
    mine: Annotated[bool, Query(description="Only those you are on")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Projects:
    """Return the projects you may see, by name."""
    page = projects_read.projects(
        session,
        viewer=actor,
        organisation_id=organisation,
        mine=mine,
        limit=limit,
        cursor=cursor,
    )
    return Projects(items=[_shown(each) for each in page.items], next=page.next)


@router.post("/projects", status_code=201, responses=problems(401, 403, 404, 409))
def create_project(
    new: NewProject, session: WriteSession, actor: SignedIn, now: Now, response: Response
) -> Project:
    """Create a project of your organisation, and lead it."""
    row = projects.create_project(session, actor=actor, now=now, **new.model_dump())
    shown = _shown(row)
    set_etag(response, shown)
    return shown


@router.get("/projects/{project_id}", responses=problems(401, 404))
def see_project(
    project_id: UUID, session: ReadSession, actor: SignedIn, response: Response
) -> Project:
    """Return a project."""
    shown = _shown(projects.see_project(session, actor=actor, project_id=project_id))
    set_etag(response, shown)
    return shown


@router.patch("/projects/{project_id}", responses=problems(401, 403, 404, 409, 412))
def edit_project(
    project_id: UUID,
    change: ProjectChange,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> Project:
    """Change a project, or who leads it."""
    before = projects.see_project(session, actor=actor, project_id=project_id)
    lock_to_match(session, if_match, before)
    check_match(if_match, _shown(before))
    row = projects.edit_project(
        session,
        actor=actor,
        now=now,
        project_id=project_id,
        **change.model_dump(exclude_none=True),
    )
    shown = _shown(row)
    set_etag(response, shown)
    return shown


@router.get("/projects/{project_id}/members", responses=problems(401, 404))
def list_project_members(project_id: UUID, session: ReadSession, actor: SignedIn) -> ProjectMembers:
    """Return the people on a project."""
    found = projects.list_people(session, actor=actor, project_id=project_id)
    return ProjectMembers(
        items=[ProjectMember.model_validate(each, from_attributes=True) for each in found]
    )


@router.post(
    "/projects/{project_id}/members", status_code=201, responses=problems(401, 403, 404, 409)
)
def add_project_member(
    project_id: UUID, new: NewProjectMember, session: WriteSession, actor: SignedIn, now: Now
) -> ProjectMember:
    """Take somebody who has signed in before onto the project."""
    person = projects.add_member(
        session, actor=actor, now=now, project_id=project_id, email=new.email
    )
    people = projects.list_people(session, actor=actor, project_id=project_id)
    joined = next(each for each in people if each.person_id == person.id)
    return ProjectMember.model_validate(joined, from_attributes=True)


@router.delete(
    "/projects/{project_id}/members/{person_id}",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
def remove_project_member(
    project_id: UUID, person_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> None:
    """Take somebody off the project."""
    projects.remove_member(
        session, actor=actor, now=now, project_id=project_id, person_id=person_id
    )


def _shown(row: Any) -> Project:
    return Project.model_validate(row, from_attributes=True)
