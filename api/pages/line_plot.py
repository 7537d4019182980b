"""A line over time as SVG: what was, and dashed what comes, with a title and a description."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup, escape

from booking.engine.wording import day_in_words

WIDTH: Final = 340
HEIGHT: Final = 220
LEFT: Final = 44
RIGHT: Final = 8
TOP: Final = 12
BOTTOM: Final = 40

Point = tuple[date, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The days and values that a plot spans, ends included."""

    first: date
    last: date
    low: float
    high: float

    def x(self, day: date) -> float:
        """Place a day between left and right."""
        days = max((self.last - self.first).days, 1)
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - self.first).days / days

    def y(self, value: float) -> float:
        """Place a value between bottom and top; one outside stands at the edge."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part


def line_plot(
    key: str,
    title: str,
    summary: str,
    *,
    past: Sequence[Point],
    coming: Sequence[Point],
    marks: Sequence[float],
) -> Markup:
    """Draw `past` as a line and `coming` dashed after it; `marks` are the values at the side.

    `key` keeps ids apart on one page. `past` ends on the day that `coming` starts on.
    Raises: ValueError without two marks or without a point in each part.
    """
    if len(marks) < 2 or not past or not coming:  # noqa: PLR2004 - the two ends of the side
        raise ValueError("A plot has two marks at its side and a point in both parts.")
    frame = Frame(past[0][0], coming[-1][0], min(marks), max(marks))
    drawn = Markup().join(
        (
            *(_mark(frame, each) for each in marks),
            _today(frame, past[-1][0]),
            _line(frame, past, "plot-line"),
            _line(frame, coming, "plot-line plot-ahead"),
            _day(frame.first, LEFT, "start"),
            _day(frame.last, WIDTH - RIGHT, "end"),
        )
    )
    return Markup(
        '<svg class="plot" role="img" viewBox="0 0 {width} {height}" '
        'aria-labelledby="{name}-title {name}-desc">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{summary}</desc>'
        "{drawn}</svg>"
    ).format(
        width=WIDTH, height=HEIGHT, name=escape(key), title=title, summary=summary, drawn=drawn
    )


def _mark(frame: Frame, value: float) -> Markup:
    return Markup(
        '<line class="plot-axis" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        '<text class="plot-soft" x="{end}" y="{base}" text-anchor="end">{value:g}</text>'
    ).format(
        left=LEFT,
        right=WIDTH - RIGHT,
        y=_number(frame.y(value)),
        end=LEFT - 6,
        base=_number(frame.y(value) + 4),
        value=value,
    )


def _today(frame: Frame, day: date) -> Markup:
    return Markup(
        '<line class="plot-axis" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'
        '<text class="plot-soft" x="{x}" y="{base}" text-anchor="middle">today</text>'
    ).format(x=_number(frame.x(day)), top=TOP, bottom=HEIGHT - BOTTOM, base=HEIGHT - BOTTOM + 16)


def _line(frame: Frame, points: Sequence[Point], classes: str) -> Markup:
    drawn = " ".join(f"{_number(frame.x(day))},{_number(frame.y(value))}" for day, value in points)
    return Markup('<polyline class="{classes}" points="{points}"/>').format(
        classes=classes, points=drawn
    )


def _day(day: date, x: int, anchor: str) -> Markup:
    return Markup(
        '<text class="plot-soft" x="{x}" y="{y}" text-anchor="{anchor}">{day}</text>'
    ).format(x=x, y=HEIGHT - 6, anchor=anchor, day=day_in_words(day))


def _number(value: float) -> str:
    return f"{value:.1f}"
