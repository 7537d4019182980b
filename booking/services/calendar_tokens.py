"""Secret addresses of feeds and calendar accounts: shown once, kept as a hash, revoked singly."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.tokens import token_hash
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalendarAccess, CalendarKind, FeedOf
from booking.errors import Malformed, NotFound, NotPermitted
from booking.events import record
from booking.models import CalendarToken, ClientEdit, SyncState
from booking.queries import calendar_accounts, feeds
from booking.queries.calendar_accounts import CalendarAccount
from booking.services.permits import permit

RANDOM_BYTES: Final = 32
LONGEST_NAME: Final = 100
USE_NOTED_EVERY: Final = timedelta(hours=1)
# A password is typed on a telephone, so it is letters and digits that nobody mistakes.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_GROUPS: Final = 5
GROUP_LENGTH: Final = 5
USERNAME_LENGTH: Final = 10


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a calendar program signs in with; shown only now."""

    row: CalendarToken
    username: str
    password: str


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
    token = secrets.token_urlsafe(RANDOM_BYTES)
    row = _row(session, actor, token, now=now, name=name, of=of, subject_id=subject_id)
    return _created(session, row, actor=actor, now=now), token


def create_account(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    name: str,
    of: FeedOf,
    subject_id: UUID | None = None,
    access: CalendarAccess = CalendarAccess.READ_ONLY,
) -> NewAccount:
    """Create a calendar account: a username and a password of its own for one program.

    What a read-write one changes, it changes as the actor, by every rule.
    Raises: Malformed; NotFound; NotPermitted if its bookings are not the actor's to see, or
    not to change where it is to be read-write.
    """
    password = "-".join(_letters(GROUP_LENGTH) for _ in range(PASSWORD_GROUPS))
    row = _row(session, actor, password, now=now, name=name, of=of, subject_id=subject_id)
    if access is CalendarAccess.READ_WRITE:
        _require_changing(session, actor, of, row.subject_id or row.person_id)
    username = f"cal-{_letters(USERNAME_LENGTH)}"
    row.kind, row.access, row.username = CalendarKind.CALDAV, access, username
    return NewAccount(_created(session, row, actor=actor, now=now), username, password)


def open_account(session: Session, *, username: str, password: str) -> CalendarAccount | None:
    """Return the account that a username and a password open; None where they open none."""
    account = calendar_accounts.calendar_account(session, username)
    given = token_hash(password)
    # An unknown name takes as long as a wrong password.
    kept = account.token_hash if account else token_hash("")
    return account if hmac.compare_digest(kept, given) and account else None


def revoke_feed(session: Session, *, actor: Actor, now: datetime, token_id: UUID) -> None:
    """Revoke a feed or a calendar account: it is dead from now on; again changes nothing.

    Raises: NotFound, for that of somebody else too.
    """
    permit(actor, Action.TOKEN_CREATE, Scope(person_id=actor.person_id))
    row = feeds.calendar_token(session, token_id)
    if row is None or row.person_id != actor.person_id:
        raise NotFound("You have no such feed or account; look at the list of your calendars.")
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(row)
        _record(session, EventKind.TOKEN_REVOKED, row, actor=actor, now=now)


def note_use(session: Session, *, token_id: UUID, now: datetime) -> None:
    """Write down that a feed or an account was used."""
    session.exec(
        update(CalendarToken).where(col(CalendarToken.id) == token_id).values(last_used_at=now)
    )


def forget_programs(session: Session, *, person_id: UUID) -> None:
    """Forget what the person's calendar accounts were told and did."""
    tokens = feeds.tokens_of(person_id)
    for table in (SyncState, ClientEdit):
        session.exec(delete(table).where(col(table.calendar_token_id).in_(tokens)))


def use_is_worth_noting(last_used_at: datetime | None, *, now: datetime) -> bool:
    """Say whether the last noted use is an hour old, so that reading rarely writes."""
    return last_used_at is None or now - last_used_at >= USE_NOTED_EVERY


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def _row(
    session: Session,
    actor: Actor,
    secret: str,
    *,
    now: datetime,
    name: str,
    of: FeedOf,
    subject_id: UUID | None,
) -> CalendarToken:
    """Make the row of what the actor may follow; it is not yet written."""
    permit(actor, Action.TOKEN_CREATE, Scope(person_id=actor.person_id))
    if actor.person_id is None:
        raise NotPermitted("A calendar belongs to a person; sign in as one.")
    _require_fitting(of, subject_id)
    _require_sight(session, actor, of, subject_id or actor.person_id)
    return CalendarToken(
        person_id=actor.person_id,
        name=name.strip()[:LONGEST_NAME] or "calendar",
        of=of,
        subject_id=subject_id,
        token_hash=token_hash(secret),
        created_at=now,
    )


def _created(session: Session, row: CalendarToken, *, actor: Actor, now: datetime) -> CalendarToken:
    session.add(row)
    session.flush()
    _record(session, EventKind.TOKEN_CREATED, row, actor=actor, now=now)
    return row


def _require_changing(session: Session, actor: Actor, of: FeedOf, subject_id: UUID) -> None:
    """Refuse a read-write account of a place whose bookings are not the actor's to change."""
    subject = feeds.feed_subject(session, of=of, subject_id=subject_id)
    if of is FeedOf.ME or (subject and may(actor, Action.BOOKING_CHANGE, subject.scope)):
        return
    raise NotPermitted(
        "You may look at these bookings but not change them; make the account read-only, or "
        "ask a manager of the facility."
    )


def _require_fitting(of: FeedOf, subject_id: UUID | None) -> None:
    if (of is FeedOf.ME) == (subject_id is None):
        return
    reason = (
        "A calendar of your own bookings takes no id; leave it out."
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
    payload = {
        "person_id": str(row.person_id),
        "calendar": str(row.of),
        "kind": str(row.kind),
        "access": str(row.access),
    }
    record(session, kind, subject_id=row.id, now=now, actor_id=actor.person_id, payload=payload)
