from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pages.line_plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, line_plot

DAY = date(2027, 1, 4)
Points = list[tuple[date, float]]


def _points(past: Points, coming: Points) -> list[list[tuple[float, float]]]:
    drawn = line_plot("f", "Factor", "In words", past=past, coming=coming, marks=(0.5, 1.0))
    read = ET.fromstring(drawn)  # noqa: S314 - our own drawing
    return [
        [
            (float(x), float(y))
            for x, y in (pair.split(",") for pair in line.get("points", "").split())
        ]
        for line in read.iter("polyline")
    ]


def test_line_plot__half_way_in_time_and_value__is_drawn_half_way() -> None:
    past, coming = _points(
        [(DAY, 0.5), (DAY + timedelta(days=10), 0.75)],
        [(DAY + timedelta(days=10), 0.75), (DAY + timedelta(days=20), 1.0)],
    )

    middle = (LEFT + (WIDTH - LEFT - RIGHT) / 2, TOP + (HEIGHT - TOP - BOTTOM) / 2)
    assert past == [(LEFT, HEIGHT - BOTTOM), middle]
    assert coming == [middle, (WIDTH - RIGHT, TOP)]


def test_line_plot__names_itself_for_readers() -> None:
    drawn = line_plot("f", "<b>", "In words", past=[(DAY, 1)], coming=[(DAY, 1)], marks=(0, 1))

    assert 'aria-labelledby="f-title f-desc"' in drawn
    assert "&lt;b&gt;" in drawn
    assert "style" not in drawn


@pytest.mark.parametrize(("past", "marks"), [([], (0, 1)), ([(DAY, 1.0)], (1,))])
def test_line_plot__nothing_to_draw__refused(past: Points, marks: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="two marks"):
        line_plot("f", "A", "B", past=past, coming=[(DAY, 1.0)], marks=marks)


@given(values=st.lists(st.floats(-2, 3), min_size=1, max_size=9))
@settings(max_examples=20)
def test_lines_never_leave_the_plot(values: list[float]) -> None:
    past = [(DAY + timedelta(days=at), value) for at, value in enumerate(values)]

    for line in _points(past, past[-1:]):
        assert all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT - BOTTOM for x, y in line)
