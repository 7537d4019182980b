"""Outside calendars as busy time: added, read again and again, removed.

A person's become busy times of their own; a resource's become closures that displace nobody.
What was last known stays until a good answer replaces it: no failure ever frees time.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col

from booking.clock import new_id
from booking.engine.busy_calendars import (
    BUSY_ELSEWHERE,
    MOST_CALENDARS,
    TOLD_AFTER,
    BusyChanges,
    busy_changes,
    looked_at,
    next_try,
)
from booking.engine.intervals import Interval, subtract
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import SYSTEM, Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import ClosureKind
from booking.errors import NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import BusyCalendar, BusyTime, Closure
from booking.queries import busy_calendars as reads
from booking.queries.busy_calendars import Owner
from booking.queries.closures import lock_resources
from booking.services.freeing import note_freed
from booking.services.offer_versions import raise_offer_version
from booking.services.permits import permit

AT_ONCE: Final = 500
LONGEST_NAME: Final = 100
UPLOADED: Final = "Uploaded calendar"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a calendar was read from, and what tells whether it changed.

    `url` is None for an uploaded file.
    """

    url: str | None
    digest: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class ToFetch:
    """A calendar to be fetched, with what was last known of it and when it was last read whole."""

    id: UUID
    url: str
    etag: str
    last_modified: str
    digest: str
    read_at: datetime | None
    owner: Owner


@dataclass(frozen=True, slots=True)
class Answer:
    """What a fetch brought; `busy` is None where nothing has changed since."""

    source: Source
    busy: tuple[Interval, ...] | None


def own_calendars(session: Session, *, actor: Actor, action: Action, person_id: UUID) -> Owner:
    """Return a person as the owner of calendars, to who may see or change them.

    Raises: NotFound, NotPermitted.
    """
    permit(actor, action, Scope(person_id=person_id))
    owner = reads.owner_person(session, person_id)
    if owner is None:
        raise NotFound("There is no such person.")
    return owner


def calendars_at(session: Session, *, actor: Actor, resource_id: UUID) -> Owner:
    """Return a resource as the owner of calendars, to who may close it.

    Raises: NotFound, NotPermitted.
    """
    owner = reads.owner_resource(session, resource_id)
    if owner is None:
        raise NotFound("There is no such resource; find one on the first page.")
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=owner.facility_id))
    return owner


def room_for_another(session: Session, owner: Owner) -> None:
    """Return if the owner may have another calendar.

    Raises: RulesBroken.
    """
    if reads.count_of(session, owner) < MOST_CALENDARS:
        return
    reason = f"There are {MOST_CALENDARS} calendars already; remove one first."
    raise RulesBroken(reason, [Violation("too_many_busy_calendars", reason)])


def add(
    session: Session, *, actor: Actor, now: datetime, owner: Owner, name: str, answer: Answer
) -> BusyCalendar:
    """Add a calendar that was read, with the time that it takes.

    Raises: NotPermitted; RulesBroken if there are too many.
    """
    _permit(actor, owner)
    _lock_owner(session, owner)
    room_for_another(session, owner)
    row = BusyCalendar(
        person_id=owner.person_id,
        resource_id=owner.resource_id,
        name=(name.strip() or _unnamed(answer.source))[:LONGEST_NAME],
        url=answer.source.url,
        added_by=actor.person_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, EventKind.BUSY_CALENDAR_ADDED, row, owner, actor=actor, now=now)
    _take_in(session, row, owner, answer, now=now)
    return row


def claim_due(
    session: Session, *, now: datetime, until: datetime, limit: int
) -> tuple[ToFetch, ...]:
    """Claim calendars that are due; nobody else fetches them before `until`."""
    found = []
    for row in reads.due_calendars(session, now=now, limit=limit):
        owner = reads.owner_of(session, row)
        row.claimed_until = until
        session.add(row)
        if owner is not None and row.url is not None:
            found.append(_to_fetch(row, row.url, owner))
    return tuple(found)


def to_refresh(session: Session, *, actor: Actor, owner: Owner, calendar_id: UUID) -> ToFetch:
    """Return a calendar of the owner that is to be fetched now.

    Raises: NotFound; NotPermitted; WrongState for an uploaded file.
    """
    _permit(actor, owner)
    row = _found(session, owner, calendar_id)
    if row.url is None:
        raise WrongState("This calendar was uploaded; upload the newer file, then remove this one.")
    return _to_fetch(row, row.url, owner)


def take_in(
    session: Session, *, now: datetime, asked: ToFetch, answer: Answer
) -> BusyCalendar | None:
    """Let what a fetch brought replace what was known; None where the calendar is gone.

    An answer that was asked for at `now`, before the newest one was, is let drop.
    """
    _lock_owner(session, asked.owner)
    row = reads.lock_busy_calendar(session, asked.id)
    if row is not None and (row.fetched_at is None or row.fetched_at <= now):
        _take_in(session, row, asked.owner, answer, now=now)
    return row


def note_failure(
    session: Session, *, now: datetime, asked: ToFetch, problem: str
) -> BusyCalendar | None:
    """Note that a fetch failed, and why; what was known stays. The fifth in a row is told."""
    row = reads.lock_busy_calendar(session, asked.id)
    if row is None:
        return None
    row.failures += 1
    row.problem, row.claimed_until = problem, None
    row.due_at = next_try(now, failures=row.failures)
    session.add(row)
    if row.failures == TOLD_AFTER:
        _record(session, EventKind.BUSY_CALENDAR_FAILED, row, asked.owner, actor=SYSTEM, now=now)
    return row


