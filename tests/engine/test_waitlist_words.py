"""Why it was somebody's turn, said in numbers that can be read again."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

from booking.engine.waitlist import Attained, Waiter
from booking.engine.waitlist_words import Place, as_standing, standing_words

SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)


def place(*groups: Attained, number: int = 2, of: int = 3) -> Place:
    return Place(Waiter(UUID(int=1), groups, 870_000, SINCE), number, of, date(2026, 12, 7))


def test_standing_words__member_of_a_group__says_every_number() -> None:
    standing = json.loads(json.dumps(as_standing(place(Attained("s", 12_500, 40_000, "Startups")))))
    place_words, group, fair_share, since = standing_words(standing)
    assert place_words == "You were number 2 of 3 who wait for this time."
    assert group == (
        "Your group Startups has 12.5 of its 40 reserved hours in the week of 7 December 2026; "
        "the group furthest from its share comes first."
    )
    assert fair_share.startswith("Your organisation's fair-share factor is 0.87: ")
    assert since.startswith("You have waited since 20 November 2026; ")


def test_standing_words__alone_and_in_no_group__says_so() -> None:
    words = standing_words(as_standing(place(number=1, of=1)))
    assert words[0] == "Nobody else was waiting for this time."
    assert words[1] == "No reserved hours of a group of yours were left to fill that week."


def test_standing_words__nothing_written_down__is_nothing() -> None:
    assert standing_words({}) == ()
