"""The figures of the transparency report, on rounds small enough to reckon by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from booking.engine.equity_facts import Answered, Judged, RoundShared, Shared, Wish, read_result
from booking.engine.equity_figures import (
    gini,
    herfindahl,
    jain,
    largest_share,
    median_days,
    points_per_hour,
    price_of_fairness,
)
from booking.engine.equity_report import Reporter, Selection, waiting_for_a_wish

DAY = 86_400
START = datetime(2027, 1, 4, tzinfo=UTC)


def of(*numbers: int) -> list[Fraction]:
    return [Fraction(each) for each in numbers]


def judged(**given: Any) -> Judged:
    defaults: dict[str, Any] = {
        "gap": Fraction(0),
        "price": Fraction(1, 5),
        "bounds": (Fraction(1, 10), Fraction(3, 10)),
        "mean_merit": Fraction(700),
        "points": 8000,
        "offered": Fraction(100),
    }
    return Judged(**defaults | given)


def answered(number: int, *groups: str, facility: str = "f1", got: int = 2) -> Answered:
    return Answered(
        organisation=f"o{number}",
        groups=frozenset(groups),
        granted=got > 0,
        waited_seconds=number * DAY,
        facilities=frozenset({facility}),
        asked={facility: Fraction(2)},
        given={facility: Fraction(got)} if got else {},
    )


def shared(facility: str, allocated: int, credited: dict[str, int]) -> Shared:
    return Shared(
        facility=facility,
        offered=Fraction(100),
        allocated=Fraction(allocated),
        reserved=dict.fromkeys(credited, Fraction(20)),
        credited={key: Fraction(each) for key, each in credited.items()},
    )


def a_round(slug: str, parts: list[Shared], requests: list[Answered]) -> RoundShared:
    return RoundShared(slug, slug, START, START, judged(), tuple(parts), tuple(requests))


def twelve() -> RoundShared:
    """Ten of twelve requests granted two hours each; five organisations are startups."""
    requests = [answered(at, *(["startup"] if at < 5 else [])) for at in range(10)]
    requests += [answered(at, got=0) for at in (10, 11)]
    return a_round("spring", [shared("f1", 20, {"startup": 8})], requests)


def by_merit(*judgements: Judged) -> Fraction | None:
    """Give the mean merit by merit alone of rounds that were judged so."""
    rounds = [
        replace(twelve(), slug=f"r{number}", judged=each) for number, each in enumerate(judgements)
    ]
    return Reporter(rounds, ["startup"]).report(Selection()).whole.common.mean_merit_by_merit


def only_group(found: RoundShared) -> Any:
    (group,) = Reporter([found], ["startup"]).report(Selection()).whole.groups
    return group


def test_report__of_a_round__gives_a_groups_shares() -> None:
    group = only_group(twelve())

    assert (group.organisations, group.requests, group.suppressed) == (5, 5, False)
    assert (group.target, group.attainment) == (Fraction(1, 5), Fraction(2, 5))
    assert (group.share, group.member_share) == (Fraction(2, 5), Fraction(1, 2))
    assert (group.asked_share, group.demand_met) == (Fraction(5, 12), 1)
    assert (group.success, group.median_days) == (1, 2)


def test_report__of_a_round__gives_what_concerns_everyone() -> None:
    common: Any = Reporter([twelve()], ["startup"]).report(Selection()).whole.common

    assert (common.requests, common.organisations) == (12, 12)
    assert (common.utilisation, common.success) == (Fraction(1, 5), Fraction(5, 6))
    assert (common.jain, common.gini) == (Fraction(5, 6), Fraction(1, 6))
    assert (common.largest_share, common.herfindahl) == (Fraction(1, 10), Fraction(1, 10))
    assert (common.median_days, common.mean_merit) == (Fraction(11, 2), 700)


def test_report__four_organisations_of_a_group__leaves_its_figures_out() -> None:
    requests = [answered(at, *(["startup"] if at < 4 else [])) for at in range(12)]
    found = a_round("spring", [shared("f1", 24, {"startup": 8})], requests)

    group = only_group(found)

    assert group.suppressed
    assert (group.reserved, group.credited, group.organisations) == (20, None, None)


def test_report__four_organisations_in_all__leaves_everything_out() -> None:
    found = a_round("spring", [shared("f1", 8, {})], [answered(at) for at in range(4)])

    common: Any = Reporter([found], []).report(Selection()).whole.common

    assert common.suppressed
    assert (common.offered, common.allocated, common.jain) == (100, None, None)


def two_rounds() -> list[RoundShared]:
    """Two rounds at two facilities; startups are few at the second one in autumn."""
    spring = [answered(at, "startup") for at in range(6)]
    spring += [answered(at, "startup", facility="f2") for at in range(6, 12)]
    spring += [answered(at, facility="f2") for at in range(20, 30)]
    spring += [answered(at) for at in range(30, 40)]
    autumn = [answered(at, "startup") for at in range(6)]
    autumn += [answered(6, "startup", facility="f2")]
    autumn += [answered(at, facility="f2") for at in range(20, 30)]
    autumn += [answered(at) for at in range(30, 40)]
    return [
        a_round(
            "spring", [shared("f1", 32, {"startup": 8}), shared("f2", 32, {"startup": 8})], spring
        ),
        a_round(
            "autumn", [shared("f1", 32, {"startup": 9}), shared("f2", 22, {"startup": 1})], autumn
        ),
    ]


def test_report__few_at_one_facility_in_one_round__shown_by_facility_and_by_round() -> None:
    report = Reporter(two_rounds(), ["startup"]).report(Selection())

    assert [each.groups[0].credited for each in report.facilities] == [17, 9]
    assert [each.groups[0].credited for each in report.rounds] == [16, 10]
    assert report.whole.groups[0].credited == 26


def test_report__few_at_one_facility_in_one_round__not_shown_for_a_facility_in_a_round() -> None:
    reporter = Reporter(two_rounds(), ["startup"])

    for facility in ("f1", "f2"):
        report = reporter.report(Selection(facility, frozenset({"spring"})))
        assert report.whole.groups[0].suppressed
    assert (
        reporter.report(Selection("f1", frozenset({"spring", "autumn"}))).whole.groups[0].credited
    )


def test_report__least_attained__is_the_facility_and_group_filled_least() -> None:
    least = Reporter(two_rounds(), ["startup"]).report(Selection()).least

    assert least is not None
    assert (least.facility, least.group, least.attainment) == ("f2", "startup", Fraction(9, 40))


def test_report__nothing_published__says_nothing() -> None:
    report = Reporter([], []).report(Selection())

    assert (report.whole.common.suppressed, report.rounds, report.least) == (True, (), None)


@pytest.mark.parametrize(
    ("figure", "amounts", "value"),
    [
        (jain, of(1, 1, 1), 1),
        (jain, of(1, 0, 0), Fraction(1, 3)),
        (jain, of(0, 0), None),
        (gini, of(1, 1, 1), 0),
        (gini, of(0, 0, 1), Fraction(2, 3)),
        (gini, of(), None),
        (largest_share, of(3, 1), Fraction(3, 4)),
        (largest_share, of(0), None),
        (herfindahl, of(3, 1), Fraction(10, 16)),
        (herfindahl, of(), None),
    ],
)
def test_figure__of_amounts__is_exact(figure: Any, amounts: list[Fraction], value: Any) -> None:
    assert figure(amounts) == value


def test_median_days__of_an_even_number__is_between_the_two_in_the_middle() -> None:
    assert median_days([DAY, 4 * DAY]) == Fraction(5, 2)
    assert median_days([]) is None


def test_price__of_two_rounds__is_of_their_points_together() -> None:
    rounds = [judged(), judged(price=Fraction(0), bounds=(Fraction(0), Fraction(0)))]

    assert price_of_fairness(rounds) == (
        1 - Fraction(16_000, 18_000),
        1 - Fraction(16_000) / (8000 / Fraction(9, 10) + 8000),
        1 - Fraction(16_000) / (8000 / Fraction(7, 10) + 8000),
    )
    assert list(points_per_hour(rounds) or ()) == of(80, 90)


def test_price__without_points__is_not_known() -> None:
    assert price_of_fairness([judged(points=0)]) is None
    assert points_per_hour([]) is None


def test_waiting_for_a_wish__four_organisations__left_out() -> None:
    wishes = [Wish(f"o{at}", at * DAY) for at in range(5)]

    assert waiting_for_a_wish(wishes) == 2
    assert waiting_for_a_wish(wishes[:4]) is None


def a_problem() -> dict[str, Any]:
    choices = [
        {"resource": "r1", "from": 0, "to": 8, "rank": 1},
        {"resource": "r2", "starts": [3], "rank": 0},
    ]
    return {
        "step_minutes": 30,
        "resources": [
            {"id": "r1", "facility": "f1", "capacity": 2, "rate": 0.5, "windows": [[0, 8]]},
            {"id": "r2", "facility": "f2", "capacity": 1, "rate": 2, "windows": [[0, 4], [6, 8]]},
        ],
        "organisations": [{"id": "o1", "fair_share": 0.9}],
        "requests": [
            {
                "id": "q1",
                "organisation": "o1",
                "merit": 801,
                "sessions": [{"steps": 4, "quantity": 2, "alternatives": choices}],
            }
        ],
    }


def test_report__second_round_of_few_startups__leaves_both_rounds_out_and_not_their_sum() -> None:
    requests = [answered(at, *(["startup"] if at < 2 else [])) for at in range(8)]
    second = a_round("summer", [shared("f1", 16, {"startup": 4})], requests)
    found = Reporter([twelve(), second], ["startup"]).report(Selection())

    assert [each.groups[0].suppressed for each in found.rounds] == [True, True]
    group: Any = found.whole.groups[0]
    assert (group.organisations, group.credited) == (5, 12)


def test_mean_merit_by_merit__of_two_rounds__is_weighted_by_its_own_hours() -> None:
    first = judged(alone=(Fraction(30), Fraction(800)))
    second = judged(alone=(Fraction(10), Fraction(400)))
    assert by_merit(first, second) == 700
    assert by_merit(judged(alone=(Fraction(0), Fraction(0)))) is None


def test_mean_merit_by_merit__one_round_did_not_keep_it__is_not_told() -> None:
    assert by_merit(judged(alone=(Fraction(30), Fraction(800))), judged()) is None


def test_read_result__of_a_booking__counts_hours_and_points_exactly() -> None:
    groups = {"startup": {"reserved": 0.8, "credited": 0.3}}
    result = {
        "gap": 0.01,
        "bookings": [{"request": "q1", "session": 0, "resource": "r1", "start": 4, "quantity": 2}],
        "facilities": [{"id": "f1", "groups": groups}, {"id": "f2", "groups": {}}],
        "report": {
            "price_of_fairness": 0.1,
            "price_of_fairness_bounds": [0, 0.2],
            "mean_merit": 801.0,
        },
    }

    read: Any = read_result(a_problem(), result, {"credits": 4.5, "mean_merit": 812.25})

    assert read.given == {"q1": {"f1": Fraction(2)}}
    assert read.asked == {"q1": {"f2": Fraction(8)}}
    assert read.facilities == {"q1": frozenset({"f1", "f2"})}
    assert (read.shared["f1"].offered, read.shared["f2"].offered) == (4, 6)
    assert read.shared["f1"].credited == {"startup": Fraction(3, 10)}
    # 801 x 0.9 x 2 hours x 0.995 is 1434.591.
    assert (read.judged.points, read.judged.offered) == (1435, 10)
    assert read.judged.alone == (Fraction(9, 2), Fraction(3249, 4))
    assert read_result(a_problem(), result).judged.alone is None
