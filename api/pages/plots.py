"""Plots as SVG, made here: each with a title and a description, and a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 420
ROW: Final = 44
BAR_TOP: Final = 22
BAR: Final = 14
FULL: Final = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length, the words beside it, and a mark to compare it with.

    `value` and `target` are in the units of the plot's `most`; a value of None is not shown.
    """

    label: str
    value: float | None
    words: str
    target: float | None = None


def bar_plot(
    key: str,
    title: str,
    summary: str,
    bars: Sequence[Bar],
    *,
    most: float = FULL,
    width: int = WIDTH,
) -> Markup:
    """Draw bars below one another, each with its label above and its target as a line.

    A bar longer than `most` ends there. `key` keeps ids apart on one page; `width` is that
    of the drawing, so that words stay as large in a narrow place.
    Raises: ValueError if `most` is not above 0.
    """
    if most <= 0:
        raise ValueError("A plot is as wide as a value above 0.")
    rows = Markup().join(_bar(at * ROW, each, most, width) for at, each in enumerate(bars))
    return _svg(key, title, summary, rows, width=width, height=ROW * max(1, len(bars)))


def _bar(top: int, bar: Bar, most: float, width: int) -> Markup:
    drawn = Markup(
        '<text class="plot-text" x="0" y="{base}">{label}</text>'
        '<text class="plot-soft" x="{width}" y="{base}" text-anchor="end">{words}</text>'
        '<rect class="is-shut" x="0" y="{y}" width="{width}" height="{height}" rx="3"/>'
    ).format(
        base=top + BAR_TOP - 6,
        label=bar.label,
        words=bar.words,
        width=width,
        y=top + BAR_TOP,
        height=BAR,
    )
    if bar.value is not None and bar.value > 0:
        drawn += Markup(
            '<rect class="plot-bar" x="0" y="{y}" width="{long}" height="{height}" rx="3"/>'
        ).format(y=top + BAR_TOP, long=_number(_along(bar.value, most, width)), height=BAR)
    if bar.target is not None:
        at = _number(min(max(_along(bar.target, most, width), 1.5), width - 1.5))
        drawn += Markup(
            '<line class="plot-target" x1="{at}" x2="{at}" y1="{above}" y2="{below}"/>'
        ).format(at=at, above=top + BAR_TOP - 3, below=top + BAR_TOP + BAR + 3)
    return drawn


def _along(value: float, most: float, width: int) -> float:
    return width * min(max(value / most, 0.0), FULL)


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _svg(key: str, title: str, summary: str, drawn: Markup, *, width: int, height: int) -> Markup:
    name = escape(key)
    return Markup(
        '<svg class="plot" role="img" viewBox="0 0 {width} {height}" '
        'aria-labelledby="{name}-title {name}-desc">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{summary}</desc>'
        "{drawn}</svg>"
    ).format(width=width, height=height, name=name, title=title, summary=summary, drawn=drawn)
