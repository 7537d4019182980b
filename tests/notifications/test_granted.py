"""The letter of a granted request lists its times on both clocks, and the points that won."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from booking.engine.lifecycle import EventKind
from booking.queries.decisions import Placement
from notifications.messages import compose
from tests.notifications.test_messages import SETTINGS, a_decision, due

THERE = "Lathe: Tuesday 1 December 2026, 11:00 to 13:00 (Africa/Nairobi, UTC+03:00)"
HERE = "; your time: Tuesday 1 December 2026, 09:00 to 11:00 (Europe/Berlin, UTC+01:00)"


def placed(**given: Any) -> Placement:
    defaults: dict[str, Any] = {
        "session": 0,
        "resource_id": UUID(int=2),
        "resource_name": "Lathe",
        "starts_at": datetime(2026, 12, 1, 8, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 1, 10, tzinfo=UTC),
        "quantity": 1,
    }
    return Placement(**defaults | given)


def words_of(kind: EventKind = EventKind.REQUEST_GRANTED, **given: Any) -> tuple[str, str]:
    shared: dict[str, Any] = {"reasons": (), "advice": (), "placements": (placed(),)}
    mail = compose(due(kind), a_decision(**shared | given), SETTINGS)
    return mail.text, mail.html


@pytest.mark.parametrize(
    ("zone", "words"), [("Europe/Berlin", THERE + HERE), ("Africa/Nairobi", THERE)]
)
def test_compose__granted__lists_its_times_on_both_clocks(zone: str, words: str) -> None:
    text, html = words_of(person_zone=zone)
    assert f"\n- {words}\n" in text
    assert f"<li>{words}</li>" in html


def test_compose__several_units__says_how_many() -> None:
    assert f"- 3 x {THERE}\n" in words_of(placements=(placed(quantity=3),))[0]


@pytest.mark.parametrize(
    ("merit", "share", "words"),
    [
        (800, 1_000_000, "It won with its reviewers' score of 800 points per hour."),
        (800, 930_000, "It won with 744 points per hour: its reviewers' score of 800, times 0.930"),
    ],
)
def test_compose__granted__says_the_points_that_won(merit: int, share: int, words: str) -> None:
    assert words in words_of(merit=merit, fair_share_millionths=share)[0]


def test_compose__granted_without_a_score__speaks_of_no_points() -> None:
    assert "points" not in words_of(merit=None)[0]


def test_compose__not_granted__lists_no_times_and_no_points() -> None:
    text, html = words_of(EventKind.REQUEST_NOT_GRANTED, merit=800)
    assert "Lathe" not in text + html
    assert "It won" not in text + html
