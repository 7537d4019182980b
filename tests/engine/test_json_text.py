import json
from typing import Any

import pytest

from booking.engine.json_text import KeysRepeatedError, RepeatedKey, parsed


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"a": 1, "a": 1}', [("a", 2)]),
        ('{"requests": [{}, {"merit": 1, "id": "q", "merit": 2}]}', [("requests[1].merit", 2)]),
        ('[[{"a": {"b": 1, "b": 2, "b": 3}}]]', [("[0][0].a.b", 3)]),
        ('{"b": {"c": 1, "c": 2}, "a": {"d": 1, "d": 2}}', [("b.c", 2), ("a.d", 2)]),
        ('{"a": {"x": 1, "x": 2}, "a": {"y": 1, "y": 2}}', [("a", 2), ("a.y", 2)]),
        ('{"a": 1, "\\u0061": 2}', [("a", 2)]),
    ],
)
def test_parsed__a_key_twice_in_an_object__is_refused_by_its_path(
    text: str, named: list[tuple[str, int]]
) -> None:
    with pytest.raises(KeysRepeatedError) as refused:
        parsed(text)
    assert refused.value.keys == tuple(RepeatedKey(*one) for one in named)
    assert all(line.endswith(".") for line in str(refused.value).splitlines())


@pytest.mark.parametrize("thing", [{"a": {"a": [{"a": 1}, {"a": 1}]}}, [], "x", 1.5, None])
def test_parsed__nothing_twice__is_read(thing: Any) -> None:
    assert parsed(json.dumps(thing)) == thing


def test_parsed__a_byte_order_mark__counts_for_nothing() -> None:
    assert parsed('\ufeff{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("text", ["", "{", '{"a": 1,}', "{} {}"])
def test_parsed__no_json__is_refused_with_its_place(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        parsed(text)
