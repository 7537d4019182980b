"""The equity report as one table of figures, for spreadsheets."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from booking.engine.catalogue_files.records import write_table
from booking.engine.equity_words import DEFINITIONS
from booking.queries.reports import EquityReport

HEADER: Final = ("part", "key", "name", "group", "group_name", "figure", "value", "meaning")
HIDDEN: Final = "too few to show"


def equity_csv(report: EquityReport) -> str:
    """Write every figure as a row of its own, with what it means; escaped against formulas."""
    rows = [HEADER, *_part("whole", "", "All that was selected", report)]
    for facility in report.facilities:
        rows += _part("facility", facility.slug, facility.name, facility)
    for found in report.rounds:
        rows.append(_row("round", found.slug, found.name, "", "", "gap", found.gap))
        rows += _part("round", found.slug, found.name, found)
    if report.wish_days is not None:
        rows.append(
            _row("whole", "", "All that was selected", "", "", "wish_days", report.wish_days)
        )
    return write_table(rows)


def _part(part: str, key: str, name: str, found: Any) -> Iterator[tuple[str, ...]]:
    for figure, value in _figures(found.common):
        yield _row(part, key, name, "", "", figure, value)
    for group in found.groups:
        for figure, value in _figures(group):
            yield _row(part, key, name, group.key, group.name, figure, value)


def _figures(line: Any) -> Iterator[tuple[str, Any]]:
    for figure, value in asdict(line).items():
        if figure in DEFINITIONS and (value is not None or line.suppressed):
            yield figure, value


def _row(
    part: str, key: str, name: str, group: str, of: str, figure: str, value: Any
) -> tuple[str, ...]:
    shown = HIDDEN if value is None else str(value)
    return part, key, name, group, of, figure, shown, DEFINITIONS[figure]
