"""Freed time goes down the line: to whom, which part of it, and what is never offered."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import BookingSource, LedgerKind, WaitlistState
from booking.models import Booking, FreedTime, LedgerEntry, Offer, Project, WaitlistEntry
from booking.services.booking_changes import Move, cancel, move
from booking.services.offering import Offering, offer_freed, sweep
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_project,
    a_resource,
    added,
    an_entry,
    an_organisation,
)
from tests.events import events_about, kinds_about
from tests.pages.furniture import LOWER_INCOMES, a_policy
from tests.scenes import DOMAIN, Scene, a_scene, at


def held_hour(session: Session, **resource: Any) -> tuple[Scene, Booking]:
    """A resource whose hour after `at(0)` somebody else has."""
    scene = a_scene(session, **resource)
    quantity = scene.resource.capacity
    whose = a_project(session)
    return scene, a_booking(session, scene.resource, whose, at(0), at(60), quantity=quantity)


def waits(
    session: Session, scene: Scene, start: int = 0, end: int = 60, **given: Any
) -> WaitlistEntry:
    project = given.pop("project", None) or a_project(session)
    return an_entry(session, scene.resource, project, at(start), at(end), **given)


def freed(session: Session, scene: Scene, booking: Booking, *, now: datetime = NOW) -> Offering:
    cancel(session, actor=scene.by_manager, now=now, booking_id=booking.id)
    return offered(session, now=now)


def offered(session: Session, *, now: datetime = NOW) -> Offering:
    session.flush()
    return offer_freed(session, now=now, domain=DOMAIN)


def offers(session: Session) -> list[tuple[Offer, Booking]]:
    rows = session.exec(
        select(Offer, Booking)
        .join(Booking, col(Booking.id) == col(Offer.booking_id))
        .order_by(col(Offer.id))
    )
    return [(offer, booking) for offer, booking in rows]


def times(session: Session) -> list[tuple[datetime, datetime]]:
    return [(booking.starts_at, booking.ends_at) for _, booking in offers(session)]


def charged(session: Session, scene: Scene, project: Project) -> None:
    """Let the project's organisation have used a lot a day ago."""
    used = NOW - timedelta(days=1)
    booking = a_booking(session, scene.resource, project, used, used + timedelta(hours=9))
    added(
        session,
        LedgerEntry(
            facility_id=scene.facility.id,
            organisation_id=project.organisation_id,
            project_id=project.id,
            booking_id=booking.id,
            kind=LedgerKind.BOOKED,
            access_units=540,
            credit_thousandths=9_000,
            used_at=used,
            entered_at=used,
        ),
    )


def test_offer_freed__nothing_freed__does_nothing(session: Session) -> None:
    scene, _ = held_hour(session)
    waits(session, scene)
    assert offered(session) == Offering()


def test_offer_freed__cancelled_booking__holds_the_time_for_who_waits(session: Session) -> None:
    scene, booking = held_hour(session)
    entry = waits(session, scene, title="Run 7")

    assert freed(session, scene, booking) == Offering(looked_at=1, made=1)

    ((offer, held),) = offers(session)
    assert (held.starts_at, held.ends_at, held.title) == (at(0), at(60), "Run 7")
    assert (held.status, held.source) == (BookingStatus.HELD, BookingSource.WAITING_LIST)
    assert (held.project_id, held.person_id) == (entry.project_id, entry.person_id)
    assert held.expires_at == offer.deadline_at == NOW + timedelta(hours=12)
    assert entry.state is WaitlistState.OFFERED
    assert session.exec(select(FreedTime)).all() == []


def test_offer_freed__offer__is_told_by_its_own_event_alone(session: Session) -> None:
    scene, booking = held_hour(session)
    entry = waits(session, scene)
    freed(session, scene, booking)

    ((offer, held),) = offers(session)
    (event,) = events_about(session, held.id)
    assert event.kind == "offer.made"
    assert event.payload["offer_id"] == str(offer.id)
    assert event.payload["entry_id"] == str(entry.id)
    assert event.payload["standing"]["place"] == 1


def test_offer_freed__same_in_all__who_came_first_gets_it(session: Session) -> None:
    scene, booking = held_hour(session)
    late = waits(session, scene, entered_at=NOW + timedelta(minutes=1))
    early = waits(session, scene)

    assert freed(session, scene, booking).made == 1

    assert early.state is WaitlistState.OFFERED
    assert late.state is WaitlistState.WAITING
    ((offer, _),) = offers(session)
    assert (offer.standing["place"], offer.standing["of"]) == (1, 2)


def test_offer_freed__much_used_lately__comes_after_who_did_not(session: Session) -> None:
    scene, booking = held_hour(session)
    busy = a_project(session)
    charged(session, scene, busy)
    heavy = waits(session, scene, project=busy)
    light = waits(session, scene, entered_at=NOW + timedelta(minutes=1))

    freed(session, scene, booking)

    assert light.state is WaitlistState.OFFERED
    assert heavy.state is WaitlistState.WAITING


