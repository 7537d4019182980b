"""Whatever people and the clock do to bookings, a naive model agrees, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from booking.db import Database
from booking.engine.intervals import Interval
from booking.queries.availability import free_slots
from booking.queries.catalogue import Search
from booking.queries.slot_batches import TimeWish
from booking.services import offers
from booking.services.booking_changes import Move, cancel, move
from booking.services.booking_handover import hand_over
from booking.services.booking_holds import confirm
from booking.services.booking_use import approve, check_in, check_out, miss, reject
from booking.services.bookings import NewBooking, book
from booking.services.closures import NewClosure, add_closure, remove_closure
from booking.services.lapsing import lapse
from tests.booking_story import FAR, Story, at, minute_of
from tests.naive_bookings import EARLY, GRACE, GRID, HOLD, PLACES, Naive
from tests.scenes import DOMAIN

MINUTE = timedelta(minutes=1)
STEPS = 16
places = st.integers(0, len(PLACES) - 1)
starts = st.integers(0, STEPS).map(lambda step: step * GRID)
lengths = st.integers(1, 5).map(lambda steps: steps * GRID)
quantities = st.sampled_from([1, 1, 2, 3])
picks = st.integers(0, 99)
people = st.integers(0, 1)
Deed = TypeVar("Deed", bound=Callable[..., Any])
GOING = ("held", "pending", "confirmed", "in_use")
INSTANTS = ("early", "start", "grace", "end", "expires")
NEAR = (*GOING, "completed")


def having(*states: str) -> Callable[[Deed], Deed]:
    """Take the step only where some booking is in one of the states."""
    return precondition(
        lambda self: any(each.status in states for each in self.model.bookings.values())
    )


class Everyday(Story):
    """What people, facilities and the clock do."""

    @rule(
        place=places,
        start=starts,
        length=lengths,
        quantity=quantities,
        hold=st.booleans(),
        person=people,
    )
    def book(
        self, place: int, start: int, length: int, quantity: int, *, hold: bool, person: int
    ) -> None:
        end = start + length
        new = NewBooking(
            resource_id=self.resources[place],
            project_id=self.project.id,
            starts_at=at(start),
            ends_at=at(end),
            quantity=quantity,
            hold=hold,
        )
        booked = self.tried(
            lambda: book(
                self.session, actor=self.members[person], now=self.now, domain=DOMAIN, new=new
            )
        )
        assert (booked is not None) == self.model.may_book(place, start, end, quantity)
        if booked is None:
            return
        status = "pending" if PLACES[place].approves else "confirmed"
        expires = start if status == "pending" else None
        if hold:
            status, expires = "held", self.model.now + HOLD
        naive = Naive(place, start, end, quantity, status, person, expires)
        self.model.added(booked.id, naive, f"booking.{status}")

    @rule(place=places, wait=st.integers(0, 2), length=lengths, person=people)
    def book_soon(self, place: int, wait: int, length: int, person: int) -> None:
        start = (-(-self.model.now // GRID) + wait) * GRID
        self.book(place=place, start=start, length=length, quantity=1, hold=False, person=person)

    @having("held")
    @rule(pick=picks)
    def confirm(self, pick: int) -> None:
        key, naive = self.picked(pick, "held")
        if key is None or naive.offer is not None:
            return
        done = self.acted(confirm, key)
        assert done == (self.model.now < cast("int", naive.expires))
        if done:
            status = "pending" if PLACES[naive.place].approves else "confirmed"
            self.model.changed(key, f"booking.{status}", status=status, expires=naive.start)

    @having(*GOING)
    @rule(pick=picks, place=places, start=starts, length=lengths, quantity=quantities)
    def move(self, pick: int, place: int, start: int, length: int, quantity: int) -> None:
        self.moved(pick, place, start, start + length, quantity)

    @having(*GOING)
    @rule(pick=picks, sooner=st.integers(0, 2), later=st.integers(0, 2), fewer=st.booleans())
    def shorten(self, pick: int, sooner: int, later: int, *, fewer: bool) -> None:
        key, naive = self.picked(pick, *GOING)
        start, end = naive.start + later * GRID, naive.end - sooner * GRID
        if key is not None and start < end:
            quantity = max(naive.quantity - fewer, 1)
            self.moved(pick, naive.place, start, end, quantity)

    def moved(self, pick: int, place: int, start: int, end: int, quantity: int) -> None:
        key, naive = self.picked(pick, *GOING)
        if key is None:
            return
        as_it_is = (naive.place, naive.start, naive.end, naive.quantity)
        to = Move(at(start), at(end), self.resources[place], quantity)
        done = self.acted(move, key, to=to)
        if as_it_is == (place, start, end, quantity):
            assert done
            return
        movable = naive.status in {"pending", "confirmed"}
        assert done == (movable and self.model.can_move(key, place, start, end, quantity))
        if done:
            where = {"place": place, "start": start, "end": end, "quantity": quantity}
            self.model.changed(key, "booking.moved", **where, expires=start)

    @having(*GOING)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        key, naive = self.picked(pick, *GOING)
        if key is None or naive.offer is not None:
            return
        done = self.acted(cancel, key)
        assert done == (naive.status != "in_use" and self.model.now < naive.end)
        if done:
            self.model.changed(key, "booking.cancelled", status="cancelled")

    @having(*GOING)
    @rule(pick=picks, person=people)
    def hand_over(self, pick: int, person: int) -> None:
        key, naive = self.picked(pick, *GOING)
        if key is None:
            return
        done = self.acted(hand_over, key, person_id=self.people[person])
        if naive.person == person:
            assert done
            return
        movable = naive.status in {"pending", "confirmed"}
        assert done == (movable and self.model.now < naive.end)
        if done:
            self.model.changed(key, "booking.handed_over", person=person)

    @having("pending")
    @rule(pick=picks, approves=st.booleans())
    def decide(self, pick: int, *, approves: bool) -> None:
        key, naive = self.picked(pick, "pending")
        if key is None:
            return
        if approves:
            done = self.acted(approve, key, actor=self.manager)
            assert done == (self.model.now < naive.end)
            if done:
                self.model.changed(key, "booking.approved", status="confirmed")
        else:
            assert self.acted(reject, key, actor=self.manager, reason="Not this time.")
            self.model.changed(key, "booking.rejected", status="rejected")

    @having(*GOING)
    @rule(pick=picks)
    def check_in(self, pick: int) -> None:
        key, _ = self.picked(pick, *GOING)
        if key is not None:
            self.checks_in(key)

    def checks_in(self, key: UUID) -> None:
        naive = self.model.bookings[key]
        done = self.acted(check_in, key)
        timely = naive.start - EARLY <= self.model.now < naive.end
        assert done == (naive.status == "confirmed" and timely)
        if done:
            self.model.changed(key, "booking.checked_in", status="in_use")

    @having("in_use")
    @rule(pick=picks)
    def check_out(self, pick: int) -> None:
        key, _ = self.picked(pick, "in_use")
        if key is not None:
            self.checks_out(key)

    def checks_out(self, key: UUID) -> None:
        naive = self.model.bookings[key]
        assert self.acted(check_out, key)
        to_the_grid = -(-self.model.now // GRID) * GRID
        end = min(max(to_the_grid, naive.start + GRID), naive.end)
        self.model.changed(key, "booking.completed", status="completed", end=end)

    @having("confirmed")
    @rule(pick=picks, late=st.integers(-6, 6), used=st.integers(0, 80), leaves=st.booleans())
    def use(self, pick: int, late: int, used: int, *, leaves: bool) -> None:
        """Come to a booking, late or early, and leave again in time or not at all."""
        key, naive = self.picked(pick, "confirmed")
        if key is None:
            return
        self.go_to(naive.start + 5 * late)
        self.checks_in(key)
        if leaves and naive.status == "in_use":
            self.go_to(self.model.now + used)
            self.checks_out(key)

    @having("confirmed")
    @rule(pick=picks)
    def miss(self, pick: int) -> None:
        key, naive = self.picked(pick, "confirmed")
        if key is None:
            return
        grace = PLACES[naive.place].grace or 0
        done = self.acted(miss, key, actor=self.manager)
        assert done == (self.model.now >= min(naive.start + grace, naive.end))
        if done:
            self.model.changed(key, "booking.no_show", status="no_show")

    @precondition(lambda self: self.model.bookings)
    @rule(pick=picks, place=st.one_of(st.none(), places), shift=st.integers(-2, 2), length=lengths)
    def close(self, pick: int, place: int | None, shift: int, length: int) -> None:
        _, near = self.picked(pick, *NEAR)
        start = near.start + shift * GRID
        end = start + length
        if end <= self.model.now:
            return
        new = NewClosure(
            None if place is None else self.resources[place], at(start), at(end), reason="A leak"
        )
        known = set(self.model.bookings)
        closing = add_closure(
            self.session, actor=self.manager, now=self.now, facility_id=self.facility.id, new=new
        )
        falls_on = {
            key
            for key, each in self.model.bookings.items()
            if each.holds
            and place in {None, each.place}
            and each.start < end
            and max(start, self.model.now) < each.end
        }
        self.model.closures[closing.closure.id] = (place, start, end)
        stay = {
            key for key in falls_on if self.model.bookings[key].status in {"in_use", "completed"}
        }
        assert {each.booking_id for each in closing.displacement.displaced} == falls_on - stay
        assert {each.booking_id for each in closing.displacement.staying} == stay
        for key in falls_on - stay:
            self.model.changed(key, "booking.displaced", status="displaced")
        self.take_offers_over(known)

    @having("held")
    @rule(pick=picks, takes=st.booleans())
    def answer(self, pick: int, *, takes: bool) -> None:
        key, naive = self.picked(pick, "held")
        if key is None or naive.offer is None:
            return
        answered = offers.accept if takes else offers.decline
        done = self.tried(
            lambda: answered(
                self.session,
                actor=self.members[0],
                now=self.now,
                offer_id=cast("UUID", naive.offer),
            )
        )
        in_time = self.now < self.deadline_of(naive)
        assert (done is not None) == (in_time or not takes)
        if done is not None and takes:
            status = "pending" if PLACES[naive.place].approves else "confirmed"
            self.model.changed(key, "offer.accepted", status=status, expires=naive.start)
            naive.offer = None
        elif done is not None:
            self.model.changed(key, "offer.declined", status="cancelled")

    @precondition(lambda self: self.model.closures)
    @rule(pick=picks)
    def reopen(self, pick: int) -> None:
        key = list(self.model.closures)[pick % len(self.model.closures)]
        place, start, end = self.model.closures.pop(key)
        remove_closure(self.session, actor=self.manager, now=self.now, closure_id=key)
        self.model.freed |= {
            (each, minute)
            for each in (range(len(PLACES)) if place is None else [place])
            for minute in range(max(start, self.model.now), end)
        }

    @having(*GOING)
    @rule(
        pick=picks,
        when=st.sampled_from(["early", "start", "grace", "end", "expires"]),
        lapses=st.booleans(),
    )
    def time_comes(self, pick: int, when: str, *, lapses: bool) -> None:
        """Go to the very instant at which something changes for a booking."""
        _, near = self.picked(pick, *GOING)
        instants = {
            "early": near.start - EARLY,
            "start": near.start,
            "grace": near.start + GRACE,
            "end": near.end,
            "expires": near.start if near.expires is None else near.expires,
        }
        self.go_to(instants[when])
        if lapses:
            self.lapse()

    def go_to(self, minute: int) -> None:
        self.model.now = min(max(self.model.now, minute), FAR)

    @rule(minutes=st.sampled_from([5, 15, 30]))
    def time_passes(self, minutes: int) -> None:
        self.go_to(self.model.now + minutes)

    @rule()
    def lapse(self) -> None:
        expected = self.model.lapsing()
        lapsed = lapse(self.session, now=self.now)
        assert lapsed.expired + lapsed.missed == len(expected)
        for key, status in expected.items():
            self.model.changed(key, f"booking.{status}", status=status)

    @rule()
    def end_offers(self) -> None:
        while offers.expire_offers(self.session, now=self.now):
            pass
        for key, naive in self.model.bookings.items():
            open_still = naive.offer is not None and naive.status == "held"
            if open_still and self.now >= self.deadline_of(naive):
                self.model.changed(key, "offer.expired", status="expired")

    @rule(quantity=st.integers(1, 3))
    def look(self, quantity: int) -> None:
        page = free_slots(
            self.session,
            viewer=self.members[0],
            search=Search(facility=self.facility.slug),
            wish=TimeWish(Interval(at(0), at(FAR)), minutes=GRID, quantity=quantity),
            now=self.now,
            limit=1000,
        )
        offered = {
            (self.resources.index(each.resource.id), minute_of(each.slot.start))
            for each in page.items
        }
        assert offered == {
            (place, start)
            for place in range(len(PLACES))
            for start in range(0, FAR, GRID)
            if self.model.may_book(place, start, start + GRID, quantity)
        }


def test_bookings_are_what_a_naive_count_says(database: Database) -> None:
    run_state_machine_as_test(
        cast("type[RuleBasedStateMachine]", partial(Everyday, database)),
        settings=settings(
            max_examples=15,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
