"""What the fields of facilities and resources may hold, whichever way they come in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.engine.lifecycle import BookingMode
from booking.engine.violations import Violation
from booking.engine.vocabulary import AccessBy

MOST_UNITS: Final = 1_000_000
MINUTES_A_DAY: Final = 1440
MINUTES_A_YEAR: Final = 366 * MINUTES_A_DAY
MOST_DAYS: Final = 3660
LONGEST_PROSE: Final = 100_000
MOST_LISTED: Final = 200
FIRST_PRINTABLE: Final = 32

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_MAIL_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")


class CatalogueCode(StrEnum):
    """Why an entry of the catalogue is refused; part of the API, never renamed."""

    FIELD_UNKNOWN = "field_unknown"
    FIELD_INVALID = "field_invalid"
    MINIMUM_ABOVE_MAXIMUM = "minimum_above_maximum"
    MAXIMUM_BELOW_GRID = "maximum_below_grid"
    PROJECT_ABOVE_ORGANISATION = "project_above_organisation"
    ZONE_UNKNOWN = "zone_unknown"
    COUNTRY_UNKNOWN = "country_unknown"
    REGION_UNKNOWN = "region_unknown"
    LANGUAGE_UNKNOWN = "language_unknown"
    SLUG_MALFORMED = "slug_malformed"
    SLUG_TAKEN = "slug_taken"
    CAPACITY_BELOW_BOOKINGS = "capacity_below_bookings"


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `longest` characters; on one line unless `lines`."""

    longest: int
    needed: bool = False
    lines: bool = False

    def fault(self, value: object) -> str | None:
        """Say what is wrong with the value, as the end of a sentence."""
        if not isinstance(value, str):
            return "is text: write it in quotes"
        if self.needed and not value.strip():
            return "is needed: write at least one character"
        if len(value) > self.longest:
            return f"is too long: write at most {self.longest} characters"
        kept = "\n\r\t" if self.lines else ""
        if any(ord(each) < FIRST_PRINTABLE and each not in kept for each in value):
            return "holds control characters: take them out"
        return None


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text that matches a pattern, or is empty; `wanted` says what it should look like."""

    pattern: re.Pattern[str]
    wanted: str
    longest: int

    def fault(self, value: object) -> str | None:
        """Say what is wrong with the value, as the end of a sentence."""
        if value == "":
            return None
        if not isinstance(value, str) or len(value) > self.longest:
            return f"is text of at most {self.longest} characters"
        return None if self.pattern.fullmatch(value) else f"should be {self.wanted}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`; None where it is optional."""

    least: int
    most: int
    optional: bool = False

    def fault(self, value: object) -> str | None:
        """Say what is wrong with the value, as the end of a sentence."""
        if value is None and self.optional:
            return None
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and self.least <= value <= self.most:  # type: ignore[operator]
            return None
        return f"is a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def fault(self, value: object) -> str | None:
        """Say what is wrong with the value, as the end of a sentence."""
        return None if isinstance(value, bool) else "is true or false"


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a closed list."""

    words: type[StrEnum]

    def fault(self, value: object) -> str | None:
        """Say what is wrong with the value, as the end of a sentence."""
        if isinstance(value, str) and value in list(self.words):
            return None
        return f"is one of: {', '.join(self.words)}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of at most 200 texts, or of objects."""

    of: type[str] | type[dict[str, Any]]

    def fault(self, value: object) -> str | None:
        """Say what is wrong with the value, as the end of a sentence."""
        kind = "texts" if self.of is str else "objects"
        if not isinstance(value, list) or not all(isinstance(each, self.of) for each in value):
            return f"is a list of {kind}"
        return f"has more than {MOST_LISTED} entries" if len(value) > MOST_LISTED else None


Field = Text | Pattern | Whole | Flag | Choice | Listed
_URL: Final = Pattern(_WEB_ADDRESS, "a web address that starts with https:// or http://", 2000)
_MAIL: Final = Pattern(_MAIL_ADDRESS, "one e-mail address, such as bookings@example.org", 254)
_PROSE: Final = Text(LONGEST_PROSE, lines=True)

