"""The equity report: who got what share, drawn and in tables, with what each figure means."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session

from api.pages.fields import Address, Typed, errors_of
from api.pages.plots import Bar, bar_plot
from api.pages.visit import Visiting, show
from booking.queries import catalogue
from booking.queries.reports import GroupLine, equity_report
from booking.queries.rounds import facility_named

router = APIRouter()
MOST_FACILITIES: Final = 200
PERCENT: Final = 100
NARROW: Final = 240
TOO_FEW: Final = "too few to show"


@router.get("/reports/equity")
def equity(visit: Visiting, address: Address) -> Response:
    """Show the report on published rounds, of one facility or all, in a period."""
    start, end = address.day("from"), address.day("to")
    if start and end and end <= start:
        address.fault("to", "Choose a day after the first one.")
    slug = address["facility"]

    def look(session: Session) -> Any:
        place = facility_named(session, slug) if slug else None
        return equity_report(
            session,
            facility_id=place.id if place else None,
            start=_midnight(start),
            end=_midnight(end),
        )

    report = None if address.faults else visit.read(look)
    places = visit.read(lambda session: catalogue.facilities(session, limit=MOST_FACILITIES)).items
    return show(
        visit,
        "reports/equity.html",
        status=422 if address.faults else 200,
        typed=address,
        errors=errors_of(address.refusal),
        facilities=[(each.slug, each.name) for each in places],
        chosen=next((each.name for each in places if each.slug == slug), ""),
        report=report,
        plots=_plots(report) if report and report.groups else None,
        figures=_figures(report) if report and report.rounds else (),
        period=_period(address),
    )


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _period(address: Typed) -> str:
    first, last = address["from"], address["to"]
    if first and last:
        return f"with access from {first} until before {last}"
    if first:
        return f"with access from {first} on"
    return f"with access before {last}" if last else "of all times"


def _plots(report: Any) -> dict[str, Markup]:
    """Draw the shares, attainment and waiting of the groups."""
    groups: Iterable[GroupLine] = report.groups
    shares = [
        Bar(
            each.name,
            each.share,
            _words(each.share, f", target {_percent(each.target_share)}"),
            target=each.target_share,
        )
        for each in groups
    ]
    attained = [
        Bar(each.name, each.attainment, _words(each.attainment), target=1.0)
        for each in groups
        if each.reserved_credits
    ]
    waits = [
        Bar(each.name, each.median_waiting_days, _days(each.median_waiting_days)) for each in groups
    ]
    waits.append(Bar("Everyone", report.median_waiting_days, _days(report.median_waiting_days)))
    return {
        "share": _drawn("share", "Share of allocated hours by group", shares, _widest(shares)),
        "attained": _drawn("attained", "Reserved hours used, by group", attained, 1.0),
        "waiting": _drawn("waiting", "Days from sending to decision", waits, _widest(waits)),
    }


def _drawn(key: str, title: str, bars: list[Bar], most: float) -> Markup:
    summary = "; ".join(f"{each.label}: {each.words}" for each in bars)
    return bar_plot(f"plot-{key}", title, summary, bars, most=most)


def _widest(bars: list[Bar]) -> float:
    """Leave the longest bar or target a little room."""
    longest = max((max(each.value or 0.0, each.target or 0.0) for each in bars), default=0.0)
    return longest * 1.1 or 1.0


def _percent(value: float) -> str:
    return f"{value * PERCENT:.1f} %"


def _words(value: float | None, more: str = "") -> str:
    return (TOO_FEW if value is None else _percent(value)) + more


def _days(value: float | None) -> str:
    return TOO_FEW if value is None else f"{value:.1f} days"


def _figures(report: Any) -> tuple[tuple[str, str, Markup, str], ...]:
    """Return each overall figure: its name, its value, a bar, and what it means."""
    told = (
        (
            "Jain's index",
            "jain",
            "{:.2f}",
            (
                "How even organisations were served: 1 where all got the same part of what they "
                "asked for, 1/n where one of n got everything."
            ),
        ),
        (
            "Gini coefficient",
            "gini",
            "{:.2f}",
            (
                "How uneven it was: 0 where all got the same part of what they asked for, close to "
                "1 where very few got nearly everything."
            ),
        ),
        (
            "Price of fairness",
            "price_of_fairness",
            "",
            (
                "The part of merit points given up, beside a timetable by merit alone without "
                "reserved hours."
            ),
        ),
        ("Utilisation", "utilisation", "", "Allocated hours of the hours offered."),
    )
    return tuple(
        (name, words, _bar(key, name, getattr(report, key), words), meaning)
        for name, key, form, meaning in told
        for words in (_told(getattr(report, key), form),)
    )


def _told(value: float | None, form: str) -> str:
    if value is None:
        return TOO_FEW
    return form.format(value) if form else _percent(value)


def _bar(key: str, name: str, value: float | None, words: str) -> Markup:
    return bar_plot(f"plot-{key}", name, f"{name}: {words}", [Bar("", value, words)], width=NARROW)