def test_offer_freed__group_below_its_share__comes_before_who_came_first(
    session: Session,
) -> None:
    scene, booking = held_hour(session)
    a_policy(session, scene.facility.id, LOWER_INCOMES)
    rich = an_organisation(session, country="DE")
    first = waits(session, scene, project=a_project(session, organisation_id=rich.id))
    needy = waits(session, scene, entered_at=NOW + timedelta(hours=1))

    freed(session, scene, booking)

    assert (first.state, needy.state) == (WaitlistState.WAITING, WaitlistState.OFFERED)
    ((offer, held),) = offers(session)
    assert offer.standing["group"]["name"] == "Lower incomes"
    assert offer.standing["group"]["credited_credits"] == 0
    assert offer.standing["group"]["reserved_credits"] > 0
    assert (held.groups, held.group_key) == (["lmic"], "lmic")


def test_offer_freed__pool__is_offered_to_as_many_as_fit(session: Session) -> None:
    scene, booking = held_hour(session, capacity=3)
    entries = [waits(session, scene, quantity=each) for each in (2, 2, 1)]

    assert freed(session, scene, booking).made == 2

    assert [each.state for each in entries] == [
        WaitlistState.OFFERED,
        WaitlistState.WAITING,
        WaitlistState.OFFERED,
    ]


def test_offer_freed__two_windows__each_gets_its_earliest_part(session: Session) -> None:
    scene, booking = held_hour(session)
    waits(session, scene, -60, 60, minutes=30)
    a_booking(session, scene.resource, a_project(session), at(-60), at(0))
    waits(session, scene, 0, 60, minutes=30, entered_at=NOW + timedelta(minutes=1))

    assert freed(session, scene, booking).made == 2

    assert times(session) == [(at(0), at(30)), (at(30), at(60))]


def test_offer_freed__freed_time_beside_what_was_free__is_offered_together(
    session: Session,
) -> None:
    scene, booking = held_hour(session)
    waits(session, scene, 0, 120, minutes=90)
    freed(session, scene, booking)
    assert times(session) == [(at(0), at(90))]


def test_offer_freed__shortened_by_too_little__offers_nothing(session: Session) -> None:
    scene, booking = held_hour(session)
    entry = waits(session, scene, 0, 60, minutes=30)
    for end, made in ((45, 0), (30, 1)):
        move(
            session,
            actor=scene.by_manager,
            now=NOW,
            booking_id=booking.id,
            to=Move(ends_at=at(end)),
        )
        assert offered(session).made == made
    assert entry.state is WaitlistState.OFFERED


def test_offer_freed__buffer_goes_with_it__is_offered_too(session: Session) -> None:
    scene, booking = held_hour(session, buffer_after_minutes=30)
    waits(session, scene, 60, 120)
    freed(session, scene, booking)
    assert times(session) == [(at(60), at(120))]


def test_offer_freed__other_resource__is_not_offered(session: Session) -> None:
    scene, booking = held_hour(session)
    other = a_resource(session, scene.facility.id)
    entry = an_entry(session, other, scene.project, at(0), at(60))

    assert freed(session, scene, booking) == Offering(looked_at=1)
    assert entry.state is WaitlistState.WAITING


def test_offer_freed__rule_broken_by_the_first__the_next_is_asked(session: Session) -> None:
    scene, booking = held_hour(session)
    suspended = an_organisation(session, suspended_at=NOW)
    first = waits(session, scene, project=a_project(session, organisation_id=suspended.id))
    second = waits(session, scene, entered_at=NOW + timedelta(minutes=1))

    freed(session, scene, booking)

    assert first.state is WaitlistState.WAITING
    assert second.state is WaitlistState.OFFERED


def test_offer_freed__closed_by_now__offers_nothing(session: Session) -> None:
    scene, booking = held_hour(session)
    a_closure(session, scene.facility.id, at(0), at(60))
    waits(session, scene)
    assert freed(session, scene, booking).made == 0


@pytest.mark.parametrize(("minutes", "made"), [(9, 0), (10, 1)])
def test_offer_freed__shortly_before__only_with_time_to_answer(
    session: Session, minutes: int, made: int
) -> None:
    scene, booking = held_hour(session, minimum_minutes=15)
    waits(session, scene, 0, 30, minutes=15)

    assert freed(session, scene, booking, now=at(15) - minutes * timedelta(minutes=1)).made == made


def test_offer_freed__window_over__ends_the_entry(session: Session) -> None:
    scene, _ = held_hour(session)
    entry = waits(session, scene)

    assert sweep(session, now=at(0)) == 1
    assert offered(session, now=at(0)) == Offering(looked_at=1, expired=1)

    assert entry.state is WaitlistState.EXPIRED
    assert kinds_about(session, entry.id) == ["waitlist.expired"]
    assert sweep(session, now=at(0)) == 0


def test_sweep__time_that_nobody_let_go_of__is_offered(session: Session) -> None:
    scene = a_scene(session)
    closure = a_closure(session, scene.facility.id, at(0), at(60))
    entry = waits(session, scene)
    session.delete(closure)

    assert sweep(session, now=NOW) == 1
    assert offered(session).made == 1
    assert entry.state is WaitlistState.OFFERED


def test_sweep__nobody_waits__looks_at_nothing(session: Session) -> None:
    held_hour(session)
    assert sweep(session, now=NOW) == 0
    assert offered(session) == Offering()