RESOURCE_FIELDS: Final[Mapping[str, Field]] = {
    "name": Text(300, needed=True),
    "kind": Text(120, needed=True),
    "description": _PROSE,
    "technique": Text(1000),
    "capacity": Whole(1, MOST_UNITS),
    "unit_label": Text(40, needed=True),
    "rate_thousandths": Whole(0, MOST_UNITS * 1000),
    "rates": Listed(dict),
    "grid_minutes": Whole(1, MINUTES_A_DAY),
    "minimum_minutes": Whole(1, MINUTES_A_YEAR, optional=True),
    "maximum_minutes": Whole(1, MINUTES_A_YEAR, optional=True),
    "lead_minutes": Whole(0, MINUTES_A_YEAR),
    "horizon_days": Whole(1, MOST_DAYS),
    "buffer_before_minutes": Whole(0, 7 * MINUTES_A_DAY),
    "buffer_after_minutes": Whole(0, 7 * MINUTES_A_DAY),
    "cancel_by_minutes": Whole(0, MINUTES_A_YEAR, optional=True),
    "concurrent_per_project": Whole(1, MOST_UNITS, optional=True),
    "concurrent_per_organisation": Whole(1, MOST_UNITS, optional=True),
    "no_show_grace_minutes": Whole(0, MINUTES_A_DAY, optional=True),
    "approval_days": Whole(1, MOST_DAYS, optional=True),
    "mode": Choice(BookingMode),
    "access_by": Choice(AccessBy),
    "qualification_needed": Flag(),
    "persistent_identifier": Text(500),
    "manufacturer": Text(300),
    "model": Text(300),
    "measured_variables": Listed(str),
    "location": Text(1000),
    "country": Text(2),
    "contact_name": Text(300),
    "contact_email": Text(254),
    "contact_url": _URL,
    "web_address": _URL,
}

FACILITY_FIELDS: Final[Mapping[str, Field]] = {
    "name": Text(200, needed=True),
    "country": Text(2, needed=True),
    "zone": Text(64, needed=True),
    "description": _PROSE,
    "access_policy": _PROSE,
    "contact_name": Text(300),
    "contact_email": Text(254),
    "contact_url": _URL,
    "mail_from": _MAIL,
    "restricted": Flag(),
    "holiday_region": Text(10),
    "locale": Text(10, needed=True),
}


def field_faults(
    fields: Mapping[str, Field], values: Mapping[str, Any], *, at: str = ""
) -> tuple[Violation, ...]:
    """List what is wrong with each value by itself, in the order given.

    `at` goes before each JSON pointer.
    """
    found = []
    for name, value in values.items():
        pointer = f"{at}/{name}"
        if name not in fields:
            reason = f"{pointer} is no field of ours: take it out, or mend its spelling."
            found.append(Violation(CatalogueCode.FIELD_UNKNOWN, reason, pointer))
        elif fault := fields[name].fault(value):
            found.append(Violation(CatalogueCode.FIELD_INVALID, f"{pointer} {fault}.", pointer))
    return tuple(found)


def length_faults(
    *, grid_minutes: int, minimum_minutes: int | None, maximum_minutes: int | None
) -> tuple[Violation, ...]:
    """List what is wrong with the limits of length together; equal limits are in order."""
    if maximum_minutes is None:
        return ()
    found = []
    if minimum_minutes is not None and minimum_minutes > maximum_minutes:
        reason = (
            f"The shortest booking, {minimum_minutes} minutes, is longer than the longest, "
            f"{maximum_minutes}: lower minimum_minutes or raise maximum_minutes."
        )
        code = CatalogueCode.MINIMUM_ABOVE_MAXIMUM
        found.append(Violation(code, reason, "/minimum_minutes"))
    if maximum_minutes < grid_minutes:
        reason = (
            f"The longest booking, {maximum_minutes} minutes, is shorter than the grid of "
            f"{grid_minutes}: nobody could book. Raise maximum_minutes or lower grid_minutes."
        )
        found.append(Violation(CatalogueCode.MAXIMUM_BELOW_GRID, reason, "/maximum_minutes"))
    return tuple(found)


def concurrency_faults(
    *, per_project: int | None, per_organisation: int | None
) -> tuple[Violation, ...]:
    """List what is wrong with the bookings at a time together; equal limits are in order."""
    if per_project is None or per_organisation is None or per_project <= per_organisation:
        return ()
    reason = (
        f"A project could have {per_project} bookings at a time and all projects of its "
        f"organisation only {per_organisation}: lower concurrent_per_project or raise "
        "concurrent_per_organisation."
    )
    code = CatalogueCode.PROJECT_ABOVE_ORGANISATION
    return (Violation(code, reason, "/concurrent_per_project"),)


def zone_faults(zone: str) -> tuple[Violation, ...]:
    """Require an IANA time zone, such as Africa/Nairobi."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reason = (
            f"{zone!r} is no time zone of the IANA list: write it as Region/City, "
            "such as Africa/Nairobi or Europe/Lisbon."
        )
        return (Violation(CatalogueCode.ZONE_UNKNOWN, reason, "/zone"),)
    return ()


def slug_faults(slug: str) -> tuple[Violation, ...]:
    """Require 1 to 80 lower-case letters, digits and single hyphens between them."""
    if len(slug) <= 80 and _SLUG.fullmatch(slug):  # noqa: PLR2004 - said in the sentence
        return ()
    reason = (
        f"{slug!r} cannot stand in an address: write at most 80 lower-case letters, digits and "
        "single hyphens, such as light-microscopy."
    )
    return (Violation(CatalogueCode.SLUG_MALFORMED, reason, "/slug"),)
