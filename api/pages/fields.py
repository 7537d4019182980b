"""What people typed into a form or an address, read field by field with every fault kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from booking.engine.identifiers import read_zone
from booking.engine.violations import Violation
from booking.errors import DomainError, Malformed, RulesBroken

E = TypeVar("E", bound=StrEnum)
LONGEST_LINE: Final = 200
LONGEST_PROSE: Final = 10_000
FIRST_PRINTABLE: Final = 32
SEE_ABOVE: Final = "See above why not."
_WHOLE: Final = re.compile(r"\d{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they were typed; `faults` grows with each one that cannot be read."""

    values: Mapping[str, str]
    faults: list[Violation] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """Return a field as it was typed, empty where it is missing."""
        return self.values.get(name, "")

    def line(self, name: str, *, longest: int = LONGEST_LINE) -> str:
        """Read one line."""
        text = " ".join(self[name].split())
        if len(text) > longest:
            self.fault(name, f"Write at most {longest} characters.")
        return text[:longest]

    def prose(self, name: str) -> str:
        """Read text of several lines."""
        text = self[name].replace("\r\n", "\n").strip()
        if len(text) > LONGEST_PROSE:
            self.fault(name, f"Write at most {LONGEST_PROSE} characters.")
        return text[:LONGEST_PROSE]

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """Read a whole number, None where the field is empty."""
        text = self[name].strip()
        if not text:
            return None
        if _WHOLE.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        self.fault(name, f"Write a whole number from {least} to {most}.")
        return None

    def word(self, name: str, words: type[E]) -> E | None:
        """Read one word of a closed list, None where the field is empty."""
        if not self[name]:
            return None
        try:
            return words(self[name])
        except ValueError:
            self.fault(name, "Choose one of the list.")
            return None

    def key(self, name: str) -> UUID | None:
        """Read what was chosen from a list, None where nothing was."""
        if not self[name]:
            return None
        try:
            return UUID(self[name])
        except ValueError:
            self.fault(name, "Choose one of the list.")
            return None

    def day(self, name: str) -> date | None:
        """Read a date, None where the field is empty."""
        if not self[name].strip():
            return None
        try:
            return date.fromisoformat(self[name].strip())
        except ValueError:
            self.fault(name, "Write a date as year-month-day, such as 2026-12-01.")
            return None

    def zone(self, name: str, *, otherwise: str) -> str:
        """Read a time zone."""
        if not self[name].strip():
            return otherwise
        found = read_zone(self[name])
        if isinstance(found, Violation):
            self.fault(name, found.reason)
            return otherwise
        return found

    def instant(self, name: str, zone: str) -> datetime | None:
        """Read a wall-clock date and time of a zone, None where the field is empty."""
        if not self[name].strip():
            return None
        try:
            wall = datetime.fromisoformat(self[name].strip())
        except ValueError:
            wall = None
        if wall is None or wall.tzinfo is not None:
            self.fault(name, "Write a date and a time, such as 2026-12-01T09:00.")
            return None
        return self._at(name, wall, zone)

    def moment(
        self, day_name: str, time_name: str, zone: str, *, again_name: str = ""
    ) -> datetime | None:
        """Read an instant from a date field and a time field; both are needed.

        Where the clock shows that time twice, the field `again_name` must choose: 0 its first
        showing, 1 its last. Without such a field it is the first.
        """
        day = self.day(day_name)
        if day is None and not self[day_name].strip():
            self.fault(day_name, "Choose a day.")
        try:
            clock = time.fromisoformat(self[time_name].strip())
        except ValueError:
            self.fault(time_name, "Write a time of day, such as 09:00.")
            return None
        if clock.tzinfo is not None:
            self.fault(time_name, "Write a time of day without a zone, such as 09:00.")
            return None
        if day is None:
            return None
        wall = datetime.combine(day, clock).replace(fold=int(self[again_name] == "1"))
        if again_name and self[again_name] not in {"0", "1"} and shown_twice(wall, zone):
            self.fault(again_name, "The clock shows this time twice on that day. Choose which.")
            return None
        return self._at(time_name, wall, zone)

    def needed(self, name: str, mend: str) -> None:
        """Note a fault where the field is empty."""
        if not self[name].strip():
            self.fault(name, mend)

    def fault(self, name: str, reason: str) -> None:
        """Note what is wrong with a field; the first fault of each stands."""
        if not any(each.pointer == f"/{name}" for each in self.faults):
            self.faults.append(Violation("malformed", reason, f"/{name}"))

    @property
    def refusal(self) -> Malformed | None:
        """The refusal that names every field with a fault; None where all could be read."""
        if not self.faults:
            return None
        return Malformed("Please mend the marked fields.", self.faults)

    def _at(self, name: str, wall: datetime, zone: str) -> datetime | None:
        place = ZoneInfo(zone)
        try:
            at = wall.replace(tzinfo=place).astimezone(UTC)
            shown = at.astimezone(place).replace(tzinfo=None)
        except OverflowError:
            self.fault(name, "Choose a year between 1 and 9999.")
            return None
        if shown != wall:
            self.fault(
                name, f"The clocks of {zone} skip {wall:%H:%M} on that day. Choose another time."
            )
        return at


def shown_twice(wall: datetime, zone: str) -> bool:
    """Say whether a zone's clock shows a wall-clock time twice, as when summer time ends."""
    first, last = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    return (first.utcoffset() or timedelta()) > (last.utcoffset() or timedelta())


def errors_of(refused: DomainError | None) -> dict[str, str]:
    """Return the first reason for each field that a refusal points at."""
    found: dict[str, str] = {}
    for each in () if refused is None else refused.violations:
        found.setdefault(each.pointer.strip("/"), each.reason)
    return found


def marks_of(refused: DomainError | None) -> dict[str, str]:
    """Mark the fields of a form that a refusal points at.

    Reasons of rules stand above the form, so that a field only leads there.
    """
    found = errors_of(refused)
    return dict.fromkeys(found, SEE_ABOVE) if isinstance(refused, RulesBroken) else found


def typed(values: Mapping[str, Any]) -> Typed:
    """Keep the texts among `values`, without the control characters no database takes."""
    return Typed(
        {name: _printable(value) for name, value in values.items() if isinstance(value, str)}
    )


def _printable(text: str) -> str:
    return "".join(each for each in text if ord(each) >= FIRST_PRINTABLE or each in "\n\r\t")


async def _form(request: Request) -> Typed:
    return typed(await request.form())


def _address(request: Request) -> Typed:
    return typed(request.query_params)


Form = Annotated[Typed, Depends(_form)]
"""The fields of the form that was sent."""

Address = Annotated[Typed, Depends(_address)]
"""The fields in the address, of a form that is sent by GET."""
