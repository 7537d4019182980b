"""The line of the waiting list under simultaneous hands: one answer counts, nothing twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, func, select

from booking.db import Database
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.vocabulary import OfferState, WaitlistState
from booking.errors import DomainError
from booking.models import Booking, Event, FreedTime, Offer, WaitlistEntry
from booking.services import offers
from booking.services.booking_changes import cancel
from booking.services.bookings import book
from booking.services.offering import offer_freed
from booking.services.waiting_list import NewEntry, join
from tests.builders import NOW, a_booking, a_project, an_entry, an_offer
from tests.races.sweep import overbooked
from tests.races.test_interleaved import undecided_then_rival
from tests.scenes import DOMAIN, Scene, a_scene, at

ROUNDS = 5
PATIENCE_SECONDS = 60
Deed = Callable[[Session], Any]


def all_at_once(database: Database, deeds: Sequence[Deed]) -> list[Any]:
    """Do each in a transaction of its own, all from one instant on; refusals are returned."""
    barrier = Barrier(len(deeds))

    def done(deed: Deed) -> Any:
        barrier.wait(PATIENCE_SECONDS)
        try:
            with database.writing() as session:
                return deed(session)
        except DomainError as refused:
            return refused

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(done, deeds))


def a_line(
    database: Database, waiting: int, *, freed: bool = True, **resource: Any
) -> tuple[Scene, UUID]:
    """A taken hour that is let go of, and so many who wait for it; the first is the scene's."""
    with database.writing() as session:
        scene = a_scene(session, **resource)
        gone = a_booking(
            session,
            scene.resource,
            a_project(session),
            at(0),
            at(60),
            quantity=scene.resource.capacity,
        )
        for number in range(waiting):
            project = a_project(session) if number else scene.project
            entered = NOW - timedelta(hours=1) + timedelta(minutes=number)
            an_entry(session, scene.resource, project, at(0), at(60), entered_at=entered)
    if freed:
        with database.writing() as session:
            cancel(session, actor=scene.by_manager, now=NOW, booking_id=gone.id)
    return scene, gone.id


def drain(database: Database) -> None:
    """Offer all that is freed, until nothing is left to look at."""
    looked_at = 1
    while looked_at:
        with database.writing() as session:
            looked_at = offer_freed(session, now=NOW, domain=DOMAIN).looked_at


def kinds_since(database: Database, booking_id: UUID) -> Counter[str]:
    with database.reading() as session:
        return Counter(session.exec(select(Event.kind).where(Event.subject_id == booking_id)))


def offers_of(database: Database, scene: Scene) -> list[tuple[Offer, Booking]]:
    return [each for each in offers_in(database) if each[1].resource_id == scene.resource.id]


def offers_in(database: Database) -> list[tuple[Offer, Booking]]:
    with database.reading() as session:
        rows = session.exec(
            select(Offer, Booking)
            .join(Booking, col(Booking.id) == col(Offer.booking_id))
            .order_by(col(Offer.id))
        )
        return [(offer, booking) for offer, booking in rows]


def asks(session: Session) -> int:
    return offer_freed(session, now=NOW, domain=DOMAIN).made


def expires(at: datetime) -> Deed:
    return lambda session: offers.expire_offers(session, now=at)


@pytest.mark.parametrize("capacity", [1, 3])
def test_offer_freed__many_workers_at_once__offer_what_is_free_and_no_more(
    database: Database, capacity: int
) -> None:
    a_line(database, 6, capacity=capacity)

    made = all_at_once(database, [asks] * 4)

    assert sum(made) == capacity
    assert len(offers_in(database)) == capacity
    assert overbooked(database) == []


def test_offer_freed__against_a_booking_of_the_same_time__one_of_them_has_it(
    database: Database,
) -> None:
    for _ in range(ROUNDS):
        scene, _ = a_line(database, 2)
        wish = scene.wish()

        def books(session: Session, scene: Scene = scene, wish: Any = wish) -> Any:
            return book(session, actor=scene.by_member, now=NOW, domain=DOMAIN, new=wish)

        all_at_once(database, [asks, books])

    assert overbooked(database) == []
    with database.reading() as session:
        holding = select(func.count()).where(
            col(Booking.status).in_([BookingStatus.HELD, BookingStatus.CONFIRMED])
        )
        assert session.exec(holding).one() == ROUNDS
        assert session.exec(select(FreedTime)).all() == []


