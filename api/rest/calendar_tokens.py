"""Calendar feeds and accounts of the signed-in person: list, create, revoke."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from api.deps import AppSettings, Line, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute, keep_no_answer
from api.problems import problems
from booking.engine.permissions import Actor
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalendarAccess, CalendarKind, FeedOf
from booking.errors import Malformed
from booking.queries import accounts
from booking.services import calendar_tokens

FEEDS_ARE_READ: Final = (
    "A feed is only ever read; leave `access` out, or ask for a calendar account with "
    '"kind": "caldav".'
)
router = APIRouter(tags=["me"], route_class=IdempotentRoute)


class NewCalendarToken(BaseModel):
    """A calendar to open to a program; `id` names the project, resource or facility."""

    model_config = ConfigDict(extra="forbid")

    name: Line = "calendar"
    kind: CalendarKind = CalendarKind.FEED
    access: CalendarAccess = CalendarAccess.READ_ONLY
    of: FeedOf = FeedOf.ME
    id: UUID | None = None


class CalendarAddress(BaseModel):
    """A new calendar address, shown this once; of a calendar account with what signs in."""

    id: UUID
    url: str
    username: str | None = None
    password: str | None = None


class CalendarTokenSeen(BaseModel):
    """A calendar address, without its secret; `username` is that of a calendar account."""

    id: UUID
    name: str
    kind: CalendarKind
    access: CalendarAccess
    username: str | None
    of: FeedOf
    of_name: str
    created_at: datetime
    last_used_at: datetime | None


class CalendarTokens(BaseModel):
    """The person's calendar addresses, newest first; there is one page."""

    items: list[CalendarTokenSeen]
    next: str | None = None


@router.get("/me/calendar-tokens", responses=problems(401, 403))
def list_calendar_tokens(session: ReadSession, actor: SignedIn) -> CalendarTokens:
    """Return the person's calendar addresses that were not revoked."""
    return CalendarTokens(
        items=[
            CalendarTokenSeen(
                id=each.id,
                name=each.name,
                kind=each.kind,
                access=each.access,
                username=each.username or None,
                of=each.of,
                of_name=each.shows,
                created_at=each.created_at,
                last_used_at=each.last_used_at,
            )
            for each in accounts.feeds_of(session, actor)
        ]
    )


@router.post(
    "/me/calendar-tokens",
    status_code=201,
    response_model_exclude_none=True,
    responses=problems(401, 403, 404, 409),
)
def create_calendar_token(
    new: NewCalendarToken,
    request: Request,
    session: WriteSession,
    actor: SignedIn,
    settings: AppSettings,
    now: Now,
) -> CalendarAddress:
    """Create a feed or a calendar account; its secrets are shown this once, also when repeated."""
    if new.kind is CalendarKind.FEED:
        _require_reading(new)
    make = _account if new.kind is CalendarKind.CALDAV else _feed
    made = make(session, actor, new, settings.base_url.rstrip("/"), now=now)
    keep_no_answer(request)
    return made


@router.delete(
    "/me/calendar-tokens/{token_id}", status_code=204, responses=problems(401, 403, 404, 409)
)
def revoke_calendar_token(token_id: UUID, session: WriteSession, actor: SignedIn, now: Now) -> None:
    """Revoke a feed or a calendar account."""
    calendar_tokens.revoke_feed(session, actor=actor, now=now, token_id=token_id)


def _require_reading(new: NewCalendarToken) -> None:
    if new.access is not CalendarAccess.READ_ONLY:
        raise Malformed(FEEDS_ARE_READ, [Violation("access", FEEDS_ARE_READ, "/access")])


def _feed(
    session: Session, actor: Actor, new: NewCalendarToken, base: str, *, now: datetime
) -> CalendarAddress:
    row, token = calendar_tokens.create_feed(
        session, actor=actor, now=now, name=new.name, of=new.of, subject_id=new.id
    )
    return CalendarAddress(id=row.id, url=f"{base}/feeds/{token}.ics")


def _account(
    session: Session, actor: Actor, new: NewCalendarToken, base: str, *, now: datetime
) -> CalendarAddress:
    made = calendar_tokens.create_account(
        session,
        actor=actor,
        now=now,
        name=new.name,
        of=new.of,
        subject_id=new.id,
        access=new.access,
    )
    return CalendarAddress(
        id=made.row.id, url=f"{base}/dav/", username=made.username, password=made.password
    )
