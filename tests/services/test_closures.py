"""Bookings give way to closures: each is told why, and offered the nearest time."""

from datetime import time, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from booking.engine.lifecycle import BookingMode, BookingStatus, EventKind
from booking.engine.vocabulary import BookingSource, ClosureKind, OfferState, WaitlistState
from booking.errors import NotPermitted, RulesBroken, StaleVersion
from booking.models import Booking, Closure, Event, FreedTime, LedgerEntry, Offer
from booking.services.closures import (
    Closing,
    ClosureChanges,
    NewClosure,
    add_closure,
    edit_closure,
    remove_closure,
)
from booking.services.offers import expire_offers
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_facility,
    a_resource,
    an_entry,
    an_offer,
    opening_hours,
)
from tests.scenes import Scene, a_scene, at, booked
from tests.statements import counted_statements

DAY = 1440


def closed(session: Session, scene: Scene, start: int, end: int, **given: Any) -> Closing:
    """Close the scene's resource for those minutes of tomorrow, counted from 9 UTC."""
    dry_run = given.pop("dry_run", False)
    resource_id = given.pop("resource_id", scene.resource.id)
    return add_closure(
        session,
        actor=scene.by_manager,
        now=NOW,
        facility_id=scene.facility.id,
        new=NewClosure(resource_id, at(start), at(end), **given),
        dry_run=dry_run,
    )


def a_taken_hour(session: Session, scene: Scene, **given: Any) -> Booking:
    return a_booking(session, scene.resource, scene.project, at(0), at(60), **given)


def displaced(done: Closing) -> list[Any]:
    return [each.booking_id for each in done.displacement.displaced]


def staying(done: Closing) -> list[Any]:
    return [each.booking_id for each in done.displacement.staying]


def events(session: Session, kind: EventKind) -> list[Event]:
    return list(session.exec(select(Event).where(Event.kind == kind)).all())


def test_add_closure__over_a_booking__displaces_it_and_says_why(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)

    done = closed(session, scene, 30, 90, reason="New laser", kind=ClosureKind.MAINTENANCE)

    assert displaced(done) == [booking.id]
    session.refresh(booking)
    assert booking.status is BookingStatus.DISPLACED
    assert booking.reason == "Closed for maintenance: New laser"
    assert (booking.sequence, booking.revision) == (1, 1)
    (event,) = events(session, EventKind.BOOKING_DISPLACED)
    assert event.subject_id == booking.id
    assert event.payload["closure_id"] == str(done.closure.id)
    assert event.payload["was"]["status"] == "confirmed"
    freed = session.exec(select(FreedTime)).one()
    assert (freed.starts_at, freed.ends_at) == (at(0), at(60))


@pytest.mark.parametrize(
    ("start", "end", "falls"), [(60, 120, 0), (-60, 0, 0), (59, 120, 1), (-60, 1, 1)]
)
def test_add_closure__touching_a_booking__displaces_only_what_overlaps(
    session: Session, start: int, end: int, falls: int
) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)

    assert displaced(closed(session, scene, start, end)) == [booking.id] * falls


@pytest.mark.parametrize("status", list(BookingStatus))
def test_add_closure__by_status__only_what_holds_and_is_not_in_use_gives_way(
    session: Session, status: BookingStatus
) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene, status=status)

    done = closed(session, scene, 0, 60)

    stay = {BookingStatus.IN_USE, BookingStatus.COMPLETED}
    leave = {
        BookingStatus.HELD,
        BookingStatus.PENDING,
        BookingStatus.CONFIRMED,
        BookingStatus.CANCELLING,
    }
    assert displaced(done) == [booking.id] * (status in leave)
    assert staying(done) == [booking.id] * (status in stay)


def test_add_closure__that_runs_already__leaves_what_is_past(session: Session) -> None:
    scene = a_scene(session)
    over = a_booking(session, scene.resource, scene.project, NOW - timedelta(hours=2), NOW)
    running = a_booking(session, scene.resource, scene.project, NOW, NOW + timedelta(hours=1))

    done = add_closure(
        session,
        actor=scene.by_manager,
        now=NOW,
        facility_id=scene.facility.id,
        new=NewClosure(None, NOW - timedelta(days=1), NOW + timedelta(minutes=1)),
    )

    assert displaced(done) == [running.id]
    assert over.status is BookingStatus.CONFIRMED


