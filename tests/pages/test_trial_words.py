"""A tried policy in words: figures beside one another, and at each of several facilities."""

from typing import Any

import pytest

from api.pages.trial_words import compared, summary_of, trial_shown

REPORT = {
    "price_of_fairness": 0.1,
    "price_of_fairness_bounds": [0.08, 0.12],
    "jain": 0.5,
    "gini": 0.4,
    "utilisation": 0.6,
    "mean_merit": 700.0,
}


def shift(before: float, after: float) -> dict[str, float]:
    return {"before": before, "after": after}


def at(place: str | None, reserved: float, before: float, after: float) -> dict[str, Any]:
    return {
        "facility": place,
        "group": "ldc",
        "reserved": shift(10, reserved),
        "credited": shift(10 * before, 10 * after),
        "attainment": shift(before, after),
        "held": shift(10 * before, 10 * after),
    }


def an_answer(gap: float = 0.0) -> dict[str, Any]:
    side = {"granted": 3, "requests": 5, "bookings": 4, "report": REPORT, "gap": gap}
    lost = {"request": "q1", "organisation": "o1", "groups": ["ldc"], "credits": shift(4, 0)}
    return {
        "today": side,
        "tried": side | {"granted": 2},
        "offered": {"f1": 50.0, "f2": 50.0},
        "kinds": {"o1": "ngo"},
        "stopped": False,
        "difference": {
            "counts": {"gained": 0, "lost": 1, "moved": 0},
            "gained": [],
            "lost": [lost],
            "points": shift(100, 90),
            "network": [at(None, 10, 0.6, 0.5)],
            "groups": [at("f1", 10, 0.8, 0.75), at("f2", 0, 0.4, 0)],
        },
    }


@pytest.mark.parametrize(
    ("today", "tried", "change"),
    [(1.0, 2.0, "+1"), (2.0, 1.0, "\u22121"), (2.0, 2.0, "the same"), (2.0, 2.4, "the same")],
)
def test_compared__two_figures__says_how_they_differ(
    today: float, tried: float, change: str
) -> None:
    assert compared("Places", today, tried, lambda value: f"{value:.0f}").change == change


def test_trial__several_facilities__tells_each_and_the_lowest() -> None:
    shown = trial_shown(an_answer(), {"ldc": "Poorer countries"}, {"f1": "North", "f2": "South"})
    assert [(each.label, each.today, each.tried) for each in shown.places] == [
        ("North: Poorer countries", "80.0 %", "75.0 %"),
        ("South: Poorer countries", "40.0 %", "none reserved"),
    ]
    figures = {each.label: (each.today, each.tried) for each in shown.figures}
    assert figures["Lowest attainment"] == ("40.0 %", "75.0 %")
    assert figures["Price of fairness, proved"] == ("8.0 to 12.0 %", "8.0 to 12.0 %")
    tallies = [(each.label, each.gained, each.lost) for each in (*shown.by_kind, *shown.by_group)]
    assert tallies == [("Non-governmental organisation", 0, 1), ("Poorer countries", 0, 1)]
    assert [(each.letter, each.hours) for each in shown.lost] == [("A", "4.0 h")]


def test_trial__gap_left__says_what_may_be_chance() -> None:
    assert "proved the best possible" in trial_shown(an_answer(), {}, {}).certainty
    assert "may be chance" in trial_shown(an_answer(0.01), {}, {}).certainty


def test_summary__of_an_answer__is_one_line() -> None:
    assert summary_of(an_answer()) == "0 gain a place, 1 lose one; price of fairness 10.0 %"
