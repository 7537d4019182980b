from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.group_rules import (
    AllOf,
    AnyOf,
    Attribute,
    CountryScheme,
    FirstTimeUser,
    GroupRule,
    Sme,
    Startup,
    read_rule,
    write_rule,
)

texts = st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
leaves: st.SearchStrategy[GroupRule] = st.one_of(
    st.builds(Startup, st.integers(1, 50)),
    st.builds(Sme, st.sampled_from(["micro", "small", "medium"])),
    st.builds(
        CountryScheme,
        texts,
        st.lists(texts, min_size=1, max_size=3).map(tuple),
        st.none() | st.integers(0, 3660),
    ),
    st.just(FirstTimeUser()),
    st.builds(Attribute, texts, st.sampled_from(["eq", "ne"]), st.booleans() | texts),
    st.builds(Attribute, texts, st.sampled_from(["lt", "le", "gt", "ge"]), st.integers()),
    st.builds(Attribute, texts, st.just("in"), st.lists(texts, min_size=1).map(tuple)),
)
branches = st.lists(leaves, min_size=1, max_size=3).map(tuple)
rules = st.one_of(leaves, st.builds(AnyOf, branches), st.builds(AllOf, branches))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "rules", "key", "op", "value", "values", "scheme", "a/b"]),
            inner
            | st.sampled_from(["any", "all", "sme", "attribute", "country_scheme", "in", "lt"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(rules)
def test_a_rule_written_and_read_is_itself(rule: GroupRule) -> None:
    assert read_rule(write_rule(rule)) == rule


@given(json_values)
def test_any_json_is_read_or_refused_with_a_reason(value: Any) -> None:
    read = read_rule(value)
    if isinstance(read, tuple):
        assert read
        assert all(each.code == "malformed_rule" and each.reason for each in read)
    else:
        assert read_rule(write_rule(read)) == read


def test_read_rule__members_left_out__take_their_defaults() -> None:
    assert read_rule({"kind": "startup"}) == Startup(5)
    assert read_rule({"kind": "sme"}) == Sme("medium")
    scheme = {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]}
    assert read_rule(scheme) == CountryScheme("un_ldc", ("member",), None)


@pytest.mark.parametrize(
    ("value", "pointers"),
    [
        ([], [""]),
        ({}, ["/kind"]),
        ({"kind": ["sme"]}, ["/kind"]),
        ({"kind": "rich"}, ["/kind"]),
        ({"kind": "startup", "max_age_years": 0}, ["/max_age_years"]),
        ({"kind": "startup", "max_age_years": 51}, ["/max_age_years"]),
        ({"kind": "startup", "max_age_years": True}, ["/max_age_years"]),
        ({"kind": "startup", "max_age_years": 5.0}, ["/max_age_years"]),
        ({"kind": "sme", "at_most": "large", "a/b~c": 1}, ["/a~1b~0c", "/at_most"]),
        ({"kind": "country_scheme"}, ["/scheme", "/values"]),
        (
            {"kind": "country_scheme", "scheme": " ", "values": [], "grace_days": -1},
            ["/scheme", "/values", "/grace_days"],
        ),
        ({"kind": "attribute", "key": "kind", "op": "like", "value": "x"}, ["/op"]),
        ({"kind": "attribute", "key": "kind", "op": "in", "value": "x"}, ["/value"]),
        ({"kind": "attribute", "key": "kind", "op": "eq", "value": ["x"]}, ["/value"]),
        ({"kind": "attribute", "key": "kind", "op": "in", "value": []}, ["/value"]),
        ({"kind": "attribute", "key": "kind", "op": "in", "value": [None]}, ["/value"]),
        ({"kind": "attribute", "key": "staff", "op": "lt", "value": "x"}, ["/value"]),
        ({"kind": "attribute", "key": "staff", "op": "lt", "value": True}, ["/value"]),
        ({"kind": "any", "rules": []}, ["/rules"]),
        ({"kind": "all", "rules": {}, "more": 1}, ["/more", "/rules"]),
        (
            {"kind": "any", "rules": [{"kind": "sme"}, {"kind": "x"}, 3]},
            ["/rules/1/kind", "/rules/2"],
        ),
    ],
)
def test_read_rule__malformed__points_at_each_fault(value: Any, pointers: list[str]) -> None:
    read = read_rule(value)
    assert isinstance(read, tuple)
    assert [each.pointer for each in read] == pointers


def test_read_rule__nested_too_deep__is_refused() -> None:
    rule: Any = {"kind": "sme"}
    for _ in range(3):
        rule = {"kind": "any", "rules": [rule]}
    assert isinstance(read_rule(rule), AnyOf)
    read = read_rule({"kind": "all", "rules": [rule]})
    assert isinstance(read, tuple)
    assert read[0].pointer == "/rules/0/rules/0/rules/0/rules"
    assert "at most 4 deep" in read[0].reason