def test_add_closure__of_a_facility__displaces_on_each_resource_and_not_elsewhere(
    session: Session,
) -> None:
    scene = a_scene(session)
    other = a_resource(session, scene.facility.id)
    elsewhere = a_resource(session, a_facility(session).id)
    rows = [
        a_booking(session, each, scene.project, at(0), at(60))
        for each in (scene.resource, other, elsewhere)
    ]

    done = closed(session, scene, 0, 60, resource_id=None)

    assert set(displaced(done)) == {rows[0].id, rows[1].id}
    assert rows[2].status is BookingStatus.CONFIRMED


def test_add_closure__with_free_time_after_it__offers_the_nearest(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene, title="Powder")

    done = closed(session, scene, 0, 90)

    (fell,) = done.displacement.displaced
    nearest = fell.alternatives[0]
    assert (nearest.starts_at, nearest.ends_at) == (at(-60), at(0))
    assert fell.offered == nearest
    offer = session.exec(select(Offer)).one()
    held = session.exec(select(Booking).where(Booking.id == offer.booking_id)).one()
    assert (offer.displaced_id, offer.state) == (booking.id, OfferState.MADE)
    assert (held.status, held.source) == (BookingStatus.HELD, BookingSource.WAITING_LIST)
    assert (held.starts_at, held.ends_at, held.title) == (at(-60), at(0), "Powder")
    assert held.person_id == booking.person_id
    assert held.expires_at == offer.deadline_at == NOW + (at(-60) - NOW) / 2
    (event,) = events(session, EventKind.OFFER_MADE)
    assert (event.subject_id, event.payload["offer_id"]) == (held.id, str(offer.id))


def test_add_closure__over_several__offers_each_another_time(session: Session) -> None:
    scene = a_scene(session)
    for each in range(3):
        a_booking(session, scene.resource, scene.project, at(60 * each), at(60 * each + 60))

    done = closed(session, scene, 0, 180)

    offered = [each.offered for each in done.displacement.displaced]
    spans = {(each.starts_at, each.ends_at) for each in offered if each is not None}
    assert len(spans) == 3
    assert all(end <= at(0) or start >= at(180) for start, end in spans)


def test_add_closure__no_time_keeps_all_rules__offers_none(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.ROUND_ONLY)
    booking = a_taken_hour(session, scene, source=BookingSource.ROUND)

    done = closed(session, scene, 0, 60)

    (fell,) = done.displacement.displaced
    assert (fell.booking_id, fell.alternatives, fell.offered) == (booking.id, (), None)
    assert session.exec(select(Offer)).all() == []


def test_add_closure__its_like_elsewhere_is_open__offers_that(session: Session) -> None:
    scene = a_scene(session)
    opening_hours(session, scene.facility.id, time(12), time(13))
    like = a_resource(session, scene.facility.id)
    booking = a_taken_hour(session, scene)

    done = closed(session, scene, -14 * DAY, 28 * DAY)

    (fell,) = done.displacement.displaced
    assert booking.id == fell.booking_id
    assert fell.offered is not None
    assert (fell.offered.resource_id, fell.offered.starts_at) == (like.id, at(0))


def test_add_closure__while_letting_go__offers_nothing(session: Session) -> None:
    scene = a_scene(session)
    a_taken_hour(session, scene, status=BookingStatus.CANCELLING)

    (fell,) = closed(session, scene, 0, 60).displacement.displaced

    assert fell.alternatives
    assert fell.offered is None


def test_add_closure__estimated__keeps_new_ones_off_and_displaces_none(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)

    done = closed(session, scene, 0, 120, estimated=True, kind=ClosureKind.HOLIDAY)

    assert (displaced(done), staying(done)) == ([], [booking.id])
    with pytest.raises(RulesBroken) as refused:
        booked(session, scene, scene.wish(60, 120))
    assert "closure" in {each.code for each in refused.value.violations}


def test_edit_closure__estimate_confirmed__displaces(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)
    row = closed(session, scene, 0, 120, estimated=True).closure

    done = edited(session, scene, row, estimated=False)

    assert displaced(done) == [booking.id]
    assert displaced(edited(session, scene, row, estimated=False)) == []


def edited(session: Session, scene: Scene, row: Closure, **given: Any) -> Closing:
    dry_run = given.pop("dry_run", False)
    return edit_closure(
        session,
        actor=scene.by_manager,
        now=NOW,
        closure_id=row.id,
        changes=ClosureChanges(**given),
        dry_run=dry_run,
    )


def test_edit_closure__longer__displaces_what_it_now_reaches(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)
    row = closed(session, scene, -60, 0).closure
    assert displaced(edited(session, scene, row, ends_at=at(15), dry_run=True)) == [booking.id]
    assert (row.ends_at, booking.status) == (at(0), BookingStatus.CONFIRMED)
    assert displaced(edited(session, scene, row, reason="only words")) == []

    done = edited(session, scene, row, ends_at=at(15))

    assert displaced(done) == [booking.id]


