"""Bookings: made, listed, looked at, changed and cancelled."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import (
    AppSettings,
    Cursor,
    Instant,
    Limit,
    Line,
    Name,
    Now,
    ReadSession,
    SignedIn,
    WriteSession,
)
from api.etags import IfMatch, check_match, etag_of_text, set_etag
from api.problems import problems
from api.short_ways import JSON, Asked, ShortRoute, short_way
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Actor
from booking.engine.vocabulary import BookingSource
from booking.errors import NotFound
from booking.queries.bookings import BookingFilter, booking_seen, bookings_seen, lock_booking
from booking.services import booking_changes, booking_handover, booking_holds
from booking.services import bookings as services

router = APIRouter(tags=["bookings"], route_class=ShortRoute)

MOST_UNITS: Final = 2**31 - 1
MOST_AT_ONCE: Final = 50
Quantity = Annotated[int, Field(ge=1, le=MOST_UNITS, strict=True)]


class BookingOut(BaseModel):
    """A booking, to those who may see it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    uid: str
    resource_id: UUID
    project_id: UUID
    person_id: UUID
    starts_at: Instant
    ends_at: Instant
    quantity: int
    title: str
    status: BookingStatus
    source: BookingSource
    reason: str
    sequence: int
    revision: int
    group_key: str
    waiver: str
    series_id: UUID | None
    expires_at: Instant | None


class BookingList(BaseModel):
    """A page of bookings."""

    items: list[BookingOut]
    next: str | None


class BookingIn(BaseModel):
    """A wish to book.

    `hold` keeps the time for 15 minutes, to be confirmed; `person_id` is a member of the
    project in whose name it is to be; `waiver` is why a manager sets rules aside;
    `even_if_busy` books also while their busy calendars say they are busy elsewhere.
    """

    model_config = ConfigDict(extra="forbid")

    resource_id: UUID
    project_id: UUID
    starts_at: Instant
    ends_at: Instant
    quantity: Quantity = 1
    title: Line = ""
    hold: bool = False
    person_id: UUID | None = None
    waiver: Name | None = None
    even_if_busy: bool = False


