"""What the engine is measured against must itself be right: the rounds and the references."""

from argparse import ArgumentTypeError
from fractions import Fraction

import pytest

from benchmarks._effort import Answer, Effort
from benchmarks._greedy import local_search, sequential
from benchmarks._highs import cliques, telescope
from benchmarks._nasa import Standing as NasaStanding
from benchmarks._nasa import month_round, read_log, wishes
from benchmarks._rounds import NAMES, SIZES, Size, drawn, sized
from benchmarks.pythons import told
from booking.engine.allocation.certificate import Round
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.problem import Problem, read_problem
from booking.engine.allocation.recount import Recount
from booking.engine.allocation.run import allocate

SMALL = Size(facilities=2, resources=8, requests=30, linked=0.1)
EXACTLY = Effort(gap=0.0, seconds=20.0, workers=1)


def small(family: str = "mixed", seed: int = 1) -> Problem:
    return read_problem(drawn(SMALL, seed, family))


def counted(problem: Problem, answer: Answer) -> Fraction:
    recount = Recount(Round(problem), answer.bookings)
    assert recount.faults == []
    return sum(
        (recount.points_at(one.id) + recount.top_up(one.id) for one in problem.facilities),
        Fraction(0),
    )


@pytest.mark.parametrize("size", ["20", "20/", "/3", "0/3", "3/0", "-1/2", "x", "1/2/3"])
def test_sized__no_size__names_those_there_are(size: str) -> None:
    with pytest.raises(ArgumentTypeError) as refused:
        sized(size)
    assert str(refused.value).startswith(f"{size!r} is no size; give ")
    assert all(name in str(refused.value) for name in (*SIZES, "RESOURCES/REQUESTS"))


@pytest.mark.parametrize(("size", "facilities"), [("1/1", 1), ("40/7", 2), ("50", 2)])
def test_sized__a_name_or_two_counts__is_a_size(size: str, facilities: int) -> None:
    assert sized(size).facilities == facilities


@pytest.mark.parametrize("family", NAMES)
def test_drawn__any_family__is_a_round_in_which_every_request_can_be_placed(family: str) -> None:
    assert "no_placement" not in compile_problem(small(family)).refused.values()


def test_drawn__same_seed__is_the_same_round() -> None:
    assert drawn(SMALL, 7) == drawn(SMALL, 7)
    assert drawn(SMALL, 7) != drawn(SMALL, 8)


def test_references__solved_exactly__find_what_the_engine_finds() -> None:
    problem = small()
    objective = allocate(problem)["objective"]
    for method in (telescope, cliques):
        answer = method(problem, EXACTLY)
        assert float(counted(problem, answer)) == pytest.approx(objective, abs=0.01)
        assert answer.bound == pytest.approx(objective, abs=1)


@pytest.mark.parametrize("family", NAMES)
def test_references__without_a_solver__give_timetables_no_better_than_the_best(
    family: str,
) -> None:
    problem = small(family, seed=3)
    most = telescope(problem, EXACTLY).bound + 1e-3
    assert 0 < counted(problem, sequential(problem, EXACTLY)) <= most
    assert 0 < counted(problem, local_search(problem, EXACTLY)) <= most


def test_month_round__of_the_log__asks_for_open_hours_on_nodes_there_are() -> None:
    asked = [one for one in wishes(read_log()) if one.on.month == 5]
    standings = {one.organisation: NasaStanding(1.0, ("ldc",)) for one in asked}
    problem = read_problem(month_round(5, asked, standings))
    assert compile_problem(problem).refused == {}


@pytest.mark.parametrize(
    ("found", "code"),
    [([], 1), ([["a"]], 1), ([["a"], ["a"]], 0), ([["a"], ["b"]], 1)],
)
def test_told__interpreters__agree_only_where_two_or_more_found_the_same(
    found: list[list[str]], code: int
) -> None:
    assert told(found) == code
