"""Plots: what is drawn is what the figures say, and it is named for readers."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.plots import WIDTH, Bar, bar_plot

SVG = "{http://www.w3.org/2000/svg}"


def _read(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 - our own drawing


def _bars(drawn: ET.Element) -> list[float]:
    return [
        float(each.get("width", ""))
        for each in drawn.iter("rect")
        if each.get("class") == "plot-bar"
    ]


def test_bar_plot__half_of_the_most__half_as_wide() -> None:
    drawn = _read(bar_plot("share", "Share", "By group", [Bar("SME", 0.25, "25 %")], most=0.5))
    assert _bars(drawn) == [WIDTH / 2]


def test_bar_plot__value_at_and_above_the_most__ends_at_the_edge() -> None:
    drawn = _read(bar_plot("a", "A", "B", [Bar("x", 1.0, ""), Bar("y", 1.5, "")]))
    assert _bars(drawn) == [WIDTH, WIDTH]


def test_bar_plot__nothing_known__draws_no_bar() -> None:
    drawn = _read(bar_plot("a", "A", "B", [Bar("x", None, "too few to show")]))
    assert _bars(drawn) == []
    assert "too few to show" in "".join(drawn.itertext())


def test_bar_plot__target__draws_a_line_there() -> None:
    drawn = _read(bar_plot("a", "A", "B", [Bar("x", 0.1, "", target=0.5)]))
    assert [each.get("x1") for each in drawn.iter("line")] == [str(WIDTH // 2)]


def test_bar_plot__names_itself_for_readers() -> None:
    drawn = _read(bar_plot("a", "Share by group", "SME 25 %", []))
    assert drawn.get("aria-labelledby") == "a-title a-desc"
    assert [each.text for each in drawn][:2] == ["Share by group", "SME 25 %"]


def test_bar_plot__no_width__refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        bar_plot("a", "A", "B", [], most=0)


@given(label=st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
def test_whatever_a_group_is_called_is_shown_and_never_markup(label: str) -> None:
    drawn = _read(bar_plot("a", label, label, [Bar(label, 0.5, label, 0.5)]))
    assert next(drawn.iter("text")).text in {label, None}
    assert len(list(drawn.iter("rect"))) == 2


@given(values=st.lists(st.floats(0, 10), max_size=8), most=st.floats(0.01, 10))
def test_bars_never_leave_the_plot(values: list[float], most: float) -> None:
    drawn = _read(bar_plot("a", "A", "B", [Bar("x", each, "", each) for each in values], most=most))
    assert all(0 <= each <= WIDTH for each in _bars(drawn))