class BatchIn(BaseModel):
    """Several wishes, all or none of which are booked."""

    model_config = ConfigDict(extra="forbid")

    bookings: Annotated[list[BookingIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class BookingChange(BaseModel):
    """What is to be different; a member left out, or null, stays as it is.

    `waiver` is why a manager sets rules aside for it; `even_if_busy` moves it also to where
    busy calendars of its holder say they are busy elsewhere.
    """

    model_config = ConfigDict(extra="forbid")

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    resource_id: UUID | None = None
    quantity: Quantity | None = None
    title: Line | None = None
    waiver: Name | None = None
    even_if_busy: bool = False


class ConfirmationIn(BaseModel):
    """What a held booking is to be called; a title left out, or null, stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Line | None = None


class HandOverIn(BaseModel):
    """Who is to have the booking."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID


def _book_shortly(asked: Asked) -> Response | None:
    given = asked.json(BookingIn)
    if given is None:
        return None
    actor, new = asked.signed_in(), _new(given)
    with asked.database.writing() as session:
        booking = services.book(
            session, actor=actor, now=asked.now, domain=asked.settings.host, new=new
        )
        answer = BookingOut.model_validate(booking).model_dump_json()
    return Response(answer, 201, {"ETag": etag_of_text(answer)}, JSON)


@router.post("/bookings", status_code=201, responses=problems(401, 403, 404, 409))
@short_way(_book_shortly)
def create_booking(
    given: BookingIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    settings: AppSettings,
) -> BookingOut:
    """Book for a project; a refusal lists every reason, and the nearest `alternatives`."""
    booking = services.book(session, actor=actor, now=now, domain=settings.host, new=_new(given))
    return shown_booking(booking, response)


@router.post("/bookings/batch", status_code=201, responses=problems(401, 403, 404, 409))
def create_bookings(
    given: BatchIn, session: WriteSession, actor: SignedIn, now: Now, settings: AppSettings
) -> BookingList:
    """Book several at once, all or none."""
    every = [_new(each) for each in given.bookings]
    booked = services.book_batch(session, actor=actor, now=now, domain=settings.host, every=every)
    return BookingList(items=[BookingOut.model_validate(each) for each in booked], next=None)


@router.get("/bookings", responses=problems(401))
def list_bookings(
    session: ReadSession,
    actor: SignedIn,
    resource: UUID | None = None,
    facility: UUID | None = None,
    project: UUID | None = None,
    series: UUID | None = None,
    since: Annotated[Instant | None, Query(alias="from")] = None,
    until: Instant | None = None,
    status: Annotated[list[BookingStatus] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> BookingList:
    """List the bookings the caller may see, by start; `from` and `until` bound their time."""
    only = BookingFilter(
        resource_id=resource,
        facility_id=facility,
        project_id=project,
        series_id=series,
        since=since,
        until=until,
        statuses=frozenset(status) if status else None,
    )
    page = bookings_seen(session, viewer=actor, only=only, limit=limit, cursor=cursor)
    items = [BookingOut.model_validate(each.booking) for each in page.items]
    return BookingList(items=items, next=page.next)


@router.get("/bookings/{booking_id:uuid}", responses=problems(401, 404))
def read_booking(
    booking_id: UUID, response: Response, session: ReadSession, actor: SignedIn
) -> BookingOut:
    """Return a booking, a cancelled one too."""
    seen = booking_seen(session, booking_id, viewer=actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see; look at your list.")
    return shown_booking(seen.booking, response)


@router.patch("/bookings/{booking_id:uuid}", responses=problems(401, 403, 404, 409, 412))
def change_booking(
    booking_id: UUID,
    given: BookingChange,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    if_match: IfMatch = None,
) -> BookingOut:
    """Move a booking, or give it another title; it keeps its uid."""
    also = () if given.resource_id is None else (given.resource_id,)
    _check_match(session, actor, booking_id, if_match, also=also)
    to = booking_changes.Move(
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        resource_id=given.resource_id,
        quantity=given.quantity,
        waiver=given.waiver or "",
        even_if_busy=given.even_if_busy,
    )
    booking = booking_changes.move(
        session, actor=actor, now=now, booking_id=booking_id, to=to, title=given.title
    )
    return shown_booking(booking, response)


@router.delete("/bookings/{booking_id:uuid}", responses=problems(401, 403, 404, 409, 412))
def cancel_booking(
    booking_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    reason: Line = "",
    if_match: IfMatch = None,
) -> BookingOut:
    """Cancel a booking; it stays to be looked at, as cancelled."""
    _check_match(session, actor, booking_id, if_match)
    booking = booking_changes.cancel(
        session, actor=actor, now=now, booking_id=booking_id, reason=reason
    )
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/confirm", responses=problems(401, 403, 404, 409, 412))
def confirm_booking(
    booking_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    given: ConfirmationIn | None = None,
) -> BookingOut:
    """Make a held booking stand, before its hold ends."""
    title = None if given is None else given.title
    booking = booking_holds.confirm(
        session, actor=actor, now=now, booking_id=booking_id, title=title
    )
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/hand-over", responses=problems(401, 403, 404, 409, 412))
def hand_over_booking(
    booking_id: UUID,
    given: HandOverIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> BookingOut:
    """Hand a booking over to another member of its project; both are told by mail."""
    booking = booking_handover.hand_over(
        session, actor=actor, now=now, booking_id=booking_id, person_id=given.person_id
    )
    return shown_booking(booking, response)


def _new(given: BookingIn) -> services.NewBooking:
    return services.NewBooking(**dict(given) | {"waiver": given.waiver or ""})


def shown_booking(booking: Any, response: Response) -> BookingOut:
    """Return the booking as it is answered, with its ETag in the response."""
    shown = BookingOut.model_validate(booking)
    set_etag(response, shown)
    return shown


def _check_match(
    session: WriteSession,
    actor: Actor,
    booking_id: UUID,
    if_match: str | None,
    *,
    also: tuple[UUID, ...] = (),
) -> None:
    """Compare with what is locked, so that nothing changes between the look and the write."""
    if if_match is None:
        return
    seen = lock_booking(session, booking_id, viewer=actor, also=also)
    if seen is not None:
        check_match(if_match, BookingOut.model_validate(seen.booking))
