from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.alternatives import alternatives, nearest_slots
from booking.engine.availability import Held, slots
from booking.engine.booking_facts import BookingCode, BookingFacts, ReservingRound
from booking.engine.booking_rules import (
    BOOKING_RULES,
    MANAGER_MAY_WAIVE,
    broken_rules,
    units_left,
)
from booking.engine.booking_standing import within_cap, within_quota
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode, ResourceState
from tests.engine.spans import at, held_lists, span, span_lists

FACTS = BookingFacts(
    now=at(0),
    wanted=span(600, 660),
    quantity=1,
    resource_state=ResourceState.PUBLISHED,
    capacity=1,
    open_windows=(span(480, 1020),),
)


def codes(**changes: Any) -> list[str]:
    return [each.code for each in broken_rules(replace(FACTS, **changes))]


def test_broken_rules__nothing_wrong__is_empty() -> None:
    assert broken_rules(FACTS) == ()


BOUNDARIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "not_published",
        {"resource_state": ResourceState.PUBLISHED},
        {"resource_state": ResourceState.DRAFT},
    ),
    (
        "not_published",
        {"resource_state": ResourceState.PUBLISHED},
        {"resource_state": ResourceState.RETIRED},
    ),
    (
        "busy_elsewhere",
        {"busy_elsewhere": (span(540, 600), span(660, 720))},
        {"busy_elsewhere": (span(659, 720),)},
    ),
    ("off_grid", {"grid_minutes": 60}, {"grid_minutes": 90}),
    ("off_grid", {"wanted": span(615, 660)}, {"wanted": span(616, 660)}),
    ("off_grid", {"wanted": span(600, 645)}, {"wanted": span(600, 646)}),
    ("too_short", {"minimum_minutes": 60}, {"minimum_minutes": 61}),
    ("too_long", {"maximum_minutes": 60}, {"maximum_minutes": 59}),
    ("in_the_past", {"now": at(600)}, {"now": at(601)}),
    ("too_soon", {"lead_minutes": 600}, {"lead_minutes": 601}),
    (
        "beyond_horizon",
        {"horizon_days": 0, "now": at(600)},
        {"horizon_days": 0, "now": at(599)},
    ),
    ("closed", {"open_windows": (span(600, 660),)}, {"open_windows": (span(600, 659),)}),
    (
        "closed",
        {"open_windows": (span(600, 630), span(630, 660))},
        {"open_windows": (span(600, 630), span(631, 660))},
    ),
    ("closure", {"closures": (span(660, 700),)}, {"closures": (span(659, 700),)}),
    ("taken", {"holds": (Held(span(660, 700), 1),)}, {"holds": (Held(span(659, 700), 1),)}),
    (
        "taken",
        {"holds": (Held(span(670, 700), 1),), "buffer_after_minutes": 10},
        {"holds": (Held(span(670, 700), 1),), "buffer_after_minutes": 11},
    ),
    (
        "taken",
        {"holds": (Held(span(500, 590), 1),), "buffer_before_minutes": 10},
        {"holds": (Held(span(500, 590), 1),), "buffer_before_minutes": 11},
    ),
    (
        "taken",
        {"holds": (Held(span(600, 700), 2),), "capacity": 4, "quantity": 2},
        {"holds": (Held(span(600, 700), 2),), "capacity": 4, "quantity": 3},
    ),
    ("above_capacity", {"capacity": 4, "quantity": 4}, {"capacity": 4, "quantity": 5}),
    ("round_only", {"mode": BookingMode.APPROVAL}, {"mode": BookingMode.ROUND_ONLY}),
    (
        "in_round",
        {"rounds": (ReservingRound("Spring", span(660, 900), at(500)),)},
        {"rounds": (ReservingRound("Spring", span(659, 900), at(500)),)},
    ),
    (
        "in_round",
        {"rounds": (ReservingRound("Spring", span(0, 900), at(0)),)},
        {"rounds": (ReservingRound("Spring", span(0, 900), at(1)),)},
    ),
    ("not_qualified", {"qualification_needed": False}, {"qualification_needed": True}),
    (
        "not_qualified",
        {"qualification_needed": True, "qualified": True, "qualified_until": at(660)},
        {"qualification_needed": True, "qualified": True, "qualified_until": at(659)},
    ),
    (
        "terms_not_accepted",
        {"terms_current": 2, "terms_accepted": 2},
        {"terms_current": 2, "terms_accepted": 1},
    ),
    ("terms_not_accepted", {"terms_current": None}, {"terms_current": 1}),
    ("organisation_suspended", {}, {"organisation_suspended": True}),
    ("project_not_allowed", {}, {"project_allowed": False}),
    ("not_on_project", {}, {"on_project": False}),
    (
        "too_many_for_project",
        {"concurrent_per_project": 3, "project_bookings": 2},
        {"concurrent_per_project": 3, "project_bookings": 3},
    ),
    (
        "too_many_for_project",
        {"concurrent_per_project": None, "project_bookings": 9},
        {"concurrent_per_project": 0, "project_bookings": 0},
    ),
    (
        "too_many_for_organisation",
        {"concurrent_per_organisation": 3, "organisation_bookings": 2},
        {"concurrent_per_organisation": 3, "organisation_bookings": 3},
    ),
]


