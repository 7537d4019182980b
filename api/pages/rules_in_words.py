"""The rules of a resource, its hours and its prices, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.pages.wording import duration
from booking.engine.lifecycle import BookingMode
from booking.engine.vocabulary import AccessBy
from booking.engine.wording import counted
from booking.queries.catalogue import ResourceFacts

DAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
MODES: Final[Mapping[BookingMode, str]] = {
    BookingMode.INSTANT: "A booking is confirmed at once.",
    BookingMode.APPROVAL: "The facility answers each booking; the time is held for you meanwhile.",
    BookingMode.ROUND_ONLY: "Time is shared out in rounds only; hand in an access request.",
}
ACCESS: Final[Mapping[AccessBy, str]] = {
    AccessBy.PHYSICAL: "on site",
    AccessBy.REMOTE: "remote",
    AccessBy.VIRTUAL: "over the network",
}
_HOUR, _DAY = 60, 1440
LENGTHS: Final = (
    *(5, 10, 15, 30, 45),
    *(_HOUR * hours for hours in (1, 2, 3, 4, 5, 6, 8, 10, 12)),
    90,
    *(_DAY * days for days in (1, 2, 3, 5, 7, 14, 28)),
)
MOST_LENGTHS: Final = 24


def rules_of(found: ResourceFacts) -> list[str]:
    """Say each rule of booking that somebody has to keep."""
    return [
        MODES[found.mode],
        f"Start and end go in steps of {duration(found.grid_minutes)}.",
        *_length(found),
        *_ahead(found),
        *_buffers(found),
        _cancel_by(found),
        *_at_a_time(found),
        *_lapsing(found),
        *(
            ["You need an introduction by the facility before your first booking."]
            if found.qualification_needed
            else []
        ),
    ]


def _length(found: ResourceFacts) -> list[str]:
    shortest, longest = found.minimum_minutes, found.maximum_minutes
    if shortest and longest:
        return [f"One booking lasts from {duration(shortest)} to {duration(longest)}."]
    if shortest:
        return [f"One booking lasts at least {duration(shortest)}."]
    return [f"One booking lasts at most {duration(longest)}."] if longest else []


def _ahead(found: ResourceFacts) -> list[str]:
    lead = found.lead_minutes
    first = f"Book at least {duration(lead)} ahead" if lead else "Book up to the last minute"
    return [f"{first}, and at most {duration(found.horizon_days * 1440)} ahead."]


def _at_a_time(found: ResourceFacts) -> list[str]:
    project, organisation = found.concurrent_per_project, found.concurrent_per_organisation
    said = []
    if project:
        said.append(f"A project has at most {counted(project, 'booking')} to come at a time.")
    if organisation:
        said.append(
            "All projects of an organisation together have at most "
            f"{counted(organisation, 'booking')} to come at a time."
        )
    return said


def _lapsing(found: ResourceFacts) -> list[str]:
    said = []
    if found.mode is BookingMode.APPROVAL:
        within = (
            f"within {counted(found.approval_days, 'day')}, and " if found.approval_days else ""
        )
        said.append(f"A booking that is not answered {within}before its start lapses.")
    if found.no_show_grace_minutes is not None:
        grace = found.no_show_grace_minutes
        after = f"{duration(grace)} after the start" if grace else "the start"
        said.append(f"Check in by {after}, or the booking counts as missed.")
    return said


def _buffers(found: ResourceFacts) -> list[str]:
    before, after = found.buffer_before_minutes, found.buffer_after_minutes
    parts = [f"{duration(before)} before"] * bool(before) + [f"{duration(after)} after"] * bool(
        after
    )
    if not parts:
        return []
    return [f"{' and '.join(parts)} each booking are kept free to set up and clean."]


def _cancel_by(found: ResourceFacts) -> str:
    if not found.cancel_by_minutes:
        return "Move or cancel until it starts."
    return f"Move or cancel until {duration(found.cancel_by_minutes)} before it starts."


def hours_in_words(hours: Iterable[Any]) -> list[tuple[str, str]]:
    """Say weekly hours, days of the same hours together: `Monday to Friday`, `09:00 to 17:00`.

    None at all is always open.
    """
    by_day: dict[int, list[str]] = {}
    for each in sorted(hours, key=lambda each: (each.weekday, each.opens)):
        by_day.setdefault(each.weekday, []).append(_window(each))
    if not by_day:
        return [("Every day", "all day")]
    words = [", ".join(by_day.get(day, ["closed"])) for day in range(len(DAYS))]
    return [(_days(run), words[run[0]]) for run in _runs(words)]


def _window(each: Any) -> str:
    closes = f"{each.closes:%H:%M}"
    if f"{each.opens:%H:%M}" == closes == "00:00":
        return "all day"
    later = "" if each.closes > each.opens or closes == "00:00" else " the next day"
    return f"{each.opens:%H:%M} to {'24:00' if closes == '00:00' else closes}{later}"


def _runs(words: Sequence[str]) -> list[list[int]]:
    runs: list[list[int]] = []
    for day, said in enumerate(words):
        if runs and words[runs[-1][-1]] == said:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _days(run: Sequence[int]) -> str:
    first, last = DAYS[run[0]], DAYS[run[-1]]
    if len(run) == len(DAYS):
        return "Every day"
    return first if first == last else f"{first} to {last}"


def prices_of(found: ResourceFacts) -> list[tuple[str, str]]:
    """Say what time costs: for whom, and how much."""
    return [_price(each) for each in found.rates]


def _price(rate: Mapping[str, Any]) -> tuple[str, str]:
    amounts = {"per_hour": "an hour", "per_day": "a day", "per_booking": "a booking"}
    whom = str(rate.get("for", "everybody"))
    known = [
        f"{rate[key]} {rate.get('currency', '')}".strip() + f" {words}"
        for key, words in amounts.items()
        if key in rate
    ]
    other = [
        f"{key.replace('_', ' ')}: {value}"
        for key, value in rate.items()
        if key not in {"for", "currency", *amounts}
    ]
    return whom, "; ".join(known + other)


def credits_in_words(found: ResourceFacts) -> str:
    """Say how many credits an hour of one unit counts against caps and allocations."""
    rate = f"{found.rate_thousandths / 1000:g}"
    unit = "" if found.capacity == 1 else f" of one {found.unit_label}"
    return f"{rate} {'credit' if rate == '1' else 'credits'} an hour{unit}"


def lengths_of(found: ResourceFacts, *also: int | None) -> list[tuple[int, str]]:
    """List lengths of booking to choose from, within the limits and on the grid."""
    grid = found.grid_minutes
    least, most = found.minimum_minutes or grid, found.maximum_minutes or max(LENGTHS)
    ends = {-(-least // grid) * grid, most // grid * grid}
    wanted = {each for each in LENGTHS if not each % grid and least <= each <= most}
    fitting = sorted(each for each in wanted | ends if least <= each <= most)
    chosen = {*fitting[:MOST_LENGTHS], *(each for each in also if each)}
    return [(each, duration(each)) for each in sorted(chosen)]
