"""The nearest free slots: they fit, are free, do not overlap, and come in the order of the rule."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.engine.allocation.problem import FORMAT, Problem, read_problem
from booking.engine.nearest import FreeSlot, LeftTime, Wish, wishes_of


def a_problem(*requests: dict[str, Any], **resources: dict[str, Any]) -> Problem:
    plain = {"facility": "f1", "kind": "xrd", "capacity": 1, "rate": 1, "windows": [[0, 24]]}
    return read_problem(
        {
            "format": FORMAT,
            "origin": "2027-01-04T00:00:00Z",
            "step_minutes": 60,
            "seed": "s",
            "ladder": [],
            "facilities": [{"id": "f1", "reserved_share": {}, "cap_share": None}],
            "resources": [plain | {"id": name} | more for name, more in resources.items()],
            "organisations": [{"id": "o1", "fair_share": 1.0}],
            "requests": list(requests),
        }
    )


def asked(name: str, steps: int, *, quantity: int = 1) -> dict[str, Any]:
    wanted = [{"resource": "r1", "from": 0, "to": 24, "rank": 0}]
    session = {"steps": steps, "quantity": quantity, "alternatives": wanted}
    return {
        "id": name,
        "organisation": "o1",
        "groups": [],
        "merit": 500,
        "sessions": [session],
    }


def held(name: str, start: int, quantity: int = 1) -> dict[str, Any]:
    return {"request": name, "session": 0, "resource": "r1", "start": start, "quantity": quantity}


def a_wish(*starts: tuple[str, int, int], steps: int = 4, **given: int) -> Wish:
    return Wish(given.get("session", 0), steps, given.get("quantity", 1), starts)


def told(found: tuple[FreeSlot, ...]) -> list[tuple[str, int]]:
    return [(each.resource, each.start) for each in found]


def test_nearest__wanted_time_taken__what_was_wanted_by_distance() -> None:
    problem = a_problem(asked("q1", 4), r1={})
    left = LeftTime(problem, [held("q1", 8)])
    assert told(left.nearest([a_wish(("r1", 8, 8))])) == [
        ("r1", 4),
        ("r1", 12),
        ("r1", 0),
        ("r1", 16),
        ("r1", 20),
    ]


def test_nearest__nothing_left_at_all__is_empty() -> None:
    problem = a_problem(asked("q1", 24), r1={})
    assert LeftTime(problem, [held("q1", 0)]).nearest([a_wish(("r1", 8, 8))]) == ()


@pytest.mark.parametrize(("steps", "found"), [(4, [("r1", 20)]), (5, [])])
def test_nearest__what_is_left_is_four_long__fits_four_and_no_more(
    steps: int, found: list[tuple[str, int]]
) -> None:
    problem = a_problem(asked("q1", 20), r1={})
    left = LeftTime(problem, [held("q1", 0)])
    assert told(left.nearest([a_wish(("r1", 0, 0), steps=steps)])) == found


@pytest.mark.parametrize(("quantity", "count"), [(2, 1), (3, 0)])
def test_nearest__of_a_pool__has_enough_units(quantity: int, count: int) -> None:
    problem = a_problem(asked("q1", 24, quantity=6), r1={"capacity": 8})
    left = LeftTime(problem, [held("q1", 0, 6)])
    found = left.nearest([a_wish(("r1", 0, 0), steps=24, quantity=quantity)])
    assert len(found) == count


def test_nearest__others_of_the_kind__come_after_what_was_wanted_at_equal_distance() -> None:
    problem = a_problem(asked("q1", 16), r1={}, r2={}, r3={"kind": "sem"})
    left = LeftTime(problem, [held("q1", 4)])
    assert told(left.nearest([a_wish(("r1", 4, 4))])) == [
        ("r2", 4),
        ("r1", 0),
        ("r2", 0),
        ("r2", 8),
        ("r2", 12),
    ]


def test_nearest__wanted_resource_not_offered__still_shows_its_kind() -> None:
    left = LeftTime(a_problem(r1={}), [], {"gone": "xrd"})
    assert told(left.nearest([a_wish(("gone", 10, 10))]))[0] == ("r1", 10)


def test_nearest__several_sessions__are_shown_different_slots() -> None:
    left = LeftTime(a_problem(r1={}), [])
    found = left.nearest([a_wish(("r1", 8, 8)), a_wish(("r1", 8, 8), session=1)])
    assert len(found) == len(set(told(found))) == 6
    assert [each.session for each in found] == [0] * 5 + [1]


def test_wishes_of__listed_starts_and_windows__are_spans_of_starts() -> None:
    windowed = asked("q1", 4)["sessions"][0]["alternatives"]
    listed = [{"resource": "r1", "starts": [3, 9], "rank": 1}]
    request = asked("q1", 4)
    request["sessions"][0]["alternatives"] = [*windowed, *listed]
    (wish,) = wishes_of(a_problem(request, r1={}).requests[0].sessions)
    assert wish.starts == (("r1", 0, 20), ("r1", 3, 3), ("r1", 9, 9))


@settings(max_examples=30, deadline=None)
@given(
    taken=st.lists(st.integers(0, 20), max_size=6),
    first=st.integers(0, 24),
    steps=st.integers(1, 6),
)
def test_nearest_slots_are_free_apart_and_no_other_is_nearer(
    taken: list[int], first: int, steps: int
) -> None:
    problem = a_problem(
        *(asked(f"q{at}", 3) for at in range(len(taken))), r1={"capacity": 2, "windows": [[0, 24]]}
    )
    bookings = [held(f"q{at}", start) for at, start in enumerate(taken)]
    busy = [sum(start <= step < start + 3 for start in taken) for step in range(24)]
    fits = [at for at in range(24 - steps + 1) if max(busy[at : at + steps]) < 2]
    found = LeftTime(problem, bookings).nearest([a_wish(("r1", first, first), steps=steps)])
    starts = [each.start for each in found]
    assert set(starts) <= set(fits)
    assert all(abs(a - b) >= steps for a in starts for b in starts if a != b)
    assert starts[:1] == sorted(fits, key=lambda at: (abs(at - first), at))[:1]