@pytest.mark.parametrize(("code", "kept", "broken"), BOUNDARIES)
def test_broken_rules__at_the_boundary_and_past_it__names_the_code(
    code: str, kept: dict[str, Any], broken: dict[str, Any]
) -> None:
    assert codes(**kept) == []
    assert codes(**broken) == [code]


def test_boundaries__every_code__is_tested() -> None:
    assert {code for code, _, _ in BOUNDARIES} == set(BookingCode)
    # Quota and cap have codes of their own, tested with the rules on them.
    assert len(set(BOOKING_RULES) - {within_quota, within_cap}) == len(BookingCode)


def test_broken_rules__many_at_once__lists_all_of_them() -> None:
    found = codes(
        wanted=span(300, 310),
        now=at(290),
        minimum_minutes=30,
        lead_minutes=60,
        mode=BookingMode.ROUND_ONLY,
    )
    assert found == ["off_grid", "too_short", "too_soon", "closed", "round_only"]


def test_broken_rules__in_the_past__does_not_speak_of_lead_time() -> None:
    assert codes(now=at(700), lead_minutes=60) == ["in_the_past"]


def test_broken_rules__no_limits__keeps_any_length() -> None:
    assert codes(wanted=span(480, 1020), horizon_days=None) == []


WAIVABLE: dict[str, Any] = {
    "minimum_minutes": 120,
    "lead_minutes": 900,
    "horizon_days": 0,
    "mode": BookingMode.ROUND_ONLY,
    "concurrent_per_project": 1,
    "project_bookings": 1,
    "concurrent_per_organisation": 1,
    "organisation_bookings": 1,
}


def test_broken_rules__waived__sets_aside_planning_but_not_others_bookings() -> None:
    assert set(codes(**WAIVABLE)) == set(MANAGER_MAY_WAIVE) - {"too_long"}
    assert codes(**WAIVABLE, waived=True) == []
    assert codes(holds=(Held(span(600, 610), 1),), waived=True) == ["taken"]


def test_broken_rules__may_waive__are_all_there_and_marked_where_waivable() -> None:
    found = broken_rules(
        replace(FACTS, minimum_minutes=120, holds=(Held(span(600, 610), 1),), may_waive=True)
    )
    assert [(each.code, each.waivable) for each in found] == [("too_short", True), ("taken", False)]
    assert not any(each.waivable for each in broken_rules(replace(FACTS, minimum_minutes=120)))


def reason(**changes: Any) -> str:
    (violation,) = broken_rules(replace(FACTS, **changes))
    return violation.reason


def test_reasons__limits__name_the_number_and_the_mend() -> None:
    assert reason(wanted=span(720, 735), minimum_minutes=60) == (
        "The shortest booking here is 1 h; ask for at least 2026-12-01 12:00-13:00 UTC."
    )
    assert "at least 10 h 1 min ahead" in reason(lead_minutes=601)
    assert "the earliest start is 2026-12-01 10:15 UTC." in reason(lead_minutes=601)
    assert "ask for at most 1, or choose another time." in reason(
        capacity=3, quantity=2, holds=(Held(span(600, 610), 2),)
    )
    assert "closed 2026-12-01 10:59-11:00 UTC" in reason(open_windows=(span(600, 659),))


@pytest.mark.parametrize(
    ("wanted", "open_from", "found"),
    [
        (span(601, 659), 480, "ask for 2026-12-01 10:00-11:00 UTC."),
        (span(630, 870), 480, "ask for 2026-12-01 10:00-14:00 UTC."),
        (span(631, 871), 480, "ask for 2026-12-01 11:00-15:00 UTC."),
        (span(610, 830), 601, "ask for 2026-12-01 11:00-15:00 UTC."),
        (span(850, 1090), 480, "choose another time, on it."),
    ],
    ids=["rounded up", "tie", "nearer later", "earlier is closed", "both are closed"],
)
def test_off_grid__proposes_the_nearest_open_time_of_the_same_length(
    wanted: Interval, open_from: int, found: str
) -> None:
    changed = replace(FACTS, grid_minutes=60, wanted=wanted, open_windows=(span(open_from, 1020),))
    told = next(each for each in broken_rules(changed) if each.code == "off_grid")
    assert told.reason == f"Bookings here start and end on a grid of 1 h; {found}"


