"""Reasons in words: joined where they say the same, and no advice that nobody can follow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.engine.cap_figures import CapFigures
from booking.engine.decision_words import Blocker, Reason, Standing, advice, lines, pseudonym

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


def said(*reasons: Reason, own: int | None = None) -> list[str]:
    return [each.sentence for each in lines(reasons, zone="Africa/Nairobi", step=HOUR, own=own)]


def ways(blocker: Blocker, needed: int | None, share: int = 1_000_000) -> tuple[str, ...]:
    reasons = [outbid(0, blockers=(blocker,))]
    return advice(reasons, Standing(900, share, needed))


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


def test_lines__more_above_the_cap__says_the_figures() -> None:
    capped = outbid(0, code="cap_reached", cap=CapFigures(most=24.0, held=20.5, needed=8.0))
    (line,) = said(capped)
    assert line.endswith(
        "free, but your organisation's other requests hold 20.5 of the 24 hours that one "
        "organisation may hold here, and this request needs 8 more."
    )


def test_lines__request_above_the_cap__says_the_figures() -> None:
    whole = outbid(0, code="above_cap", session=None, starts_at=None, cap=CapFigures(24, 0, 30))
    assert said(whole)[0].startswith("The request needs 30 hours at the least, and one")


def test_lines__another_session_found_no_place__names_it() -> None:
    free = outbid(0, code="partner_session", blockers=())
    line, _, _ = said(free, outbid(0, session=1), outbid(0, session=2))
    assert line.endswith("or not at all, and sessions 2 and 3 found no place.")


def test_lines__every_session_is_free_but_not_together__says_so() -> None:
    free = [outbid(0, session=each, code="partner_session", blockers=()) for each in (0, 1)]
    assert said(*free)[0].endswith("and no choice of places fits all of them at once.")


def test_lines__held_by_two__says_who_would_have_to_leave_together() -> None:
    other = Blocker("B", 640.0, None)
    (line,) = said(outbid(0, blockers=(PLAIN, other)), own=900)
    assert line.endswith(
        "held by request A with 635 points per hour; and by request B with 640 points per hour. "
        "To place you, A and B, worth more together, would have to leave."
    )


@pytest.mark.parametrize(("count", "words"), [(4, "C and D, worth"), (5, "D and the others, ")])
def test_lines__held_by_many__names_four(count: int, words: str) -> None:
    many = tuple(Blocker(each, 1.0, None) for each in "ABCDE"[:count])
    (line,) = said(outbid(0, blockers=many))
    assert words in line
    assert ("and by 1 more request." in line) is (count == 5)


@pytest.mark.parametrize(("own", "told"), [(668, False), (669, True)])
def test_lines__held_by_less_an_hour__says_that_it_adds_more(own: int, *, told: bool) -> None:
    assert said(outbid(0), own=own)[0].endswith("so it adds more.") is told


def test_pseudonym__same_round__is_the_same_and_no_letter_can_be_misread() -> None:
    names = {pseudonym("seed", f"request {each}") for each in range(50_000)}
    assert len(names) == 50_000
    assert pseudonym("seed", "request 7") in names
    assert pseudonym("other", "request 7") not in names
    assert not set("".join(names)) & set("AEIOU01")


@pytest.mark.parametrize(
    ("needed", "share", "score"),
    [
        (1000, 1_000_000, 1000),
        (1001, 1_000_000, None),
        (500, 500_000, 1000),
        (501, 500_000, None),
        (700, 930_000, 753),
    ],
)
def test_standing__around_the_best_score__up_to_it(
    needed: int, share: int, score: int | None
) -> None:
    found = Standing(900, share, needed)
    assert found.score_needed == score
    assert found.reachable is (score is not None)
    words = ways(PLAIN, needed, share)[0]
    assert words.startswith(f"A score of about {score} instead" if score else "No score alone")


def test_standing__past_use__is_set_beside_what_was_needed() -> None:
    assert Standing(900, 930_000, 850).sentence == (
        "A place would have taken about 850 points per hour. Your request had 837 points per "
        "hour: its score of 900, times 0.930 for your organisation's past use."
    )


def test_standing__no_points_would_help__says_only_what_the_request_had() -> None:
    words = "Your request had 900 points per hour: its score of 900."
    assert Standing(900, 1_000_000, None).sentence == words
    assert Standing(None, 1_000_000, None).sentence == ""
    assert len(ways(PLAIN, None)) == 2


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
    score, more, shorter = ways(blocker, needed, 500_000)
    assert words in score
    assert more.startswith("More windows or more resources")
    assert shorter.startswith("Shorter sessions")


def test_advice__granted__is_none() -> None:
    assert advice([], Standing(900, 1_000_000, None)) == ()
