"""The signed-in person: profile, API tokens, own data."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.deps import Instant, Line, Name, Now, ReadSession, SignedIn, WriteSession
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute, keep_no_answer
from api.problems import problems
from booking.engine.digests import LONGEST_ALARM_MINUTES
from booking.engine.permissions import SCOPE_WORDS, Actor, Role
from booking.engine.vocabulary import CalendarMail
from booking.queries import people as people_read
from booking.queries import projects as projects_read
from booking.services import people, personal, preferences, tokens
from booking.services.preferences import Alarm

MOST_SCOPES: Final = len(SCOPE_WORDS)
router = APIRouter(tags=["me"], route_class=IdempotentRoute)


class MyRole(BaseModel):
    """A role, and where it stands; neither place is the whole installation."""

    id: UUID
    role: Role
    facility_id: UUID | None
    organisation_id: UUID | None


class MyProject(BaseModel):
    """A project the person is on."""

    id: UUID
    name: str
    organisation_id: UUID


class Me(BaseModel):
    """The signed-in person."""

    id: UUID
    email: str
    name: str
    orcid: str
    zone: str
    locale: str
    calendar_mail: CalendarMail
    alarm_minutes: int | None
    roles: list[MyRole]
    projects: list[MyProject]


class ProfileChange(BaseModel):
    """What to change of the profile; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    orcid: Line | None = None
    zone: Line | None = None
    locale: Line | None = None
    calendar_mail: CalendarMail | None = None
    alarm_minutes: Annotated[
        int | None,
        Field(
            ge=0,
            le=LONGEST_ALARM_MINUTES,
            description="Minutes before a booking that calendars ring; null: they do not",
        ),
    ] = None


class NewToken(BaseModel):
    """A token to create; without scopes it may do all the person may do."""

    model_config = ConfigDict(extra="forbid")

    name: Line = "token"
    scopes: list[Line] = Field(default=[], max_length=MOST_SCOPES, examples=[["read"]])
    expires_at: Instant | None = None


class Token(BaseModel):
    """An API token, without the secret."""

    id: UUID
    name: str
    scopes: list[str] | None
    created_at: datetime
    expires_at: datetime


class CreatedToken(Token):
    """A new API token; `token` is shown this once."""

    token: str


class Tokens(BaseModel):
    """The person's tokens, newest first; there is one page."""

    items: list[Token]
    next: str | None = None


@router.get("/me", responses=problems(401, 403))
def see_me(session: ReadSession, actor: SignedIn, response: Response) -> Me:
    """Return who is signed in, with roles and projects."""
    me = _me(session, actor)
    set_etag(response, me)
    return me


@router.patch("/me", responses=problems(401, 403, 409, 412))
def edit_me(
    change: ProfileChange,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> Me:
    """Change the own profile."""
    mine = people.see_person(session, actor=actor, person_id=_id(actor))
    lock_to_match(session, if_match, mine)
    check_match(if_match, _me(session, actor))
    profile = change.model_dump(exclude_none=True, exclude={"calendar_mail", "alarm_minutes"})
    people.edit_profile(session, actor=actor, now=now, person_id=_id(actor), **profile)
    preferences.set_preferences(
        session,
        actor=actor,
        now=now,
        person_id=_id(actor),
        calendar_mail=change.calendar_mail,
        alarm=Alarm(change.alarm_minutes) if "alarm_minutes" in change.model_fields_set else None,
    )
    me = _me(session, actor)
    set_etag(response, me)
    return me


@router.get("/me/export", responses=problems(401, 403))
def export_me(session: ReadSession, actor: SignedIn) -> dict[str, Any]:
    """Return all that is held on the person."""
    return personal.export(session, actor=actor, person_id=_id(actor))


@router.delete("/me", status_code=204, responses=problems(401, 403, 409))
def delete_me(session: WriteSession, actor: SignedIn, now: Now) -> None:
    """Delete the account: name, address, roles and keys go, past bookings stay without them."""
    personal.delete_account(session, actor=actor, now=now, person_id=_id(actor))


@router.get("/me/tokens", responses=problems(401, 403))
def list_my_tokens(session: ReadSession, actor: SignedIn) -> Tokens:
    """Return the person's API tokens."""
    rows = tokens.list_tokens(session, actor=actor, person_id=_id(actor))
    return Tokens(items=[Token.model_validate(row, from_attributes=True) for row in rows])


@router.post("/me/tokens", status_code=201, responses=problems(401, 403, 409))
def create_my_token(
    new: NewToken, request: Request, session: WriteSession, actor: SignedIn, now: Now
) -> CreatedToken:
    """Create an API token; it is shown this once, also when the write is repeated."""
    row, token = tokens.create_token(
        session,
        actor=actor,
        now=now,
        person_id=_id(actor),
        name=new.name,
        scopes=new.scopes,
        expires_at=new.expires_at,
    )
    keep_no_answer(request)
    shown = Token.model_validate(row, from_attributes=True)
    return CreatedToken(**shown.model_dump(), token=token)


@router.delete("/me/tokens/{token_id}", status_code=204, responses=problems(401, 403, 404, 409))
def revoke_my_token(token_id: UUID, session: WriteSession, actor: SignedIn, now: Now) -> None:
    """Revoke an API token."""
    tokens.revoke_token(session, actor=actor, now=now, token_id=token_id)


def _me(session: Session, actor: Actor) -> Me:
    person = people.see_person(session, actor=actor, person_id=_id(actor))
    roles = people_read.memberships_of(session, person.id)
    projects = projects_read.projects_of(session, person.id)
    return Me(
        **person.model_dump(exclude={"created_at", "digest_on"}),
        roles=[MyRole.model_validate(each, from_attributes=True) for each in roles],
        projects=[MyProject.model_validate(each, from_attributes=True) for each in projects],
    )


def _id(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise ValueError("A route of the signed-in person was reached by nobody.")
    return actor.person_id
