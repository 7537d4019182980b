"""Lines over twelve months as a picture that is also readable without seeing it."""

import csv
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 360
LEFT: Final = 56
RIGHT: Final = 150
TOP: Final = 40
BOTTOM: Final = 40
COLOURS: Final = ("#0060a0", "#b34700", "#00705a", "#8a4f7d", "#5b5b00", "#333333")
DASHES: Final = ("none", "8 4", "2 3", "12 3 2 3", "5 2", "1 4")
APART: Final = 14
"""Points between the names of lines that end near one another."""

Lines = Mapping[str, Sequence[float | None]]


def write_plot(
    folder: Path, name: str, title: str, desc: str, months: Sequence[str], lines: Lines
) -> None:
    """Write NAME.svg with title and description, and its figures beside it as NAME.csv.

    A figure of None is a gap in its line. The scale begins at 0, and ends at 1 or above.
    """
    top = max([1.0, *(one for line in lines.values() for one in line if one is not None)])
    parts = [*_frame(title, desc, months, top)]
    names: list[tuple[float, str, str]] = []
    for number, (label, line) in enumerate(lines.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        points = [
            (_across(at, len(months)), _up(one, top))
            for at, one in enumerate(line)
            if one is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dash}" points="{path}"/>'
        )
        if points:
            names.append((points[-1][1], label, colour))
    parts += [*_names(names), "</svg>", ""]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.svg").write_text("\n".join(parts), encoding="utf-8")
    _write_table(folder / f"{name}.csv", months, lines)


def _frame(title: str, desc: str, months: Sequence[str], top: float) -> list[str]:
    right = WIDTH - RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="12">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(desc)}</desc>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for step in range(5):
        figure = top * step / 4
        y = _up(figure, top)
        parts += [
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ccc"/>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{figure:.2f}</text>',
        ]
    parts += [
        f'<text x="{_across(at, len(months)):.1f}" y="{HEIGHT - 16}"'
        f' text-anchor="middle">{escape(month)}</text>'
        for at, month in enumerate(months)
    ]
    return parts


def _names(names: list[tuple[float, str, str]]) -> list[str]:
    """Write each line's name where it ends, none over another."""
    parts, last = [], float("-inf")
    for y, label, colour in sorted(names):
        last = max(y, last + APART)
        parts.append(
            f'<text x="{WIDTH - RIGHT + 8}" y="{last + 4:.1f}" fill="{colour}">'
            f"{escape(label)}</text>"
        )
    return parts


def _write_table(path: Path, months: Sequence[str], lines: Lines) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["month", *lines])
        for at, month in enumerate(months):
            row = [line[at] for line in lines.values()]
            table.writerow([month, *("" if one is None else f"{one:.4f}" for one in row)])


def _across(at: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * at / max(1, count - 1)


def _up(figure: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * figure / top
