"""Reads of calendar accounts: whom they let in, what they were told, what their programs did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from booking.engine.permissions import Actor
from booking.engine.vocabulary import CalendarAccess, CalendarKind, ClientEditKind, FeedOf
from booking.models import CalendarToken, ClientEdit, Event, Person, SyncState
from booking.queries.feeds import feed_subject, may_follow
from booking.queries.people import actor_of


@dataclass(frozen=True, slots=True)
class CalendarAccount:
    """Whom a calendar account lets in, as whom they act, and what it shows.

    `subject_id` is the person's own id for `me`; a public one names nobody and no title.
    `alarm_minutes` is when the person's own bookings ring where nothing else is said.
    """

    token_id: UUID
    token_hash: str
    username: str
    access: CalendarAccess
    of: FeedOf
    subject_id: UUID
    shows: str
    person_id: UUID
    person_name: str
    email: str
    alarm_minutes: int | None
    actor: Actor
    last_used_at: datetime | None

    @property
    def writable(self) -> bool:
        """Whether a program may change what it shows."""
        return self.access is CalendarAccess.READ_WRITE

    @property
    def public(self) -> bool:
        """Whether it shows neither names nor titles."""
        return self.of in {FeedOf.RESOURCE, FeedOf.FACILITY}


def calendar_account(session: Session, username: str) -> CalendarAccount | None:
    """Return the account with that username, with the hash of its password.

    None where it is unknown or revoked, or its owner may no longer see what it shows.
    """
    row = session.exec(
        select(CalendarToken, Person)
        .join(Person, col(Person.id) == col(CalendarToken.person_id))
        .where(
            col(CalendarToken.username) == username,
            col(CalendarToken.kind) == CalendarKind.CALDAV,
            col(CalendarToken.revoked_at).is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    token, person = row
    subject_id = token.subject_id or token.person_id
    subject = feed_subject(session, of=token.of, subject_id=subject_id)
    actor = actor_of(session, token.person_id)
    if subject is None or not may_follow(actor, token.of, subject):
        return None
    return CalendarAccount(
        token_id=token.id,
        token_hash=token.token_hash,
        username=username,
        access=token.access,
        of=token.of,
        subject_id=subject_id,
        shows=subject.name,
        person_id=token.person_id,
        person_name=person.name,
        email=person.email,
        alarm_minutes=person.alarm_minutes,
        actor=actor,
        last_used_at=token.last_used_at,
    )


def lock_token(session: Session, token_id: UUID) -> None:
    """Let one request of an account after the other count what went before."""
    session.exec(
        select(CalendarToken.id).where(col(CalendarToken.id) == token_id).with_for_update()
    ).one()


def sync_state(session: Session, token_id: UUID, digest: str) -> SyncState | None:
    """Return what an account was told, by its digest."""
    return session.exec(
        select(SyncState)
        .where(col(SyncState.calendar_token_id) == token_id, col(SyncState.digest) == digest)
        .order_by(col(SyncState.made_at).desc())
        .limit(1)
    ).one_or_none()


def knows_state(session: Session, token_id: UUID, digest: str) -> bool:
    """Say whether an account was told this; without reading what it was."""
    found = session.exec(
        select(SyncState.id)
        .where(col(SyncState.calendar_token_id) == token_id, col(SyncState.digest) == digest)
        .limit(1)
    ).one_or_none()
    return found is not None


def old_states(session: Session, token_id: UUID, *, keep: int) -> Sequence[UUID]:
    """Return the ids of what an account was told before the newest `keep` times."""
    return session.exec(
        select(SyncState.id)
        .where(col(SyncState.calendar_token_id) == token_id)
        .order_by(col(SyncState.made_at).desc(), col(SyncState.id).desc())
        .offset(keep)
    ).all()


def edits_since(
    session: Session,
    token_id: UUID,
    kinds: Sequence[ClientEditKind],
    *,
    since: datetime,
    name: str | None = None,
) -> int:
    """Count what an account's programs did after an instant, of the named member or of all."""
    wanted = [
        col(ClientEdit.calendar_token_id) == token_id,
        col(ClientEdit.kind).in_(list(kinds)),
        col(ClientEdit.happened_at) > since,
    ]
    if name is not None:
        wanted.append(col(ClientEdit.name) == name)
    return session.exec(select(func.count()).select_from(ClientEdit).where(*wanted)).one()


def told_since(
    session: Session, token_id: UUID, kind: str, *, since: datetime
) -> Sequence[dict[str, Any]]:
    """Return what an account's owner was told of one kind after an instant."""
    rows = session.exec(
        select(Event.payload).where(
            col(Event.subject_id) == token_id,
            col(Event.kind) == kind,
            col(Event.happened_at) > since,
        )
    )
    return [dict(each) for each in rows]
