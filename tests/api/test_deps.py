"""The kinds of text that routes take: what is refused, and that /openapi.json says so."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.deps import Line, Name, Prose

KINDS: dict[str, TypeAdapter[Any]] = {
    "line": TypeAdapter(Line),
    "name": TypeAdapter(Name),
    "prose": TypeAdapter(Prose),
}


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [
        ("line", " a\tb ", "a\tb"),
        ("line", "", ""),
        ("line", "x" * 200, "x" * 200),
        ("line", "\x7f", "\x7f"),
        ("name", "x", "x"),
        ("prose", "a\r\n\tb ", "a\r\n\tb "),
        ("prose", " ", " "),
    ],
)
def test_text__allowed__is_read(kind: str, text: str, read: str) -> None:
    assert KINDS[kind].validate_python(text) == read


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("line", "a\nb"),
        ("line", "a\n"),
        ("line", "\x00"),
        ("line", "\x1f"),
        ("line", "x" * 201),
        ("line", "\ud800"),
        ("line", 1),
        ("name", " "),
        ("name", ""),
        ("prose", "\x00"),
        ("prose", "\x0b"),
    ],
)
def test_text__not_allowed__is_refused(kind: str, text: object) -> None:
    with pytest.raises(ValidationError):
        KINDS[kind].validate_python(text)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(text=st.text(max_size=5))
def test_text_is_read_where_its_described_pattern_matches(kind: str, text: str) -> None:
    described = KINDS[kind].json_schema()["pattern"]
    try:
        KINDS[kind].validate_python(text)
    except ValidationError:
        assert not re.search(described.replace("$", r"\Z"), text)
    else:
        assert re.search(described, text)