def remove(
    session: Session, *, actor: Actor, now: datetime, owner: Owner, calendar_id: UUID
) -> None:
    """Remove a calendar: its time to come is free again, what is past stays as it was.

    Raises: NotFound; NotPermitted.
    """
    _permit(actor, owner)
    _lock_owner(session, owner)
    row = _found(session, owner, calendar_id)
    known = reads.times_known(session, row)
    if owner.person_id is not None:
        session.exec(delete(BusyTime).where(col(BusyTime.busy_calendar_id) == row.id))
    else:
        coming = tuple(each for each in known if each.end > now)
        _change(session, row, owner, known, BusyChanges(gone=coming, come=()), now=now)
        session.exec(
            update(Closure)
            .where(col(Closure.busy_calendar_id) == row.id)
            .values(busy_calendar_id=None)
        )
    session.delete(row)
    _record(session, EventKind.BUSY_CALENDAR_REMOVED, row, owner, actor=actor, now=now)


def forget(session: Session, *, person_id: UUID) -> None:
    """Delete a person's calendars and busy times, as their account is deleted."""
    owner = Owner(zone="UTC", person_id=person_id)
    ids = [each.id for each in reads.calendars_of(session, owner)]
    session.exec(delete(BusyTime).where(col(BusyTime.busy_calendar_id).in_(ids)))
    session.exec(delete(BusyCalendar).where(col(BusyCalendar.id).in_(ids)))


def _take_in(
    session: Session, row: BusyCalendar, owner: Owner, answer: Answer, *, now: datetime
) -> None:
    source = answer.source
    row.etag, row.last_modified = source.etag, source.last_modified
    row.content_sha256 = source.digest
    row.failures, row.problem, row.claimed_until = 0, "", None
    row.due_at = None if row.url is None else next_try(now, failures=0)
    session.add(row)
    if answer.busy is None:
        return
    row.fetched_at = now
    known = reads.times_known(session, row)
    changes = busy_changes(known, answer.busy, now=now)
    if changes.gone or changes.come:
        _change(session, row, owner, known, changes, now=now)
        counts = {"come": len(changes.come), "gone": len(changes.gone)}
        _record(
            session,
            EventKind.BUSY_CALENDAR_CHANGED,
            row,
            owner,
            actor=SYSTEM,
            now=now,
            more=counts,
        )


def _change(
    session: Session,
    row: BusyCalendar,
    owner: Owner,
    known: dict[Interval, UUID],
    changes: BusyChanges,
    *,
    now: datetime,
) -> None:
    table: Any = BusyTime if owner.person_id is not None else Closure
    gone = [known[each] for each in changes.gone]
    if owner.person_id is not None:
        # What is over concerns nobody any more; a resource's stay, since reports count them.
        over = looked_at(now).start
        gone += [key for each, key in known.items() if each.end <= over]
    for keys in _chunks(gone):
        session.exec(delete(table).where(table.id.in_(keys)))
    rows = [_row(row, owner, each, now=now) for each in changes.come]
    if rows:
        session.connection().execute(insert(table), rows)
    if owner.resource_id is not None and owner.facility_id is not None:
        raise_offer_version(session, owner.facility_id)
        for opened in subtract(changes.gone, changes.come):
            note_freed(session, resource_id=owner.resource_id, interval=opened, now=now)


def _row(row: BusyCalendar, owner: Owner, taken: Interval, *, now: datetime) -> dict[str, Any]:
    span = {
        "id": new_id(),
        "busy_calendar_id": row.id,
        "starts_at": taken.start,
        "ends_at": taken.end,
    }
    if owner.person_id is not None:
        return span
    return {
        **span,
        "facility_id": owner.facility_id,
        "resource_id": owner.resource_id,
        "kind": ClosureKind.MAINTENANCE,
        "reason": BUSY_ELSEWHERE,
        "estimated": True,
        "created_at": now,
    }


def _unnamed(source: Source) -> str:
    """Name a calendar after its server; the rest of its address may be a secret."""
    host = None if source.url is None else urlsplit(source.url).hostname
    return host or UPLOADED


def _chunks(keys: Collection[UUID]) -> Iterator[Sequence[UUID]]:
    left = iter(keys)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _lock_owner(session: Session, owner: Owner) -> None:
    """Let nobody book a resource while what is taken of it changes.

    A person's bookings do not wait: one made meanwhile stands as one made just before.
    """
    if owner.resource_id is not None and owner.facility_id is not None:
        lock_resources(session, facility_id=owner.facility_id, resource_ids=[owner.resource_id])


def _permit(actor: Actor, owner: Owner) -> None:
    if owner.person_id is not None:
        permit(actor, Action.PROFILE_EDIT, Scope(person_id=owner.person_id))
    else:
        permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=owner.facility_id))


def _found(session: Session, owner: Owner, calendar_id: UUID) -> BusyCalendar:
    row = reads.lock_busy_calendar(session, calendar_id)
    if row is None or (row.person_id, row.resource_id) != (owner.person_id, owner.resource_id):
        raise NotFound("There is no such busy calendar here; look at the list.")
    return row


def _to_fetch(row: BusyCalendar, url: str, owner: Owner) -> ToFetch:
    return ToFetch(
        row.id, url, row.etag, row.last_modified, row.content_sha256, row.fetched_at, owner
    )


def _record(
    session: Session,
    kind: EventKind,
    row: BusyCalendar,
    owner: Owner,
    *,
    actor: Actor,
    now: datetime,
    more: dict[str, Any] | None = None,
) -> None:
    whose = {
        "person_id": None if owner.person_id is None else str(owner.person_id),
        "resource_id": None if owner.resource_id is None else str(owner.resource_id),
    }
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=owner.facility_id,
        payload={**whose, "problem": row.problem, **(more or {})},
    )
