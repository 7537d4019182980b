"""Reasons in words: joined where they say the same, and no advice that nobody can follow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.engine.decision_words import Blocker, Reason, advice, lines, reachable

HOUR = timedelta(hours=1)
NOON = datetime(2026, 12, 24, 12, tzinfo=UTC)
PLAIN = Blocker("A", 635.0, None)
CREDITED = Blocker("A", 635.0, "ldc", "Least developed countries")


def outbid(hours: int, **given: Any) -> Reason:
    plain: dict[str, Any] = {
        "code": "outbid",
        "session": 0,
        "resource_id": UUID(int=2),
        "resource_name": "Diffractometer",
        "starts_at": NOON + hours * HOUR,
        "sentence": "",
        "blockers": (PLAIN,),
    }
    return Reason(**plain | given)


def said(*reasons: Reason, zone: str = "Africa/Nairobi") -> list[str]:
    return [each.sentence for each in lines(reasons, zone=zone, step=HOUR)]


def ways(blocker: Blocker, needed: int | None, share: int = 1_000_000) -> tuple[str, ...]:
    reasons = [outbid(0, blockers=(blocker,))]
    return advice(reasons, needed=needed, merit=900, fair_share_millionths=share)


def test_lines__adjacent_starts_held_by_the_same__are_one_line() -> None:
    (line,) = said(*(outbid(each) for each in (2, 0, 1, 4, 3)))
    assert line == (
        "Diffractometer, every start from Thu 24 Dec 2026, 15:00 to 19:00: held by request A "
        "with 635 points per hour."
    )


def test_lines__a_step_left_out__are_two_lines() -> None:
    assert len(said(outbid(0), outbid(2))) == 2


def test_lines__held_by_others_or_elsewhere__stay_apart() -> None:
    other = Blocker("B", 635.0, None)
    elsewhere = outbid(2, resource_id=UUID(int=3), resource_name="Microscope")
    assert len(said(outbid(0), outbid(1, blockers=(other,)), elsewhere)) == 3


def test_lines__run_over_midnight__names_both_days() -> None:
    run = said(outbid(8), outbid(9))
    assert "every start from Thu 24 Dec 2026, 23:00 to Fri 25 Dec 2026, 00:00:" in run[0]


def test_lines__several_sessions__name_the_session() -> None:
    assert "15:00 (session 2):" in said(outbid(0), outbid(0, session=1))[1]


def test_lines__credited_to_a_group__say_group_and_top_up() -> None:
    (line,) = said(outbid(0, blockers=(CREDITED,)))
    assert line == (
        "Diffractometer, Thu 24 Dec 2026, 15:00: held by request A with 635 points per hour, "
        "counted towards Least developed countries, plus a top-up while that group's reserved "
        "hours were being filled."
    )


def test_lines__of_the_whole_request__are_its_sentence() -> None:
    whole = outbid(0, code="above_cap", session=None, starts_at=None, sentence="Too large.")
    assert said(whole) == ["Too large."]


@pytest.mark.parametrize(
    ("needed", "share", "within"),
    [
        (1000, 1_000_000, True),
        (1001, 1_000_000, False),
        (500, 500_000, True),
        (501, 500_000, False),
    ],
)
def test_reachable__around_the_best_score__up_to_it(
    needed: int, share: int, *, within: bool
) -> None:
    assert reachable(needed, share) is within
    score = ways(PLAIN, needed, share)[0]
    assert score.startswith(f"About {needed} points" if within else "No score alone")


def test_reachable__no_points_would_help__not() -> None:
    assert not reachable(None, 1_000_000)
    assert len(ways(PLAIN, None)) == 1


@pytest.mark.parametrize(
    ("blocker", "needed", "words"),
    [
        (CREDITED, 1801, "filled a group's reserve, which adds a top-up"),
        (PLAIN, 1801, "together add more"),
        (PLAIN, 600, "even the best score gives 500 points per hour"),
    ],
)
def test_advice__no_score_is_enough__says_why_and_what_helps(
    blocker: Blocker, needed: int, words: str
) -> None:
    score, more = ways(blocker, needed, 500_000)
    assert words in score
    assert more.startswith("More windows or more resources")


def test_advice__granted__is_none() -> None:
    assert advice([], needed=None, merit=900, fair_share_millionths=1_000_000) == ()
