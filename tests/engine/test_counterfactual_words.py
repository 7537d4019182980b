"""What would have been, in words: every kind of change, and who would have lost."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.engine.counterfactual_words import (
    Asked,
    PlaceTold,
    answer_words,
    change_words,
    losers_words,
)

XRD = UUID(int=1)
START = datetime(2027, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def asked(*sessions: tuple[int, int]) -> Asked:
    return Asked(
        merit=790,
        fair_share=0.93,
        sessions=sessions or ((240, 2),),
        groups=("sme",),
        resource_names={XRD: "X-ray B"},
        group_names={"sme": "SMEs", "ldc": "Least developed countries"},
        origin=START,
        step=HOUR,
        zone="Africa/Nairobi",
    )


def more(**where: Any) -> dict[str, Any]:
    alternative = {"resource": str(XRD), "rank": 1} | where
    return {"kind": "more_alternatives", "session": 0, "alternatives": [alternative]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "score", "merit": 812}, "a score of 812 instead of 790"),
        ({"kind": "session_length", "session": 0, "steps": 3}, "3 h instead of 4 h"),
        ({"kind": "units", "session": 0, "quantity": 1}, "1 unit instead of 2"),
        (
            {"kind": "fair_share", "fair_share": 1},
            "a factor of 1.000 for past use instead of 0.930",
        ),
        ({"kind": "group_added", "group": "ldc"}, "membership in Least developed countries"),
        ({"kind": "group_removed", "group": "sme"}, "no membership in SMEs"),
        (
            {"kind": "corrected_groups", "groups": ["ldc"]},
            "membership in Least developed countries and no membership in SMEs",
        ),
        ({"kind": "corrected_groups", "groups": ["sme"]}, "the groups as they were"),
        (
            more(**{"from": 0, "to": 8}),
            "X-ray B between Mon 4 Jan 2027, 03:00 and 11:00 as one more choice",
        ),
        (
            more(starts=[0, 24]),
            "X-ray B from Mon 4 Jan 2027, 03:00, Tue 5 Jan 2027, 03:00 as one more choice",
        ),
        (
            more(resource=str(UUID(int=2)), starts=[0]),
            "a resource that is no longer offered from Mon 4 Jan 2027, 03:00 as one more choice",
        ),
    ],
)
def test_change_words__every_kind__says_it_beside_what_was(
    change: dict[str, Any], words: str
) -> None:
    assert change_words(change, asked()) == words


def test_change_words__several_sessions__name_the_one() -> None:
    change = {"kind": "session_length", "session": 1, "steps": 1}
    assert change_words(change, asked((240, 1), (120, 1))) == "1 h instead of 2 h in session 2"


@pytest.mark.parametrize(("exact", "end"), [(True, "again."), (False, "within the round's gap.")])
def test_answer_words__placed__says_where_and_how_sure(*, exact: bool, end: str) -> None:
    places = [PlaceTold("X-ray B", START + 20 * HOUR, START + 24 * HOUR)]
    words = answer_words(
        {"kind": "score", "merit": 800}, places, granted=True, exact=exact, asked=asked()
    )
    assert "you would have been placed on X-ray B, Mon 4 Jan 2027, 23:00 to Tue 5 Jan" in words
    assert words.endswith(end)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, ""),
        (1, "Request A, which has a place now, would have had none."),
        (5, "Requests A, B, C, D, E, which have"),
        (6, "Requests A, B, C, D, E and 1 more, which have"),
    ],
)
def test_losers_words__around_the_most_named__names_five(count: int, words: str) -> None:
    assert losers_words("ABCDEF"[:count]).startswith(words)
    assert bool(losers_words("ABCDEF"[:count])) is bool(count)
