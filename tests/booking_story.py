"""The two sides of a story about bookings, and all in which they must agree after each step."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)
from sqlmodel import Session, col, delete, select

from booking.db import Database
from booking.engine.lifecycle import BookingMode
from booking.engine.permissions import Role
from booking.errors import RulesBroken, WrongState
from booking.models import Booking, Event, FreedTime, LedgerEntry, Offer
from booking.queries.people import actor_of
from tests.builders import (
    NOW,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
)
from tests.naive_bookings import GRID, PLACES, Naive, World

MINUTE = timedelta(minutes=1)
FAR = 24 * GRID


def at(minute: int) -> datetime:
    return NOW + minute * MINUTE


def minute_of(instant: datetime) -> int:
    return (instant - NOW) // MINUTE


class Story(RuleBasedStateMachine):
    """Works on one database, and undoes each run."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        connection = database.engine.connect().execution_options(writes=True)
        self.connection = connection
        self.outer = connection.begin()
        self.session = Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        self.model = World()

    @initialize()
    def set_up(self) -> None:
        session = self.session
        self.facility = a_facility(session)
        members, manager = [a_person(session) for _ in range(2)], a_person(session)
        self.project = a_project(session, *members)
        a_role(session, manager.id, Role.MANAGER, facility_id=self.facility.id)
        self.people = [each.id for each in members]
        self.members = [actor_of(session, each.id) for each in members]
        self.manager = actor_of(session, manager.id)
        self.resources = [
            a_resource(
                session,
                self.facility.id,
                capacity=each.capacity,
                mode=BookingMode.APPROVAL if each.approves else BookingMode.INSTANT,
                no_show_grace_minutes=each.grace,
            ).id
            for each in PLACES
        ]

    @invariant()
    def rows_agree(self) -> None:
        rows = self.session.exec(
            select(Booking).where(col(Booking.resource_id).in_(self.resources))
        ).all()
        assert {each.id for each in rows} == set(self.model.bookings)
        for row in rows:
            self.session.refresh(row)
            naive = self.model.bookings[row.id]
            assert (row.starts_at, row.ends_at) == (at(naive.start), at(naive.end))
            assert self.resources.index(row.resource_id) == naive.place
            assert (row.quantity, str(row.status)) == (naive.quantity, naive.status)
            assert self.people.index(row.person_id) == naive.person
            assert (row.sequence, row.revision) == (naive.sequence, naive.revision)

    @invariant()
    def nothing_overlaps(self) -> None:
        for place, each in enumerate(PLACES):
            assert all(self.model.load(place, minute) <= each.capacity for minute in range(FAR))

    @invariant()
    def ledger_agrees(self) -> None:
        charged: dict[UUID | None, int] = defaultdict(int)
        for row in self.session.exec(select(LedgerEntry)):
            charged[row.booking_id] += row.access_units
        for key, naive in self.model.bookings.items():
            assert charged[key] == sum(naive.charges.values()), naive

    @invariant()
    def each_change_has_its_event(self) -> None:
        told: dict[UUID, list[str]] = defaultdict(list)
        for subject_id, kind in self.session.exec(
            select(Event.subject_id, Event.kind).order_by(col(Event.id))
        ):
            told[subject_id].append(kind)
        for key, naive in self.model.bookings.items():
            assert told[key] == naive.events

    @invariant()
    def freed_time_is_noted(self) -> None:
        noted = {
            (self.resources.index(each.resource_id), minute)
            for each in self.session.exec(select(FreedTime))
            for minute in range(minute_of(each.starts_at), minute_of(each.ends_at))
        }
        assert noted == self.model.freed
        self.session.exec(delete(FreedTime))
        self.model.freed.clear()

    @property
    def now(self) -> datetime:
        return at(self.model.now)

    def picked(self, pick: int, *states: str) -> tuple[UUID | None, Naive]:
        """Pick one of those in such a state; None and a blank where there is none."""
        found = [each for each in self.model.bookings.items() if each[1].status in states]
        return found[pick % len(found)] if found else (None, Naive(0, 0, 0, 0, "", 0))

    def acted(self, deed: Callable[..., Any], key: UUID, **given: Any) -> bool:
        """Do something to a booking, by a member of its project unless said otherwise."""
        asked = {"actor": self.members[0], "now": self.now, "booking_id": key} | given
        return self.tried(lambda: deed(self.session, **asked)) is not None

    def tried(self, deed: Callable[[], Any]) -> Any:
        """Return what came of it; None, and nothing done, if it was refused."""
        trial = self.session.begin_nested()
        try:
            done = deed()
        except (RulesBroken, WrongState):
            trial.rollback()
            return None
        trial.commit()
        return done

    def teardown(self) -> None:
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    def take_offers_over(self, known: set[UUID]) -> None:
        """Look at the offers that were made meanwhile: they must fit, one after the other."""
        for offer, row in self.session.exec(
            select(Offer, Booking).where(col(Offer.booking_id) == col(Booking.id))
        ):
            if row.id in known:
                continue
            start, end = minute_of(row.starts_at), minute_of(row.ends_at)
            place, person = self.resources.index(row.resource_id), self.people.index(row.person_id)
            assert self.model.may_book(place, start, end, row.quantity)
            naive = Naive(place, start, end, row.quantity, "held", person, offer=offer.id)
            naive.expires = minute_of(offer.deadline_at)
            self.model.added(row.id, naive, "offer.made")

    def deadline_of(self, naive: Naive) -> datetime:
        offer = self.session.get(Offer, naive.offer)
        assert offer is not None
        return offer.deadline_at