def test_last_offer__accepted_ended_and_taken_on_at_once__is_settled_once(
    database: Database,
) -> None:
    for _ in range(ROUNDS):
        scene, _ = a_line(database, 2)
        drain(database)
        ((offer, booking),) = offers_of(database, scene)
        late = offer.deadline_at

        def accepts(session: Session, scene: Scene = scene, offer: Offer = offer) -> Any:
            before = offer.deadline_at - timedelta(seconds=1)
            by = scene.by_member
            return offers.accept(session, actor=by, now=before, offer_id=offer.id)

        def declines(session: Session, scene: Scene = scene, offer: Offer = offer) -> Any:
            return offers.decline(session, actor=scene.by_member, now=NOW, offer_id=offer.id)

        all_at_once(database, [accepts, declines, expires(late), expires(late), asks])
        drain(database)

        settled = kinds_since(database, booking.id) - Counter([EventKind.OFFER_MADE])
        assert settled.total() == 1, settled
        in_line = offers_of(database, scene)
        assert len(in_line) == (1 if EventKind.OFFER_ACCEPTED in settled else 2)
        assert in_line[0][0].id == offer.id
    assert overbooked(database) == []


def test_answers__each__is_told_by_exactly_one_event(database: Database) -> None:
    scene, _ = a_line(database, 1)
    with database.writing() as session:
        asks(session)
    ((offer, _),) = offers_in(database)

    def accepts(session: Session) -> Any:
        return offers.accept(session, actor=scene.by_member, now=NOW, offer_id=offer.id)

    told = all_at_once(database, [accepts] * 6)

    assert sum(not isinstance(each, DomainError) for each in told) == 1
    with database.reading() as session:
        kinds = Counter(session.exec(select(Event.kind)).all())
    assert kinds[EventKind.OFFER_MADE] == kinds[EventKind.OFFER_ACCEPTED] == 1


def test_join__cancel_undecided__waits_and_is_told_that_it_is_free(database: Database) -> None:
    scene, gone = a_line(database, 0, freed=False)

    def cancels(session: Session, scene: Scene) -> None:
        cancel(session, actor=scene.by_manager, now=NOW, booking_id=gone)

    fate = undecided_then_rival(database, scene, cancels, joins)

    refusal = fate.exception()
    assert isinstance(refusal, DomainError)
    assert [each.code for each in refusal.violations] == ["free_now"]


def test_cancel__join_undecided__waits_and_frees_for_who_joined(database: Database) -> None:
    scene, gone = a_line(database, 0, freed=False)

    def cancels(session: Session, scene: Scene) -> None:
        cancel(session, actor=scene.by_manager, now=NOW, booking_id=gone)

    fate = undecided_then_rival(database, scene, joins, cancels)

    assert fate.exception() is None
    with database.writing() as session:
        assert asks(session) == 1
    with database.reading() as session:
        (entry,) = session.exec(select(WaitlistEntry)).all()
    assert entry.state is WaitlistState.OFFERED


@pytest.mark.parametrize("waiting", [0, 1])
def test_accept__expiry_undecided__waits_and_is_refused(database: Database, waiting: int) -> None:
    scene, _ = a_line(database, waiting)
    with database.writing() as session:
        if not waiting:
            an_offer(session, scene.resource, scene.project, at(0), at(60))
        asks(session)
    ((offer, _),) = offers_in(database)

    def ends(session: Session, scene: Scene) -> None:
        del scene
        assert offers.expire_offers(session, now=offer.deadline_at) == 1

    def accepts(session: Session, scene: Scene) -> None:
        offers.accept(session, actor=scene.by_member, now=NOW, offer_id=offer.id)

    fate = undecided_then_rival(database, scene, ends, accepts)

    assert isinstance(fate.exception(), DomainError)
    ((offer, booking),) = offers_in(database)
    assert (offer.state, booking.status) == (OfferState.EXPIRED, BookingStatus.EXPIRED)


def test_book__offer_to_the_same_project_undecided__waits_and_counts_it(
    database: Database,
) -> None:
    scene, _ = a_line(database, 1, concurrent_per_project=1)

    def offers_it(session: Session, scene: Scene) -> None:
        del scene
        assert asks(session) == 1

    def books(session: Session, scene: Scene) -> None:
        book(session, actor=scene.by_member, now=NOW, domain=DOMAIN, new=scene.wish(120, 180))

    fate = undecided_then_rival(database, scene, offers_it, books)

    refusal = fate.exception()
    assert isinstance(refusal, DomainError)
    assert [each.code for each in refusal.violations] == ["too_many_for_project"]


def joins(session: Session, scene: Scene) -> None:
    new = NewEntry(scene.resource.id, scene.project.id, at(0), at(60))
    join(session, actor=scene.by_member, now=NOW, new=new)
