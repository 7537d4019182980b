from itertools import product
from typing import Any

import pytest

from booking.engine.lifecycle import (
    BOOKING_STEPS,
    HOLDING,
    REQUEST_STEPS,
    RESOURCE_STEPS,
    ROUND_STEPS,
    BookingStatus,
    EventKind,
    RequestState,
    ResourceState,
    RoundState,
    Step,
    allowed_steps,
    step,
)
from booking.engine.violations import Violation

TABLES: list[tuple[Any, Any]] = [
    (RESOURCE_STEPS, ResourceState),
    (ROUND_STEPS, RoundState),
    (REQUEST_STEPS, RequestState),
    (BOOKING_STEPS, BookingStatus),
]


def test_step__publish_a_draft__records_its_event() -> None:
    taken = step(RESOURCE_STEPS, ResourceState.DRAFT, "publish")
    assert taken == Step(ResourceState.PUBLISHED, EventKind.RESOURCE_PUBLISHED)


def test_step__not_allowed__says_state_and_what_is_allowed() -> None:
    refused = step(ROUND_STEPS, RoundState.DRAFT, "publish")
    assert refused == Violation(
        "wrong_state",
        "It is draft, so it cannot publish; what can be done from there is: open.",
    )


def test_step__at_the_end__says_that_nothing_follows() -> None:
    refused = step(BOOKING_STEPS, BookingStatus.NO_SHOW, "check_in")
    assert isinstance(refused, Violation)
    assert "It is no show, so it cannot check in; nothing follows on it." in refused.reason


def test_step__allocate_again__is_allowed_until_published() -> None:
    for state in (RoundState.REVIEWING, RoundState.ALLOCATED):
        assert isinstance(step(ROUND_STEPS, state, "allocate"), Step)
    assert isinstance(step(ROUND_STEPS, RoundState.PUBLISHED, "allocate"), Violation)


def test_round__its_whole_life__goes_through_every_state() -> None:
    state, lived = RoundState.DRAFT, [RoundState.DRAFT]
    for name in ("open", "close_call", "allocate", "publish", "close"):
        taken = step(ROUND_STEPS, state, name)
        assert isinstance(taken, Step)
        state = RoundState(taken.new_state)
        lived.append(state)
    assert lived == list(RoundState)


def test_booking__cancelling_undone__is_confirmed_again() -> None:
    taken = step(BOOKING_STEPS, BookingStatus.CANCELLING, "restore")
    assert taken == Step(BookingStatus.CONFIRMED, EventKind.BOOKING_RESTORED)


@pytest.mark.parametrize(("table", "states"), TABLES)
def test_step__any_state_and_name__is_in_the_table_or_refused(table: Any, states: Any) -> None:
    names = {name for _, name in table}
    for state, name in product(states, names):
        taken = step(table, state, name)
        assert isinstance(taken, Step) == ((state, name) in table)
        assert (name in allowed_steps(table, state)) == isinstance(taken, Step)


@pytest.mark.parametrize(("table", "states"), TABLES)
def test_tables__every_state_but_a_first__is_reached(table: Any, states: Any) -> None:
    reached = {new for new, _ in table.values()}
    firsts = {"draft", "held", "pending"}
    assert {str(each) for each in set(states) - reached} <= firsts


def test_bookings__that_do_not_hold__stay_as_they_are() -> None:
    for status in set(BookingStatus) - set(HOLDING) | {BookingStatus.COMPLETED}:
        assert allowed_steps(BOOKING_STEPS, status) == ()


def test_event_kinds__are_a_thing_and_what_happened() -> None:
    assert all(each.count(".") == 1 and each == each.lower() for each in EventKind)
