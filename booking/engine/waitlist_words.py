"""Why it was somebody's turn, in numbers and in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from booking.engine.waitlist import Waiter, neediest

THOUSAND: Final = 1000
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """An entry's place in line, with what decided it; `of` is how many wait for that time.

    `week_on` is the Monday of the week it is about.
    """

    waiter: Waiter
    place: int
    of: int
    week_on: date


def as_standing(place: Place) -> dict[str, Any]:
    """Write a place down as JSON values: credits as numbers, the fair-share factor as 0 to 1."""
    waiter = place.waiter
    lowest = neediest(waiter.groups)
    return {
        "place": place.place,
        "of": place.of,
        "week_on": place.week_on.isoformat(),
        "group": None
        if lowest is None
        else {
            "key": lowest.group,
            "name": lowest.name or lowest.group,
            "credited_credits": lowest.credited / THOUSAND,
            "reserved_credits": lowest.reserved / THOUSAND,
        },
        "fair_share": waiter.fair_share_millionths / MILLION,
        "entered_at": waiter.entered_at.isoformat(),
    }


def standing_words(standing: Mapping[str, Any]) -> tuple[str, ...]:
    """Word a place that was written down, a sentence for each number; empty for none."""
    if not standing:
        return ()
    return (_place(standing), _group(standing), _fair_share(standing), _since(standing))


def _place(standing: Mapping[str, Any]) -> str:
    of = standing["of"]
    if of == 1:
        return "Nobody else was waiting for this time."
    return f"You were number {standing['place']} of {of} who wait for this time."


def _group(standing: Mapping[str, Any]) -> str:
    group = standing["group"]
    if group is None:
        return "No reserved hours of a group of yours were left to fill that week."
    week = date.fromisoformat(standing["week_on"])
    return (
        f"Your group {group['name']} has {_hours(group['credited_credits'])} of its "
        f"{_hours(group['reserved_credits'])} reserved hours in the week of {_day(week)}; "
        "the group furthest from its share comes first."
    )


def _fair_share(standing: Mapping[str, Any]) -> str:
    return (
        f"Your organisation's fair-share factor is {standing['fair_share']:.2f}: 1 without recent "
        "use, less the more it used lately; the higher comes first."
    )


def _since(standing: Mapping[str, Any]) -> str:
    entered = datetime.fromisoformat(standing["entered_at"])
    return f"You have waited since {_day(entered.date())}; then the longest wait comes first."


def _hours(amount: float) -> str:
    return f"{amount:,.1f}".rstrip("0").rstrip(".")


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
