"""Secret addresses of calendar feeds: shown once, stored as a hash, revoked one by one."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.tokens import token_hash
from booking.engine.violations import Violation
from booking.engine.vocabulary import FeedOf
from booking.errors import Malformed, NotFound, NotPermitted
from booking.events import record
from booking.models import CalendarToken
from booking.queries import feeds
from booking.services.permits import permit

RANDOM_BYTES: Final = 32
LONGEST_NAME: Final = 100
USE_NOTED_EVERY: Final = timedelta(hours=1)


def create_feed(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    name: str,
    of: FeedOf,
    subject_id: UUID | None = None,
) -> tuple[CalendarToken, str]:
    """Create a feed for the actor; return its row and its token, shown only now.

    `subject_id` is the project, resource or facility; None for `me`.
    Raises: Malformed; NotFound; NotPermitted if its bookings are not the actor's to see.
    """
    permit(actor, Action.TOKEN_CREATE, Scope(person_id=actor.person_id))
    if actor.person_id is None:
        raise NotPermitted("A feed belongs to a person; sign in as one.")
    _require_fitting(of, subject_id)
    _require_sight(session, actor, of, subject_id or actor.person_id)
    token = secrets.token_urlsafe(RANDOM_BYTES)
    row = CalendarToken(
        person_id=actor.person_id,
        name=name.strip()[:LONGEST_NAME] or "calendar",
        of=of,
        subject_id=subject_id,
        token_hash=token_hash(token),
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, EventKind.TOKEN_CREATED, row, actor=actor, now=now)
    return row, token


def revoke_feed(session: Session, *, actor: Actor, now: datetime, token_id: UUID) -> None:
    """Revoke a feed: its address is dead from now on; again changes nothing.

    Raises: NotFound, for the feed of somebody else too.
    """
    permit(actor, Action.TOKEN_CREATE, Scope(person_id=actor.person_id))
    row = feeds.calendar_token(session, token_id)
    if row is None or row.person_id != actor.person_id:
        raise NotFound("You have no such feed; look at the list of your feeds.")
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(row)
        _record(session, EventKind.TOKEN_REVOKED, row, actor=actor, now=now)


def note_use(session: Session, *, token_id: UUID, now: datetime) -> None:
    """Write down that a feed was read."""
    session.exec(
        update(CalendarToken).where(col(CalendarToken.id) == token_id).values(last_used_at=now)
    )


def use_is_worth_noting(last_used_at: datetime | None, *, now: datetime) -> bool:
    """Say whether the last noted use is an hour old, so that reading rarely writes."""
    return last_used_at is None or now - last_used_at >= USE_NOTED_EVERY


def _require_fitting(of: FeedOf, subject_id: UUID | None) -> None:
    if (of is FeedOf.ME) == (subject_id is None):
        return
    reason = (
        "A feed of your own bookings takes no id; leave it out."
        if of is FeedOf.ME
        else f"Name the {of} by its id."
    )
    raise Malformed(reason, [Violation("id", reason, "/id")])


def _require_sight(session: Session, actor: Actor, of: FeedOf, subject_id: UUID) -> None:
    subject = feeds.feed_subject(session, of=of, subject_id=subject_id)
    if subject is None:
        raise NotFound(f"There is no such {of}; look at the list and take its id from there.")
    if not feeds.may_follow(actor, of, subject):
        raise NotPermitted(
            "Only the people of a project, and the managers and operators of a facility, may "
            "follow its bookings; ask one of them."
        )


def _record(
    session: Session, kind: EventKind, row: CalendarToken, *, actor: Actor, now: datetime
) -> None:
    payload = {"person_id": str(row.person_id), "calendar": str(row.of)}
    record(session, kind, subject_id=row.id, now=now, actor_id=actor.person_id, payload=payload)