def test_reasons__time_that_opens_later__say_when() -> None:
    (beyond,) = broken_rules(
        replace(FACTS, wanted=span(2880, 2940), horizon_days=1, open_windows=(span(0, 3000),))
    )
    assert beyond.opens_at == at(1440)
    first = ReservingRound("Spring", span(0, 900), at(500))
    last = ReservingRound("Summer", span(600, 900), at(550))
    (in_round,) = broken_rules(replace(FACTS, rounds=(last, first)))
    assert in_round.opens_at == at(550)
    assert "Summer" in in_round.reason


def test_units_left__overfull__is_zero() -> None:
    assert units_left(replace(FACTS, holds=(Held(span(600, 610), 5),))) == 0


def test_nearest_slots__either_side__nearest_first_ties_to_the_earlier() -> None:
    free = (span(0, 105), span(150, 300))
    found = nearest_slots(free, span(120, 150), grid_minutes=15, minutes=30)
    assert found == (span(150, 180), span(75, 105), span(165, 195))
    tied = nearest_slots((span(90, 180),), span(120, 135), grid_minutes=15, minutes=15)
    assert tied == (span(120, 135), span(105, 120), span(135, 150))


def test_nearest_slots__nothing_fits__is_empty() -> None:
    assert nearest_slots((span(0, 29),), span(0, 30), grid_minutes=15, minutes=30) == ()


def test_alternatives__taken__offers_what_breaks_no_rule() -> None:
    facts = replace(FACTS, holds=(Held(span(560, 640), 1),), lead_minutes=490)
    found = alternatives(facts)
    assert found == (span(645, 705), span(660, 720), span(675, 735))
    assert all(broken_rules(replace(facts, wanted=slot)) == () for slot in found)


def test_alternatives__limits_meet_the_grid__or_nothing_is_offered() -> None:
    assert alternatives(replace(FACTS, minimum_minutes=70))[0].minutes == 75
    assert alternatives(replace(FACTS, maximum_minutes=40))[0].minutes == 30
    assert alternatives(replace(FACTS, minimum_minutes=50, maximum_minutes=55)) == ()


def test_alternatives__horizon_before_lead__is_empty() -> None:
    assert alternatives(replace(FACTS, horizon_days=0, lead_minutes=900)) == ()


def test_alternatives__qualification_that_ends__are_before_it() -> None:
    held: dict[str, Any] = {"qualification_needed": True, "qualified": True}
    facts = replace(FACTS, **held, qualified_until=at(630))
    assert alternatives(facts)[0] == span(570, 630)
    assert alternatives(replace(facts, qualified_until=at(540))) == (span(480, 540),)
    assert alternatives(replace(facts, qualified_until=at(539))) == ()


def test_alternatives__waived__keep_the_length_that_breaks_a_limit() -> None:
    assert alternatives(replace(FACTS, maximum_minutes=30, waived=True))[0] == FACTS.wanted


def test_alternatives__no_horizon__looks_as_far_as_the_windows() -> None:
    assert alternatives(replace(FACTS, horizon_days=None))[0] == FACTS.wanted


@given(
    span_lists,
    span_lists,
    held_lists,
    st.integers(1, 3),
    st.sampled_from([5, 7, 10]),
    st.integers(0, 60),
    st.integers(1, 40),
    st.integers(0, 9),
    st.integers(0, 120) | st.none(),
)
def test_every_alternative_breaks_no_rule(
    open_windows: tuple[Interval, ...],
    closures: tuple[Interval, ...],
    holds: tuple[Held, ...],
    quantity: int,
    grid: int,
    lead: int,
    shortest: int,
    buffer: int,
    qualified_for: int | None,
) -> None:
    facts = replace(
        FACTS,
        wanted=span(30, 55),
        open_windows=open_windows,
        closures=closures,
        holds=holds,
        capacity=3,
        quantity=quantity,
        grid_minutes=grid,
        lead_minutes=lead,
        minimum_minutes=shortest,
        maximum_minutes=45,
        buffer_before_minutes=buffer,
        horizon_days=0 if lead == 0 else 365,
        qualification_needed=True,
        qualified=True,
        qualified_until=None if qualified_for is None else at(qualified_for),
    )
    for slot in alternatives(facts):
        assert broken_rules(replace(facts, wanted=slot)) == ()


@given(span_lists, st.integers(1, 40), st.sampled_from([1, 5, 7, 15]), st.integers(0, 119))
def test_nearest_slots_are_the_nearest_of_all_slots(
    windows: tuple[Interval, ...], minutes: int, grid: int, wanted: int
) -> None:
    every = sorted(
        slots(windows, minutes=minutes, grid_minutes=grid),
        key=lambda slot: (abs(slot.start - at(wanted)), slot.start),
    )
    wish = Interval(at(wanted), at(wanted) + timedelta(minutes=minutes))
    assert list(nearest_slots(windows, wish, grid_minutes=grid, minutes=minutes)) == every[:3]