def test_edit_closure__shorter__frees_the_rest_for_the_waiting_list(session: Session) -> None:
    scene = a_scene(session)
    row = closed(session, scene, 0, 120).closure

    edited(session, scene, row, starts_at=at(30), ends_at=at(60))

    freed = session.exec(select(FreedTime)).all()
    assert {(each.starts_at, each.ends_at) for each in freed} == {
        (at(0), at(30)),
        (at(60), at(120)),
    }


def test_remove_closure__frees_its_time_on_each_resource(session: Session) -> None:
    scene = a_scene(session)
    other = a_resource(session, scene.facility.id)
    row = closed(session, scene, 0, 120, resource_id=None).closure

    remove_closure(session, actor=scene.by_manager, now=NOW, closure_id=row.id)

    freed = session.exec(select(FreedTime)).all()
    assert {each.resource_id for each in freed} == {scene.resource.id, other.id}
    assert booked(session, scene).status is BookingStatus.CONFIRMED


def test_edit_closure__changed_since_it_was_read__is_stale(session: Session) -> None:
    scene = a_scene(session)
    row = a_closure(session, scene.facility.id, at(0), at(60))
    session.flush()
    session.connection().exec_driver_sql("UPDATE closure SET reason = 'another'")

    with pytest.raises(StaleVersion):
        edited(session, scene, row, ends_at=at(15))


def test_add_closure__dry_run__tells_all_and_leaves_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)

    told = closed(session, scene, 0, 60, dry_run=True)

    assert displaced(told) == [booking.id]
    assert told.displacement.displaced[0].offered is not None
    assert booking.status is BookingStatus.CONFIRMED
    for table in (Closure, Offer, Event, FreedTime):
        assert session.exec(select(table)).all() == []
    assert len(session.exec(select(Booking)).all()) == 1
    done = closed(session, scene, 0, 60)
    assert done.displacement.displaced[0].offered == told.displacement.displaced[0].offered


@pytest.mark.parametrize("status", [BookingStatus.HELD, BookingStatus.PENDING])
def test_add_closure__over_what_would_lapse__leaves_no_time_to_lapse(
    session: Session, status: BookingStatus
) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene, status=status, expires_at=at(-10))

    closed(session, scene, 0, 60)

    session.refresh(booking)
    assert (booking.status, booking.expires_at) == (BookingStatus.DISPLACED, None)


def test_add_closure__by_a_member__is_refused_and_displaces_none(session: Session) -> None:
    scene = a_scene(session)
    booking = a_taken_hour(session, scene)

    with pytest.raises(NotPermitted):
        add_closure(
            session,
            actor=scene.by_member,
            now=NOW,
            facility_id=scene.facility.id,
            new=NewClosure(None, at(0), at(60)),
        )

    assert booking.status is BookingStatus.CONFIRMED


def test_add_closure__charged_booking__gets_all_of_it_back(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    assert sum(each.credit_thousandths for each in session.exec(select(LedgerEntry))) == 1000

    closed(session, scene, 0, 60)

    entries = session.exec(select(LedgerEntry).where(LedgerEntry.booking_id == booking.id)).all()
    assert sum(each.credit_thousandths for each in entries) == 0
    assert len(entries) == 2


def test_add_closure__time_held_for_who_waits__goes_back_to_the_line(session: Session) -> None:
    scene = a_scene(session)
    entry = an_entry(
        session,
        scene.resource,
        scene.project,
        at(0),
        at(600),
        minutes=60,
        state=WaitlistState.OFFERED,
    )
    offer = an_offer(session, scene.resource, scene.project, at(0), at(60), entry_id=entry.id)

    done = closed(session, scene, 0, 60)

    assert displaced(done) == [offer.booking_id]
    assert done.displacement.displaced[0].offered is None
    expire_offers(session, now=NOW)
    assert (offer.state, entry.state) == (OfferState.EXPIRED, WaitlistState.WAITING)


def test_add_closure__over_more_bookings__costs_a_few_statements_for_each(
    session: Session,
) -> None:
    spent = []
    for count in (2, 6):
        scene = a_scene(session)
        for each in range(count):
            a_booking(session, scene.resource, scene.project, at(60 * each), at(60 * each + 60))
        with counted_statements(session) as said:
            assert len(displaced(closed(session, scene, 0, 60 * count))) == count
        spent.append(len(said))
    assert spent[1] - spent[0] <= 4 * 14
