"""Control over several declarations, and where it goes in a circle."""

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from booking.engine.ownership import (
    Circle,
    Holding,
    Party,
    circle_by_identity,
    circle_in_words,
    controlling_circle,
    holdings,
)

A, B, C, D = (Party(each, each) for each in "ABCD")
REGISTRY = {each.key: each for each in (A, B, C, D)}


def tie(name: str, percent: int, side: str | None = None, **more: Any) -> dict[str, Any]:
    named = {"name": name, "percent": percent} | more
    return named if side is None else named | {"side": side}


def test_holdings__each_side__says_who_holds_whom_and_where() -> None:
    value = [
        tie("Bee", 60, "owned", organisation="B", related=[tie("Dee", 70, "owner")]),
        tie("Cee", 30, "owner", organisation="C"),
        tie("Dee", 90, organisation="D"),
    ]
    local = Party("A dee", "Dee")
    assert holdings(A, value, REGISTRY) == (
        Holding(A, B, 60, "/0"),
        Holding(local, B, 70, "/0/related/0"),
        Holding(C, A, 30, "/1"),
    )


def test_holdings__same_name_in_two_declarations__is_not_the_same_enterprise() -> None:
    value = [tie("Holding Ltd", 60, "owner")]
    (ours,), (theirs,) = holdings(A, value, REGISTRY), holdings(B, value, REGISTRY)
    assert ours.owner != theirs.owner


def test_holdings__identifier_that_nobody_registered__is_one_enterprise_to_all() -> None:
    value = [tie("Holding Ltd", 60, "owner", organisation="https://ror.org/05dxps055")]
    (ours,), (theirs,) = holdings(A, value, REGISTRY), holdings(B, value, REGISTRY)
    assert ours.owner == theirs.owner


@pytest.mark.parametrize(
    ("declared", "known", "circle"),
    [
        ((A, B, 51), (B, A, 51), (A, B, A)),
        ((A, B, 50), (B, A, 51), None),
        ((A, B, 51), (B, A, 50), None),
        ((A, B, 100), (A, B, 100), None),
        ((A, A, 51), (B, A, 51), (A, A)),
        ((A, A, 50), (B, A, 51), None),
    ],
)
def test_controlling_circle__around_half__only_what_is_above_controls(
    declared: tuple[Party, Party, int],
    known: tuple[Party, Party, int],
    circle: tuple[Party, ...] | None,
) -> None:
    found = controlling_circle([Holding(*declared, "/0")], [Holding(*known)])
    assert found == (None if circle is None else Circle(circle, "/0"))


def test_controlling_circle__over_three_declarations__names_the_shortest_path() -> None:
    known = [
        Holding(B, D, 60),
        Holding(D, C, 60),
        Holding(B, C, 60),
        Holding(C, A, 60),
    ]
    declared = [Holding(A, D, 40, "/0"), Holding(A, B, 60, "/1")]
    assert controlling_circle(declared, known) == Circle((A, B, C, A), "/1")


def test_controlling_circle__known_before__is_not_the_declarers_to_mend() -> None:
    known = [Holding(C, D, 60), Holding(D, C, 60)]
    assert controlling_circle([Holding(A, C, 60)], known) is None


held = st.builds(
    Holding, st.sampled_from([A, B, C, D]), st.sampled_from([A, B, C, D]), st.integers(49, 52)
)


def comes_back(held: list[Holding]) -> bool:
    order: TopologicalSorter[str] = TopologicalSorter()
    for each in held:
        if each.percent > 50:
            order.add(each.owned.key, each.owner.key)
    try:
        order.prepare()
    except CycleError:
        return True
    return False


@settings(max_examples=100)
@given(st.lists(held, max_size=4), st.lists(held, max_size=6))
def test_control_without_a_circle_stays_so_exactly_where_none_is_found(
    declared: list[Holding], known: list[Holding]
) -> None:
    assume(not comes_back(known))
    found = controlling_circle(declared, known)
    assert (found is not None) == comes_back([*known, *declared])


@settings(max_examples=100)
@given(st.lists(held, min_size=1, max_size=4), st.lists(held, max_size=6))
def test_each_step_of_a_circle_is_a_controlling_holding(
    declared: list[Holding], known: list[Holding]
) -> None:
    found = controlling_circle(declared, known)
    assume(found is not None)
    assert found is not None
    every = [*known, *declared]
    controls = {(each.owner.name, each.owned.name) for each in every if each.percent > 50}
    steps = list(zip(found.names, found.names[1:], strict=False))
    assert set(steps) <= controls
    assert found.names[0] == found.names[-1]
    assert len(set(found.names)) == len(found.names) - 1


STEPS = [Holding(A, B, 60), Holding(B, C, 60), Holding(C, D, 60), Holding(D, A, 60)]
AROUND = Circle((A, B, C, D, A), "")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "A, B, C, D and back to A"),
        (STEPS, "A, B, C, D and back to A"),
        (STEPS[:2], "A, B, C, through 1 other organisation and back to A"),
        (STEPS[:1], "A, B, through 2 other organisations and back to A"),
        (STEPS[2:3], "A, through 1 other organisation, C, D and back to A"),
        ([], "A, through 3 other organisations and back to A"),
        ([Holding(B, C, 50), Holding(B, D, 60)], "A, through 3 other organisations and back to A"),
    ],
)
def test_circle_in_words__ties_of_others__are_counted_and_not_named(
    told: list[Holding] | None, words: str
) -> None:
    assert circle_in_words(AROUND, told) == words


def test_circle_in_words__another_names_it_otherwise__is_called_what_the_reader_calls_it() -> None:
    theirs = Party("B", "A secret name")
    circle = controlling_circle([Holding(A, B, 60)], [Holding(theirs, A, 60)])
    assert circle is not None
    assert circle_in_words(circle, [Holding(A, B, 60)]) == "A, B and back to A"
    between = Circle((A, C, theirs, A), "")
    named = circle_in_words(between, [Holding(B, A, 60)])
    assert named == "A, through 1 other organisation, B and back to A"


@settings(max_examples=100)
@given(st.lists(held, max_size=6))
def test_an_identity_closes_a_circle_exactly_where_taking_two_for_one_does(
    known: list[Holding],
) -> None:
    assume(not comes_back(known))
    one = {"D": A}
    merged = [
        replace(
            each,
            owner=one.get(each.owner.key, each.owner),
            owned=one.get(each.owned.key, each.owned),
        )
        for each in known
    ]
    found = circle_by_identity(A, D, known)
    assert (found is not None) == comes_back(merged)
    assert found is None or (found.parties[0], found.parties[-1]) == (A, A)
    assert found is None or D not in found.parties
