"""Whatever is booked, moved, cancelled or resized: a naive count of units agrees."""

from functools import partial
from typing import cast
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from booking.db import Database
from booking.errors import RulesBroken
from booking.models import Booking, Resource
from booking.services.booking_changes import Move, cancel, move
from booking.services.bookings import book
from tests.builders import NOW, a_resource
from tests.scenes import DOMAIN, a_scene, at

STEPS = 8
MINUTES = 15
starts = st.integers(0, STEPS - 2)
lengths = st.integers(1, 3)
quantities = st.integers(1, 3)
places = st.integers(0, 1)
picks = st.integers(0, 99)


class Model:
    """Bookings as (place, first step, last step, quantity), and two capacities."""

    def __init__(self) -> None:
        self.capacities = [1, 3]
        self.held: dict[UUID, tuple[int, int, int, int]] = {}

    def load(self, place: int, step: int, *, but: UUID | None = None) -> int:
        return sum(
            quantity
            for key, (at_place, start, end, quantity) in self.held.items()
            if at_place == place and start <= step < end and key != but
        )

    def fits(self, wish: tuple[int, int, int, int], *, but: UUID | None = None) -> bool:
        place, start, end, quantity = wish
        capacity = self.capacities[place]
        return all(
            self.load(place, step, but=but) + quantity <= capacity for step in range(start, end)
        )

    def highest(self, place: int) -> int:
        return max(self.load(place, step) for step in range(STEPS + 4))


class Bookings(RuleBasedStateMachine):
    """Works on one database, and undoes each run."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        connection = database.engine.connect().execution_options(writes=True)
        self.connection = connection
        self.outer = connection.begin()
        self.session = Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        self.model = Model()

    @initialize()
    def set_up(self) -> None:
        self.scene = a_scene(self.session)
        pool = a_resource(self.session, self.scene.facility.id, capacity=3)
        self.places = [self.scene.resource, pool]

    @rule(place=places, start=starts, length=lengths, quantity=quantities)
    def book(self, place: int, start: int, length: int, quantity: int) -> None:
        wish = (place, start, start + length, quantity)
        new = self.scene.wish(
            start * MINUTES,
            (start + length) * MINUTES,
            resource_id=self.places[place].id,
            quantity=quantity,
        )
        try:
            booking = book(
                self.session, actor=self.scene.by_member, now=NOW, domain=DOMAIN, new=new
            )
        except RulesBroken:
            assert not self.model.fits(wish)
        else:
            assert self.model.fits(wish)
            self.model.held[booking.id] = wish

    @precondition(lambda self: self.model.held)
    @rule(pick=picks, place=places, start=starts, length=lengths, quantity=quantities)
    def move(self, pick: int, place: int, start: int, length: int, quantity: int) -> None:
        key = self.picked(pick)
        wish = (place, start, start + length, quantity)
        to = Move(
            starts_at=at(start * MINUTES),
            ends_at=at((start + length) * MINUTES),
            resource_id=self.places[place].id,
            quantity=quantity,
        )
        try:
            move(self.session, actor=self.scene.by_member, now=NOW, booking_id=key, to=to)
        except RulesBroken:
            assert not self.model.fits(wish, but=key)
        else:
            assert self.model.fits(wish, but=key)
            self.model.held[key] = wish

    @precondition(lambda self: self.model.held)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        key = self.picked(pick)
        cancel(self.session, actor=self.scene.by_member, now=NOW, booking_id=key)
        del self.model.held[key]

    @rule(place=places, capacity=st.integers(1, 4))
    def resize(self, place: int, capacity: int) -> None:
        statement = update(Resource).where(col(Resource.id) == self.places[place].id)
        try:
            with self.session.begin_nested():
                self.session.exec(statement.values(capacity=capacity))
        except IntegrityError:
            assert self.model.highest(place) > capacity
        else:
            assert self.model.highest(place) <= capacity
            self.model.capacities[place] = capacity

    @invariant()
    def rows_agree(self) -> None:
        for key, (place, start, end, quantity) in self.model.held.items():
            row = self.session.get(Booking, key, populate_existing=True)
            assert row is not None
            assert (row.resource_id, row.quantity) == (self.places[place].id, quantity)
            assert (row.starts_at, row.ends_at) == (at(start * MINUTES), at(end * MINUTES))

    def picked(self, pick: int) -> UUID:
        keys = list(self.model.held)
        return keys[pick % len(keys)]

    def teardown(self) -> None:
        self.session.close()
        self.outer.rollback()
        self.connection.close()


def test_what_is_held_never_passes_the_capacity(database: Database) -> None:
    run_state_machine_as_test(
        cast("type[RuleBasedStateMachine]", partial(Bookings, database)),
        settings=settings(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
