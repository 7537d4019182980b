"""The equity report: who got what share, drawn and in tables, with what each figure means."""

from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session

from api.pages.fields import Address, Typed, errors_of
from api.pages.plots import WIDTH, Bar, bar_plot
from api.pages.visit import Visiting, show
from booking.engine.equity_words import DEFINITIONS, SUPPRESSION
from booking.queries import catalogue
from booking.queries.reports import EquityReport, GroupLine, equity_report
from booking.queries.rounds import facility_named

router = APIRouter()
MOST_FACILITIES: Final = 200
PERCENT: Final = 100
NARROW: Final = 240
LONGEST_LABEL: Final = 22
TOO_FEW: Final = "too few to show"
TOLD: Final = (
    ("Evenness (Jain)", "jain", "{:.2f}"),
    ("Unevenness (Gini)", "gini", "{:.2f}"),
    ("Price of fairness", "price_of_fairness", ""),
    ("Utilisation", "utilisation", ""),
    ("Largest organisation", "largest_share", ""),
    ("Concentration (Herfindahl)", "herfindahl", "{:.3f}"),
)


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
        means=DEFINITIONS,
        suppression=SUPPRESSION,
        query=urlencode({key: address[key] for key in ("facility", "from", "to") if address[key]}),
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


def _plots(report: EquityReport) -> dict[str, Any]:
    """Draw what groups got, were reserved, asked for and waited, and how that went over time."""
    groups = report.groups
    shares = [_share_bar(each.name, each) for each in groups]
    members = [
        Bar(
            each.name,
            each.member_share,
            _words(each.member_share, f", asked for {_percent(each.asked_share)}"),
            target=each.asked_share,
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
    everyone = report.common.median_waiting_days
    waits.append(Bar("Everyone", everyone, _days(everyone)))
    return {
        "share": _drawn("share", "Share of allocated hours by group", shares, _widest(shares)),
        "members": _drawn("members", "Hours held against hours asked for", members, 1.0),
        "attained": _drawn("attained", "Reserved hours used, by group", attained, 1.0),
        "waiting": _drawn("waiting", "Days from sending to decision", waits, _widest(waits)),
        "over_time": _over_time(report),
    }


def _over_time(report: EquityReport) -> list[tuple[str, Markup]]:
    """Draw each group's share round by round, all on one scale."""
    lines = [
        [
            Bar(_short(each.name), line.share, _words(line.share), target=line.target_share)
            for each in report.rounds
            for line in (each.groups[at],)
        ]
        for at in range(len(report.groups))
    ]
    most = _widest([bar for bars in lines for bar in bars])
    return [
        (
            group.name,
            _drawn(f"time-{group.key}", f"{group.name}, round by round", bars, most, NARROW),
        )
        for group, bars in zip(report.groups, lines, strict=True)
    ]


def _short(name: str) -> str:
    """Cut a name to what fits beside a figure; the table beside the plot has it whole."""
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1].rstrip()}…"


def _share_bar(label: str, group: GroupLine) -> Bar:
    words = _words(group.share, f", target {_percent(group.target_share)}")
    return Bar(label, group.share, words, target=group.target_share)


def _drawn(key: str, title: str, bars: list[Bar], most: float, width: int = WIDTH) -> Markup:
    summary = "; ".join(f"{each.label}: {each.words}" for each in bars)
    return bar_plot(f"plot-{key}", title, summary, bars, most=most, width=width)


def _widest(bars: list[Bar]) -> float:
    """Leave the longest bar or target a little room."""
    longest = max((max(each.value or 0.0, each.target or 0.0) for each in bars), default=0.0)
    return longest * 1.1 or 1.0


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value * PERCENT:.1f} %"


def _words(value: float | None, more: str = "") -> str:
    return TOO_FEW if value is None else _percent(value) + more


def _days(value: float | None) -> str:
    return TOO_FEW if value is None else f"{value:.1f} days"


def _figures(report: EquityReport) -> tuple[tuple[str, str, Markup, str], ...]:
    """Give each figure of everyone: its name, in words, drawn, and what it means."""
    return tuple(
        (name, words, _bar(key, name, value, words), DEFINITIONS[key])
        for name, key, form in TOLD
        for value in (getattr(report.common, key),)
        for words in (_told(value, form),)
    )


def _told(value: float | None, form: str) -> str:
    if value is None:
        return TOO_FEW
    return form.format(value) if form else _percent(value)


def _bar(key: str, name: str, value: float | None, words: str) -> Markup:
    return bar_plot(f"plot-{key}", name, f"{name}: {words}", [Bar("", value, words)], width=NARROW)
