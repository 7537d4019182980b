"""A cap in figures: what it is, what is held of it, and the least that a request needs."""

from dataclasses import replace

from booking.engine.allocation.entities import Problem
from booking.engine.cap_figures import CapFigures, Caps
from tests.engine.test_nearest import a_problem, asked, held


def capped(problem: Problem, share: float | None) -> Problem:
    (facility,) = problem.facilities
    return replace(problem, facilities=(replace(facility, cap_share=share),))


def test_figures__organisation_holds_some__are_cap_held_and_need() -> None:
    problem = capped(a_problem(asked("q1", 4), asked("q2", 6), r1={"rate": 1.5}), 0.25)
    found = Caps(problem, [held("q1", 0)]).figures("q2", "r1")
    assert found == CapFigures(most=9.0, held=6.0, needed=9.0)


def test_figures__of_the_whole_request__are_where_it_needs_least() -> None:
    request = asked("q1", 6)
    request["sessions"][0]["alternatives"].append({"resource": "r2", "starts": [0], "rank": 1})
    problem = capped(a_problem(request, r1={"rate": 2}, r2={}), 0.1)
    assert Caps(problem, []).figures("q1", None) == CapFigures(most=7.2, held=0.0, needed=6.0)


def test_figures__no_cap__are_none() -> None:
    assert Caps(a_problem(asked("q1", 4), r1={}), []).figures("q1", "r1") is None
