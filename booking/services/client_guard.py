"""What keeps a calendar program's slip from costing a booking: refusals told, deletions held back.

A program answers a refused change by deleting and making anew, and a lost synchronisation by
deleting everything; neither is what its user wished.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_changes import before_its_end
from booking.engine.intervals import Interval
from booking.engine.lifecycle import EventKind
from booking.engine.vocabulary import ClientEditKind, LinkPurpose
from booking.engine.wording import as_text
from booking.errors import DomainError, NotFound, RulesBroken
from booking.events import record
from booking.models import Booking, ClientEdit
from booking.queries import calendar_accounts, calendar_members
from booking.queries.calendar_accounts import CalendarAccount
from booking.queries.nearest import places
from booking.services import action_links
from booking.services.booking_cancelling import start_cancelling
from booking.services.client_edits import Found

REFUSED_BEFORE: Final = timedelta(minutes=10)
COUNTED: Final = timedelta(minutes=5)
MOST_DELETED: Final = 3
ASKED_ONCE_IN: Final = timedelta(minutes=10)
TOLD_ONCE_IN: Final = timedelta(days=1)
LINK_LIFE: Final = timedelta(days=1)
_DELETIONS: Final = (ClientEditKind.DELETED, ClientEditKind.DELETE_WAITING)


def delete(
    session: Session, *, account: CalendarAccount, now: datetime, found: Found, secret_key: str
) -> ClientEditKind:
    """Let a booking go that a program deleted, unless that looks like a slip; say which it was.

    Within ten minutes of a refused change of the same event it is ignored, and a fourth
    deletion within five minutes waits until its person confirms it by mail: the event stays,
    under a new revision. Else it can be undone for fifteen minutes.
    Raises: NotFound; RulesBroken for what is over; as start_cancelling.
    """
    booking = found.booking
    if booking is None or found.etag is None:
        raise NotFound("There is no such event; refresh the calendar.")
    over = before_its_end(Interval(booking.starts_at, booking.ends_at), now)
    if over is not None:
        raise RulesBroken(over.reason, [over])
    calendar_accounts.lock_token(session, account.token_id)
    kind = _judged(session, account, found.name, now=now)
    if kind is ClientEditKind.DELETED:
        start_cancelling(
            session,
            actor=account.actor,
            now=now,
            booking_id=booking.id,
            secret_key=secret_key,
        )
    else:
        _keep(session, account, booking, kind, now=now)
    if kind is ClientEditKind.DELETE_WAITING:
        _ask(session, account, booking, now=now, secret_key=secret_key)
    _note(session, account, found.name, kind, booking.id, now=now)
    return kind


def refused(
    session: Session,
    *,
    account: CalendarAccount,
    now: datetime,
    name: str,
    error: DomainError,
    wanted: Interval | None = None,
    deleting: bool = False,
) -> None:
    """Write down that a change was refused, and tell the person why where it is news.

    Programs try again and again: the same refusal of the same event is told once a day.
    One of `deleting` is told alone: it makes no later deletion a slip.
    """
    booking = calendar_members.booking_called(session, account, name)
    booking_id = booking.id if booking else None
    if not deleting:
        _note(session, account, name, ClientEditKind.PUT_REFUSED, booking_id, now=now)
    payload = {
        "person_id": str(account.person_id),
        "booking_id": str(booking_id) if booking_id else None,
        "name": name[:255],
        "booking": _as_it_stands(session, booking),
        "reasons": [each.reason for each in error.violations] or [error.message],
        "alternatives": _with_places(session, error.beside.get("alternatives", ())),
        "wanted": _as_json(wanted),
        "deleting": deleting,
    }
    earlier = calendar_accounts.told_since(
        session, account.token_id, EventKind.CLIENT_EDIT_REFUSED, since=now - TOLD_ONCE_IN
    )
    if any(_same_refusal(each, payload) for each in earlier):
        return
    record(
        session,
        EventKind.CLIENT_EDIT_REFUSED,
        subject_id=account.token_id,
        now=now,
        actor_id=account.person_id,
        payload=payload,
    )


def _judged(
    session: Session, account: CalendarAccount, name: str, *, now: datetime
) -> ClientEditKind:
    refusals = calendar_accounts.edits_since(
        session,
        account.token_id,
        (ClientEditKind.PUT_REFUSED,),
        since=now - REFUSED_BEFORE,
        name=name,
    )
    if refusals:
        return ClientEditKind.DELETE_IGNORED
    before = calendar_accounts.edits_since(
        session, account.token_id, _DELETIONS, since=now - COUNTED
    )
    return ClientEditKind.DELETED if before < MOST_DELETED else ClientEditKind.DELETE_WAITING


def _keep(
    session: Session,
    account: CalendarAccount,
    booking: Booking,
    kind: ClientEditKind,
    *,
    now: datetime,
) -> None:
    """Let the event stay under a new revision, so that the program fetches it again."""
    booking.revision += 1
    booking.updated_at = now
    session.add(booking)
    record(
        session,
        EventKind.BOOKING_NOTED,
        subject_id=booking.id,
        now=now,
        actor_id=account.person_id,
        payload={"deletion": str(kind), "revision": booking.revision},
    )


def _ask(
    session: Session,
    account: CalendarAccount,
    booking: Booking,
    *,
    now: datetime,
    secret_key: str,
) -> None:
    """Mail one link that confirms what waits; the deletions after it wait for the same one."""
    waiting = calendar_accounts.edits_since(
        session, account.token_id, (ClientEditKind.DELETE_WAITING,), since=now - ASKED_ONCE_IN
    )
    if waiting:
        return
    until = now + LINK_LIFE
    link = action_links.create(
        session,
        purpose=LinkPurpose.CONFIRM_DELETIONS,
        booking_id=booking.id,
        person_id=account.person_id,
        now=now,
        expires_at=until,
        secret_key=secret_key,
    )
    record(
        session,
        EventKind.DELETIONS_HELD_BACK,
        subject_id=account.token_id,
        now=now,
        actor_id=account.person_id,
        payload={
            "person_id": str(account.person_id),
            "link_id": str(link.id),
            "until": until.isoformat(),
        },
    )


def _note(
    session: Session,
    account: CalendarAccount,
    name: str,
    kind: ClientEditKind,
    booking_id: UUID | None,
    *,
    now: datetime,
) -> None:
    session.add(
        ClientEdit(
            calendar_token_id=account.token_id,
            name=name[:255],
            booking_id=booking_id,
            kind=kind,
            happened_at=now,
        )
    )
    session.flush()


def _same_refusal(earlier: dict[str, Any], payload: dict[str, Any]) -> bool:
    told = ("booking_id", "name", "reasons", "wanted")
    return all(earlier.get(each) == payload[each] for each in told)


def _as_it_stands(session: Session, booking: Booking | None) -> dict[str, str] | None:
    if booking is None:
        return None
    found = _with_places(
        session,
        [
            {
                "resource_id": str(booking.resource_id),
                "starts_at": as_text(booking.starts_at),
                "ends_at": as_text(booking.ends_at),
            }
        ],
    )
    return found[0] if found else None


def _with_places(session: Session, alternatives: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Name the resources of the times that would do, and their clocks."""
    known = places(session, {UUID(each["resource_id"]) for each in alternatives})
    return [
        {
            **each,
            "resource_name": place.resource_name,
            "facility_name": place.facility_name,
            "zone": place.zone,
        }
        for each in alternatives
        if (place := known.get(UUID(each["resource_id"]))) is not None
    ]


def _as_json(wanted: Interval | None) -> list[str] | None:
    return None if wanted is None else [as_text(wanted.start), as_text(wanted.end)]
