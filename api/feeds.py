"""Calendars by secret address, one booking to download, and a resource's public busy time."""

import hashlib
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response

from api.deps import AppDatabase, AppSettings, Now, ReadSession, SignedIn
from api.feed_memory import FeedMemory, Look
from api.problems import problems
from booking.config import Settings
from booking.db import Database
from booking.engine.intervals import Interval
from booking.engine.tokens import token_hash
from booking.errors import NotFound
from booking.queries import bookings, cards, feeds, texts
from booking.queries.alarms import alarms_of
from booking.queries.feeds import SHOWN_AFTER, SHOWN_BEFORE, Feed
from booking.services import calendar_texts, calendar_tokens
from notifications.alarms import with_alarm
from notifications.calendar import (
    availability_text,
    feed_text,
    freebusy_text,
    public_text,
    single_text,
    vevent_text,
)

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
PRIVATE: Final = {"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer"}
PUBLIC: Final = {"Cache-Control": "public, max-age=300"}
UNCHANGED: Final = 304
IfNoneMatch = Annotated[str | None, Header(max_length=2000)]
router = APIRouter(tags=["calendars"])


def _answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    calendar = {"description": "An iCalendar text", "content": {"text/calendar": {}}}
    return {200: calendar, **problems(*statuses)}


@router.head("/feeds/{token}.ics", include_in_schema=False)
@router.get(
    "/feeds/{token}.ics",
    response_class=Response,
    responses={**_answers(404), UNCHANGED: {"description": "Not changed since that ETag"}},
)
def read_feed(
    token: Annotated[str, Path(max_length=200)],
    request: Request,
    database: AppDatabase,
    settings: AppSettings,
    now: Now,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the calendar behind a secret address; 304 where it has not changed."""
    memory: FeedMemory = request.app.state.feed_memory
    key = token_hash(token)
    with database.reading() as session:
        newest = feeds.newest_event(session)
        known = memory.unchanged(key, newest=newest, now=now)
        if known and _same(if_none_match, known):
            return _answer(None, known)
        of = feeds.followed(session, key)
        if of is None:
            raise NotFound("There is no such calendar; create a new address in your account.")
        body = memory.body(known) if known else None
        if known and body is not None:
            return _answer(body, known)
        found = feeds.feed(session, of, now=now)
    _note_use(database, found, now)
    etag = _etag(found)
    memory.keep_look(key, Look(etag, newest, now))
    if _same(if_none_match, etag):
        return _answer(None, etag)
    body = memory.body(etag) or _joined(database, settings, found)
    memory.keep_body(etag, body)
    return _answer(body, etag)


def _answer(body: bytes | None, etag: str) -> Response:
    """Answer a feed; without a body that it has not changed."""
    headers = {**PRIVATE, "ETag": etag}
    if body is None:
        return Response(status_code=UNCHANGED, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def _joined(database: Database, settings: Settings, found: Feed) -> bytes:
    """Join the kept texts of what a feed shows."""
    kept = _texts(database, settings, {each.id: each.revision for each in found.bookings})
    events = (
        public_text(kept[each.id], each.resource_name)
        if found.public
        else with_alarm(kept[each.id], found.alarms.get(each.id))
        for each in found.bookings
        if each.id in kept
    )
    return feed_text(found.name, events).encode()


@router.head("/bookings/{booking_id}.ics", include_in_schema=False)
@router.get(
    "/bookings/{booking_id}.ics", response_class=Response, responses=_answers(401, 403, 404)
)
def download_booking(
    booking_id: UUID,
    session: ReadSession,
    database: AppDatabase,
    settings: AppSettings,
    actor: SignedIn,
) -> Response:
    """Return one booking as a calendar file, to whoever may see it."""
    seen = bookings.booking_seen(session, booking_id, viewer=actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    kept = _texts(database, settings, {booking_id: seen.booking.revision})
    headers = {
        **PRIVATE,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": 'attachment; filename="booking.ics"',
    }
    alarms = alarms_of(session, actor.person_id, [booking_id]) if actor.person_id else {}
    text = single_text(with_alarm(kept[booking_id], alarms.get(booking_id)))
    return Response(text, media_type=MEDIA_TYPE, headers=headers)


@router.head("/resources/{resource_id}/freebusy.ifb", include_in_schema=False)
@router.get(
    "/resources/{resource_id}/freebusy.ifb", response_class=Response, responses=_answers(404)
)
def read_freebusy(
    resource_id: UUID, session: ReadSession, settings: AppSettings, now: Now
) -> Response:
    """Return when a resource is booked out or closed; it names nobody."""
    during = _span_of(now)
    busy = feeds.freebusy(session, resource_id, during=during)
    if busy is None:
        raise NotFound("There is no such resource; find one on the first page.")
    text = freebusy_text(resource_id, host=settings.host, during=during, busy=busy, now=now)
    return Response(text, media_type=MEDIA_TYPE, headers=PUBLIC)


@router.head("/resources/{resource_id}/availability.ics", include_in_schema=False)
@router.get(
    "/resources/{resource_id}/availability.ics", response_class=Response, responses=_answers(404)
)
def read_availability(
    resource_id: UUID, session: ReadSession, settings: AppSettings, now: Now
) -> Response:
    """Return when a resource is open, as a VAVAILABILITY for programs; bookings are not in it."""
    during = _span_of(now)
    open_at = feeds.open_time(session, resource_id, during=during)
    if open_at is None:
        raise NotFound("There is no such resource; find one on the first page.")
    text = availability_text(
        resource_id, host=settings.host, during=during, open_at=open_at, now=now
    )
    return Response(text, media_type=MEDIA_TYPE, headers=PUBLIC)


def _span_of(now: datetime) -> Interval:
    today = datetime.combine(now.date(), time(), tzinfo=UTC)
    return Interval(today - SHOWN_BEFORE, today + SHOWN_AFTER)


def _texts(database: Database, settings: Settings, revisions: dict[UUID, int]) -> dict[UUID, str]:
    """Return the kept texts; those that are missing are rendered, and kept for the next time."""
    with database.reading() as session:
        kept = texts.kept_texts(session, revisions)
        missing = sorted(revisions.keys() - kept.keys())
        if not missing:
            return kept
        found = cards.booking_cards(
            session, missing, sender=settings.sender, base_url=settings.base_url
        )
    with database.writing() as session:
        return kept | calendar_texts.keep(session, cards=found.values(), render=vevent_text)


def _note_use(database: Database, found: Feed, now: datetime) -> None:
    if calendar_tokens.use_is_worth_noting(found.last_used_at, now=now):
        with database.writing() as session:
            calendar_tokens.note_use(session, token_id=found.token_id, now=now)


def _etag(found: Feed) -> str:
    """Digest what would be joined, without joining it; weak, since it may travel compressed."""
    digest = hashlib.sha256(f"{found.public} {found.name}".encode())
    for each in found.bookings:
        rings = found.alarms.get(each.id)
        digest.update(f"\n{each.id} {each.revision} {each.resource_name} {rings}".encode())
    return f'W/"{digest.hexdigest()[:32]}"'


def _same(if_none_match: str | None, etag: str) -> bool:
    given = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return "*" in given or etag.removeprefix("W/") in given
