"""Bookings give way to closures: each is told why, refunded, and offered the nearest time.

The resources are locked before, so that nobody books what is being closed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.displacement import STAYING, ClosedSpan, ClosedTimes, still_to_come, why_closed
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import Actor
from booking.events import record
from booking.models import Closure
from booking.queries import closures as reads
from booking.queries.booking_facts import Wish
from booking.queries.bookings import resources_like
from booking.queries.closures import BookingUnder, ResourceName
from booking.queries.organisations import lock_organisations_of
from booking.services.booking_changes import next_step
from booking.services.booking_placing import nearest
from booking.services.bookings import as_recorded
from booking.services.displacement_offers import OtherTime, offer_instead
from booking.services.freeing import note_given_up, taken_by
from booking.services.ledger import settle

# Most find a time so near; who does not is looked for further, at more cost.
NEAR: Final = timedelta(days=2)
# Somebody who was letting go of the booking is not offered another.
OFFERED_ANOTHER: Final = frozenset(
    {BookingStatus.HELD, BookingStatus.PENDING, BookingStatus.CONFIRMED}
)


@dataclass(frozen=True, slots=True)
class FallenUpon:
    """A booking that a closure falls upon, as it was before; `offered` is kept for it."""

    booking_id: UUID
    closure_id: UUID
    resource_id: UUID
    resource_name: str
    project_id: UUID
    project_name: str
    person_id: UUID
    person_name: str
    starts_at: datetime
    ends_at: datetime
    quantity: int
    status: BookingStatus
    alternatives: tuple[OtherTime, ...] = ()
    offered: OtherTime | None = None


@dataclass(frozen=True, slots=True)
class Displacement:
    """Which bookings gave way to closures, and which stay, by start."""

    displaced: tuple[FallenUpon, ...] = ()
    staying: tuple[FallenUpon, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """What one displacement needs throughout; `names` grows as resources are met.

    `offers` are bookings held for who waits: they go on waiting, and need no other time.
    """

    actor: Actor
    now: datetime
    facility_id: UUID
    locked: frozenset[UUID]
    offers: frozenset[UUID]
    names: dict[UUID, ResourceName] = field(default_factory=dict)


def lock_for_closing(
    session: Session,
    *,
    facility_id: UUID,
    resource_ids: Collection[UUID] | None,
    within: Interval | None,
) -> frozenset[UUID]:
    """Lock what is to be closed, and what its bookings might be offered instead, by id.

    None stands for the whole facility. Returns the ids of all that is locked.
    """
    peers: set[UUID] = set()
    if within is not None:
        under = reads.taken_spans(
            session, facility_id=facility_id, resource_ids=resource_ids, within=within
        )
        for each in reads.one_of_each_kind(session, {span.resource_id for span in under}):
            peers |= {each.id for each in resources_like(session, each)}
    return reads.lock_resources(
        session, facility_id=facility_id, resource_ids=resource_ids, also=peers
    )


def displace(
    session: Session,
    closed: Sequence[Closure],
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    locked: frozenset[UUID],
) -> Displacement:
    """Let every booking under the closures of one facility give way that is not in use.

    What an estimated closure falls upon stays. Cost: a few queries, and a few more for each
    booking that gives way.
    """
    spans = _spans(closed, now)
    if not spans:
        return Displacement()
    times = ClosedTimes(spans)
    over = {
        each.booking_id: span
        for each in _taken(session, spans, facility_id)
        if (span := times.first_over(each.resource_id, each.interval)) is not None
    }
    if not over:
        return Displacement()
    estimated = {each.id for each in closed if each.estimated}
    leaving, staying = _parted(reads.bookings_under(session, over), over, estimated)
    offers = reads.held_for_waiters(session, [each.booking.id for each in leaving])
    work = _Work(actor, now, facility_id, locked, offers)
    reasons = {each.id: why_closed(each.kind, each.reason) for each in closed}
    fallen = [_fallen(each, over) for each in leaving]
    was = [as_recorded(each.booking) for each in leaving]
    _give_way(session, leaving, over, reasons, work)
    lock_organisations_of(session, {each.booking.project_id for each in leaving})
    displaced = [
        _told(session, each, fell, before, work)
        for each, fell, before in zip(leaving, fallen, was, strict=True)
    ]
    return Displacement(tuple(displaced), tuple(_fallen(each, over) for each in staying))


def _spans(closed: Iterable[Closure], now: datetime) -> list[ClosedSpan]:
    return [
        ClosedSpan(each.id, each.resource_id, left)
        for each in closed
        if (left := still_to_come(each.starts_at, each.ends_at, now)) is not None
    ]


def _taken(
    session: Session, spans: Sequence[ClosedSpan], facility_id: UUID
) -> tuple[reads.TakenSpan, ...]:
    shut = {each.resource_id for each in spans}
    return reads.taken_spans(
        session,
        facility_id=facility_id,
        resource_ids=None if None in shut else {each for each in shut if each is not None},
        within=Interval(
            min(each.interval.start for each in spans), max(each.interval.end for each in spans)
        ),
    )


def _parted(
    under: Iterable[BookingUnder], over: Mapping[UUID, ClosedSpan], estimated: Collection[UUID]
) -> tuple[list[BookingUnder], list[BookingUnder]]:
    leaving: list[BookingUnder] = []
    staying: list[BookingUnder] = []
    for each in under:
        stays = each.booking.status in STAYING or over[each.booking.id].closure_id in estimated
        (staying if stays else leaving).append(each)
    return leaving, staying


def _fallen(under: BookingUnder, over: Mapping[UUID, ClosedSpan]) -> FallenUpon:
    booking = under.booking
    return FallenUpon(
        booking_id=booking.id,
        closure_id=over[booking.id].closure_id,
        resource_id=booking.resource_id,
        resource_name=under.resource.name,
        project_id=booking.project_id,
        project_name=under.project_name,
        person_id=booking.person_id,
        person_name=under.person_name,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        quantity=booking.quantity,
        status=booking.status,
    )


def _give_way(
    session: Session,
    leaving: Iterable[BookingUnder],
    over: Mapping[UUID, ClosedSpan],
    reasons: Mapping[UUID, str],
    work: _Work,
) -> None:
    """Take all of them away before any alternative is looked for: each frees time."""
    for each in leaving:
        booking = each.booking
        took = taken_by(booking)
        booking.status = BookingStatus(next_step(booking, "displace").new_state)
        booking.reason = reasons[over[booking.id].closure_id]
        booking.expires_at = None
        booking.sequence += 1
        booking.revision += 1
        booking.updated_at = work.now
        session.add(booking)
        note_given_up(session, was=took, booking=booking, now=work.now)
        settle(session, booking, now=work.now)
    session.flush()


def _told(
    session: Session, under: BookingUnder, fell: FallenUpon, was: dict[str, Any], work: _Work
) -> FallenUpon:
    """Find the alternatives, offer one of them, and record it all."""
    booking = under.booking
    alternatives = _alternatives(session, under, work)
    offered = None
    if fell.status in OFFERED_ANOTHER and booking.id not in work.offers:
        offered = offer_instead(
            session,
            booking,
            alternatives,
            actor=work.actor,
            now=work.now,
            locked=work.locked,
        )
    fell = replace(fell, alternatives=alternatives, offered=offered)
    record(
        session,
        EventKind.BOOKING_DISPLACED,
        subject_id=booking.id,
        now=work.now,
        actor_id=work.actor.person_id,
        facility_id=work.facility_id,
        payload={
            **as_recorded(booking),
            "was": was,
            "closure_id": str(fell.closure_id),
            "alternatives": [each.as_json() for each in alternatives],
            "offered": None if offered is None else offered.as_json(),
        },
    )
    return fell


def _alternatives(session: Session, under: BookingUnder, work: _Work) -> tuple[OtherTime, ...]:
    """Find the nearest times that keep every rule, as its own person would book them."""
    booking = under.booking
    wish = Wish(
        project_id=booking.project_id,
        person_id=booking.person_id,
        wanted=Interval(booking.starts_at, booking.ends_at),
        quantity=booking.quantity,
        by_manager=False,
    )
    near = nearest(session, under.resource, wish, now=work.now, reach=NEAR)
    found = near or nearest(session, under.resource, wish, now=work.now)
    unknown = {UUID(each["resource_id"]) for each in found} - work.names.keys()
    if unknown:
        work.names.update(reads.resource_names(session, unknown))
    return tuple(_other_time(each, work.names) for each in found)


def _other_time(found: Mapping[str, str], names: Mapping[UUID, ResourceName]) -> OtherTime:
    resource_id = UUID(found["resource_id"])
    named = names[resource_id]
    return OtherTime(
        resource_id=resource_id,
        resource_name=named.name,
        facility_id=named.facility_id,
        facility_name=named.facility_name,
        zone=named.zone,
        starts_at=datetime.fromisoformat(found["starts_at"]),
        ends_at=datetime.fromisoformat(found["ends_at"]),
    )
