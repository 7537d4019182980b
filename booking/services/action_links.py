"""One-time links in mails: each does one thing to a booking, without signing in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.clock import new_id
from booking.engine.lifecycle import BOOKING_STEPS, allowed_steps
from booking.engine.permissions import Actor
from booking.engine.tokens import derived_token, token_hash
from booking.engine.vocabulary import ClientEditKind, LinkPurpose
from booking.errors import DomainError, NotFound, WrongState
from booking.models import ActionLink, Booking, ClientEdit
from booking.queries import action_links as queries
from booking.queries.bookings import BookingSeen, booking_seen
from booking.queries.people import actor_of, person
from booking.services.booking_changes import cancel
from booking.services.booking_restoring import restore

SUBJECT: Final = "action-link"
WAITED_BEFORE: Final = timedelta(minutes=10)
"""A link confirms the deletions that began to wait so long before it was made, or later."""


class LinkStanding(StrEnum):
    """Whether a link can still be used; settled is what was done or undone in another way."""

    OPEN = "open"
    SETTLED = "settled"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """A link, with what its page shows; `zone` is that of the person it was sent to.

    `waiting` are the bookings whose deletion it confirms, none for the other purposes.
    """

    purpose: LinkPurpose
    standing: LinkStanding
    expires_at: datetime
    used_at: datetime | None
    zone: str
    seen: BookingSeen
    waiting: tuple[BookingSeen, ...]


@dataclass(frozen=True, slots=True)
class LinkUsed:
    """What a link did: how many bookings it changed, and what was refused of the others."""

    purpose: LinkPurpose
    changed: int
    refused: tuple[str, ...] = ()


def create(
    session: Session,
    *,
    purpose: LinkPurpose,
    booking_id: UUID,
    person_id: UUID,
    now: datetime,
    expires_at: datetime,
    secret_key: str,
) -> ActionLink:
    """Make a link for the person, to be used once before `expires_at`.

    Its token is made again from its id wherever a mail needs it: see `link_token`.
    """
    link_id = new_id()
    link = ActionLink(
        id=link_id,
        token_hash=token_hash(link_token(secret_key, link_id)),
        purpose=purpose,
        booking_id=booking_id,
        person_id=person_id,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    return link


def link_token(secret_key: str, link_id: UUID) -> str:
    """Return the token of a link, the same each time; its page is /links/TOKEN."""
    return derived_token(secret_key, SUBJECT, str(link_id))


def look_at(session: Session, *, token: str, now: datetime) -> LinkSeen:
    """Return the link that a token opens, used or expired too (it ends at its last instant).

    Raises: NotFound if no link has the token, or its reader may not see the booking any more.
    """
    link = queries.action_link(session, token_hash(token))
    if link is None:
        raise _unknown()
    reader = actor_of(session, link.person_id)
    seen = booking_seen(session, link.booking_id, viewer=reader)
    read_by = person(session, link.person_id)
    if seen is None or read_by is None:
        raise _unknown()
    waiting = _waiting(session, link, reader) if _standing(link, now) is LinkStanding.OPEN else ()
    return LinkSeen(
        purpose=link.purpose,
        standing=_seen_standing(link, seen.booking, waiting, now),
        expires_at=link.expires_at,
        used_at=link.used_at,
        zone=read_by.zone,
        seen=seen,
        waiting=waiting,
    )


def use(session: Session, *, token: str, now: datetime) -> LinkUsed:
    """Do what a link is for, as the person it was sent to, and use it up.

    Raises: NotFound if no link has the token; WrongState if it was used or is too old; as the
    service that it stands for, and then it stays unused.
    """
    link = queries.lock_action_link(session, token_hash(token))
    if link is None:
        raise _unknown()
    standing = _standing(link, now)
    if standing is not LinkStanding.OPEN:
        raise WrongState(_CLOSED[standing])
    link.used_at = now
    session.add(link)
    return _DOES[link.purpose](session, link, actor_of(session, link.person_id), now)


def _standing(link: ActionLink, now: datetime) -> LinkStanding:
    if link.used_at is not None:
        return LinkStanding.USED
    return LinkStanding.EXPIRED if link.expires_at <= now else LinkStanding.OPEN


def _seen_standing(
    link: ActionLink, booking: Booking, waiting: Sequence[BookingSeen], now: datetime
) -> LinkStanding:
    """Say whether a link can be used, and whether it would do anything."""
    standing = _standing(link, now)
    name = _STEPS.get(link.purpose)
    does = bool(waiting) if name is None else name in allowed_steps(BOOKING_STEPS, booking.status)
    return LinkStanding.SETTLED if standing is LinkStanding.OPEN and not does else standing


def _waiting(session: Session, link: ActionLink, reader: Actor) -> tuple[BookingSeen, ...]:
    if link.purpose is not LinkPurpose.CONFIRM_DELETIONS:
        return ()
    edits = _edits(session, link)
    found = [booking_seen(session, booking_id, viewer=reader) for booking_id in edits]
    return tuple(each for each in found if each is not None)


def _edits(session: Session, link: ActionLink) -> dict[UUID, list[ClientEdit]]:
    """Return the deletions that the link confirms, by their booking."""
    found: dict[UUID, list[ClientEdit]] = {}
    since = link.created_at - WAITED_BEFORE
    for each in queries.waiting_deletions(session, link.person_id, since=since):
        if each.booking_id is not None:
            found.setdefault(each.booking_id, []).append(each)
    return found


def _cancel(session: Session, link: ActionLink, actor: Actor, now: datetime) -> LinkUsed:
    cancel(session, actor=actor, now=now, booking_id=link.booking_id)
    return LinkUsed(link.purpose, 1)


def _restore(session: Session, link: ActionLink, actor: Actor, now: datetime) -> LinkUsed:
    restore(session, actor=actor, now=now, booking_id=link.booking_id)
    return LinkUsed(link.purpose, 1)


def _delete(session: Session, link: ActionLink, actor: Actor, now: datetime) -> LinkUsed:
    """Cancel every booking whose deletion waits; one that may not be goes on standing."""
    refused = []
    changed = 0
    for booking_id, edits in _edits(session, link).items():
        done = _cancelled(session, actor, booking_id, now)
        if isinstance(done, DomainError):
            refused.append(done.message)
            continue
        changed += 1
        for each in edits:
            each.kind = ClientEditKind.DELETED
    return LinkUsed(link.purpose, changed, tuple(dict.fromkeys(refused)))


def _cancelled(
    session: Session, actor: Actor, booking_id: UUID, now: datetime
) -> Booking | DomainError:
    try:
        return cancel(session, actor=actor, now=now, booking_id=booking_id)
    except DomainError as refusal:
        return refusal


_DOES: Final[Mapping[LinkPurpose, Callable[[Session, ActionLink, Actor, datetime], LinkUsed]]] = {
    LinkPurpose.CONFIRM_CANCELLING: _cancel,
    LinkPurpose.UNDO_CANCELLING: _restore,
    LinkPurpose.CONFIRM_DELETIONS: _delete,
}
_STEPS: Final = {
    LinkPurpose.CONFIRM_CANCELLING: "cancel",
    LinkPurpose.UNDO_CANCELLING: "restore",
}
_CLOSED: Final = {
    LinkStanding.USED: "This link was used already; it works once. Look below at how the booking "
    "stands now.",
    LinkStanding.EXPIRED: "This link is too old. Sign in and open the booking instead.",
}


def _unknown() -> NotFound:
    return NotFound(
        "This link is not known. Copy all of it from the mail, or sign in and open your bookings."
    )
