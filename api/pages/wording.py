"""How pages put times, durations and figures into words."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.pages.prose import prose
from booking.engine.wording import as_text, counted, credits_in_words, length_in_words
from booking.errors import DomainError
from booking.reference.countries import country_name

MINUTES_AN_HOUR: Final = 60
PPM: Final = 1_000_000
THOUSAND: Final = 1000


def local(at: datetime, zone: str) -> str:
    """Say an instant in a zone: `Tue 1 Dec 2026, 09:00`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}"


def span(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Say an interval in a zone, naming the day once where it is one day."""
    first, last = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    if first.date() == last.date():
        return f"{local(starts_at, zone)} to {last:%H:%M}"
    return f"{local(starts_at, zone)} to {local(ends_at, zone)}"


def brief(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Say an interval without its year: `Tue 1 Dec, 09:00 to 10:00`."""
    first, last = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    until = f"{last:%H:%M}" if first.date() == last.date() else _day_and_clock(last)
    return f"{_day_and_clock(first)} to {until}"


def times(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Say an interval without the day of its start: `09:00 to 10:00`."""
    first, last = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    until = f"{last:%H:%M}" if first.date() == last.date() else _day_and_clock(last)
    return f"{first:%H:%M} to {until}"


def _day_and_clock(there_at: datetime) -> str:
    return f"{there_at:%a} {there_at.day} {there_at:%b, %H:%M}"


def clock(at: datetime, zone: str) -> str:
    """Say the wall-clock time of an instant in a zone: `09:00`."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def there(at: datetime, zone: str, form: str) -> str:
    """Write an instant by a zone's clock in the form of `strftime`."""
    return f"{at.astimezone(ZoneInfo(zone)):{form}}"


def as_wish(at: datetime, zone: str) -> str:
    """Write an instant as a link to the booking form does, by the facility's clock."""
    local_at = at.astimezone(ZoneInfo(zone))
    again = "&again=1" if local_at.fold else ""
    return f"day={local_at:%Y-%m-%d}&start={local_at:%H:%M}{again}"


def day(on: date) -> str:
    """Say a date: `1 December 2026`."""
    return f"{on.day} {on:%B %Y}"


def instant(text: str) -> datetime:
    """Read an instant as refusals offer it beside their reasons."""
    return datetime.fromisoformat(text)


def duration(minutes: int | None) -> str:
    """Say a number of minutes: `45 min`, `2 h 30 min`, `3 days`."""
    return "no limit" if minutes is None else length_in_words(minutes)


def other_reasons(refused: DomainError) -> list[str]:
    """List the reasons that the message of a refusal does not say, each once, in order."""
    reasons = dict.fromkeys(each.reason for each in refused.violations)
    return [each for each in reasons if not refused.message.startswith(each)]


def percent(ppm: int | None) -> str:
    """Say parts per million as a percentage: `12.5 %`."""
    return "none" if ppm is None else f"{ppm * 100 / PPM:.4g} %"


def figure(value: float, places: int = 0) -> str:
    """Say a number with thin groups of thousands: `12 345.6`."""
    return f"{value:,.{places}f}".replace(",", "\u202f")


def credits_(amount: float) -> str:
    """Say an amount of credits: `1 credit`, `12.5 credits`."""
    said = credit_figure(amount)
    return f"{said} credit" if said == "1" else f"{said} credits"


def credit_figure(amount: float) -> str:
    """Say a number of credits as refusals do: `12.5`."""
    return credits_in_words(round(amount * THOUSAND))


def clocks_differ(at: datetime, zone: str, other: str) -> bool:
    """Say whether two zones show different clocks at an instant."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


def plain_zone(zone: str) -> str:
    """Say whose clock a zone is: `Nairobi time`, `UTC`."""
    return zone if "/" not in zone else f"{zone.rpartition('/')[2].replace('_', ' ')} time"


def hours_asked(sessions: Iterable[Any]) -> float:
    """Add up the hours of the sessions of a request, units counted."""
    minutes: int = sum(each.minutes * each.quantity for each in sessions)
    return minutes / MINUTES_AN_HOUR


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "local": local,
    "span": span,
    "brief": brief,
    "times": times,
    "clock": clock,
    "there": there,
    "as_wish": as_wish,
    "day": day,
    "instant": instant,
    "machine": as_text,
    "duration": duration,
    "percent": percent,
    "counted": counted,
    "credits": credits_,
    "credit_figure": credit_figure,
    "figure": figure,
    "hours_asked": hours_asked,
    "plain_zone": plain_zone,
    "clocks_differ": clocks_differ,
    "prose": prose,
    "other_reasons": other_reasons,
    "country": country_name,
}
