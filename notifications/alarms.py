"""The alarm of one person's copy of a booking, beside the text that is kept for all."""

import re
from typing import Final

from icalendar import vText
from icalendar.parser import Contentline

END: Final = "END:VEVENT\r\n"
_ESCAPED: Final = re.compile(r"\\(.)")


def with_alarm(vevent: str, minutes: int | None) -> str:
    """Return a kept VEVENT with one DISPLAY alarm so many minutes before its start.

    Unchanged for None, and where the event is cancelled.
    """
    if minutes is None or "\r\nSTATUS:CANCELLED\r\n" in vevent:
        return vevent
    before = f"-PT{minutes}M" if minutes else "PT0M"
    alarm = (
        "BEGIN:VALARM\r\n"
        "ACTION:DISPLAY\r\n"
        f"{_described(_summary(vevent))}"
        f"TRIGGER:{before}\r\n"
        "END:VALARM\r\n"
    )
    return vevent.removesuffix(END) + alarm + END


def _summary(vevent: str) -> str:
    """Return the event's SUMMARY as it is written, unfolded."""
    for line in vevent.replace("\r\n ", "").split("\r\n"):
        if line.startswith("SUMMARY:"):
            return line.removeprefix("SUMMARY:")
    return ""


def _described(summary: str) -> str:
    words = vText(_ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], summary))
    line = Contentline.from_parts("DESCRIPTION", words.params, words)
    return bytes(line.to_ical()).decode() + "\r\n"
