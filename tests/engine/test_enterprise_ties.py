from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.engine.enterprise_ties import (
    CountedPart,
    Cycle,
    RelatedEnterprise,
    autonomous,
    counted_parts,
    cycle,
)


def tie(name: str, percent: int, *related: RelatedEnterprise) -> RelatedEnterprise:
    return RelatedEnterprise(name, percent, related=related)


def shares(*related: RelatedEnterprise) -> dict[str, Fraction]:
    return {each.enterprise.name: each.share for each in counted_parts(related)}


@pytest.mark.parametrize(
    ("percent", "share"),
    [
        (0, None),
        (24, None),
        (25, Fraction(1, 4)),
        (50, Fraction(1, 2)),
        (51, Fraction(1)),
        (100, Fraction(1)),
    ],
)
def test_counted_parts__at_each_boundary__is_that_part(
    percent: int, share: Fraction | None
) -> None:
    assert shares(tie("A", percent)).get("A") == share


def test_counted_parts__chain_of_links__counts_in_full_to_its_end() -> None:
    assert shares(tie("A", 51, tie("B", 60, tie("C", 100)))) == {"A": 1, "B": 1, "C": 1}


def test_counted_parts__linked_to_a_partner__counts_in_the_partners_proportion() -> None:
    found = shares(tie("Partner", 40, tie("Its daughter", 80), tie("Its partner", 40)))
    assert found == {"Partner": Fraction(2, 5), "Its daughter": Fraction(2, 5)}


def test_counted_parts__partner_of_what_is_linked__counts_in_its_own_proportion() -> None:
    assert shares(tie("Linked", 51, tie("Its partner", 30)))["Its partner"] == Fraction(3, 10)


def test_counted_parts__same_enterprise_by_two_ways__counts_once_at_most() -> None:
    assert shares(tie("Both ways", 30), tie("Linked", 80, tie("both  Ways", 60))) == {
        "both  Ways": 1,
        "Linked": 1,
    }


def test_counted_parts__holding_too_small__hides_what_is_behind_it() -> None:
    assert shares(tie("Small", 24, tie("Behind", 100))) == {}


def test_counted_parts__part__is_worded() -> None:
    assert CountedPart(tie("A", 60), Fraction(1)).words == "A in full"
    assert CountedPart(tie("A", 30), Fraction(3, 10)).words == "A at 30 %"


def test_autonomous__investors_with_more_than_half_together__are_none() -> None:
    two = [RelatedEnterprise("U", 25, investor="university") for _ in range(2)]
    assert len(autonomous(two)) == 2
    assert autonomous([*two, RelatedEnterprise("V", 1, investor="venture_capital")]) == ()
    assert autonomous([RelatedEnterprise("W", 30)]) == ()


@pytest.mark.parametrize(
    ("related", "names", "pointer"),
    [
        (tie("B", 60, tie("C", 60, tie("b", 10))), ("B", "C", "b"), "/0/related/0/related/0"),
        (tie("B", 60, tie("X", 1), tie("A ", 60)), ("A", "B", "A "), "/0/related/1"),
        (tie(" a", 60), ("A", " a"), "/0"),
    ],
)
def test_cycle__comes_back__is_named_in_its_order_and_pointed_at(
    related: RelatedEnterprise, names: tuple[str, ...], pointer: str
) -> None:
    assert cycle("A", [related]) == Cycle(names, pointer)


def test_cycle__same_enterprise_by_two_ways__is_none() -> None:
    assert cycle("A", [tie("B", 60, tie("D", 60)), tie("C", 60, tie("D", 60))]) is None


ties = st.recursive(
    st.builds(tie, st.sampled_from("ABCDEF"), st.integers(0, 100)),
    lambda inner: st.builds(
        lambda name, percent, related: tie(name, percent, *related),
        st.sampled_from("ABCDEF"),
        st.integers(0, 100),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=30)
@given(st.lists(ties, max_size=4))
def test_no_enterprise_counts_for_more_than_all_of_it_or_twice(
    related: list[RelatedEnterprise],
) -> None:
    found = counted_parts(related)
    assert all(Fraction(1, 4) <= each.share <= 1 for each in found)
    assert len({each.enterprise.name for each in found}) == len(found)
