"""Calendar feeds of the signed-in person: list, create, revoke."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from api.deps import AppSettings, Line, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute, keep_no_answer
from api.problems import problems
from booking.engine.violations import Violation
from booking.engine.vocabulary import FeedOf
from booking.errors import Malformed
from booking.queries import accounts
from booking.services import calendar_tokens

ONLY_FEEDS: Final = (
    "Only calendars of the kind `feed` exist in this version, and they are read-only; write "
    '"kind": "feed" and leave `access` out.'
)
router = APIRouter(tags=["me"], route_class=IdempotentRoute)


class Kind(StrEnum):
    """How a calendar program reaches the calendar."""

    FEED = "feed"
    CALDAV = "caldav"


class Access(StrEnum):
    """What a calendar program may do with the calendar."""

    READ_ONLY = "read-only"
    READ_WRITE = "read-write"


class NewCalendarToken(BaseModel):
    """A calendar address to create; `id` names the project, resource or facility."""

    model_config = ConfigDict(extra="forbid")

    name: Line = "calendar"
    kind: Kind = Kind.FEED
    access: Access = Access.READ_ONLY
    of: FeedOf = FeedOf.ME
    id: UUID | None = None


class CalendarAddress(BaseModel):
    """A new calendar address; `url` is shown this once."""

    id: UUID
    url: str


class CalendarTokenSeen(BaseModel):
    """A calendar address, without its secret."""

    id: UUID
    name: str
    kind: Kind = Kind.FEED
    access: Access = Access.READ_ONLY
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
                of=each.of,
                of_name=each.shows,
                created_at=each.created_at,
                last_used_at=each.last_used_at,
            )
            for each in accounts.feeds_of(session, actor)
        ]
    )


@router.post("/me/calendar-tokens", status_code=201, responses=problems(401, 403, 404, 409))
def create_calendar_token(
    new: NewCalendarToken,
    request: Request,
    session: WriteSession,
    actor: SignedIn,
    settings: AppSettings,
    now: Now,
) -> CalendarAddress:
    """Create a secret calendar address; it is shown this once, also when repeated."""
    _require_feed(new)
    row, token = calendar_tokens.create_feed(
        session, actor=actor, now=now, name=new.name, of=new.of, subject_id=new.id
    )
    keep_no_answer(request)
    return CalendarAddress(id=row.id, url=f"{settings.base_url.rstrip('/')}/feeds/{token}.ics")


@router.delete(
    "/me/calendar-tokens/{token_id}", status_code=204, responses=problems(401, 403, 404, 409)
)
def revoke_calendar_token(token_id: UUID, session: WriteSession, actor: SignedIn, now: Now) -> None:
    """Revoke a calendar address."""
    calendar_tokens.revoke_feed(session, actor=actor, now=now, token_id=token_id)


def _require_feed(new: NewCalendarToken) -> None:
    if new.kind is not Kind.FEED:
        raise Malformed(ONLY_FEEDS, [Violation("kind", ONLY_FEEDS, "/kind")])
    if new.access is not Access.READ_ONLY:
        raise Malformed(ONLY_FEEDS, [Violation("access", ONLY_FEEDS, "/access")])
