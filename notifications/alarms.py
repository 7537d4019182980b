"""The alarm of one person's copy of a booking, beside the text that is kept for all."""

from typing import Final

END: Final = "END:VEVENT\r\n"
SUMMARY: Final = "\r\nSUMMARY:"
LONGEST_LINE: Final = 75
_CONTINUES: Final = 0b1000_0000


def with_alarm(vevent: str, minutes: int | None) -> str:
    """Return a kept VEVENT with one DISPLAY alarm so many minutes before its start.

    Unchanged for None, and where the event is cancelled. Thousands are done for one feed.
    """
    if minutes is None or "\r\nSTATUS:CANCELLED\r\n" in vevent:
        return vevent
    before = f"-PT{minutes}M" if minutes else "PT0M"
    described = _folded(f"DESCRIPTION:{_summary(vevent)}")
    alarm = f"BEGIN:VALARM\r\nACTION:DISPLAY\r\n{described}TRIGGER:{before}\r\nEND:VALARM\r\n"
    return vevent.removesuffix(END) + alarm + END


def _summary(vevent: str) -> str:
    """Return the event's SUMMARY as it is written, unfolded; empty where it has none."""
    _, _, rest = vevent.partition(SUMMARY)
    value, _, _ = rest.replace("\r\n ", "").partition("\r\n")
    return value


def _folded(line: str) -> str:
    """Fold a line at 75 octets, never within a character."""
    octets = line.encode()
    if len(octets) <= LONGEST_LINE:
        return f"{line}\r\n"
    parts, start, room = [], 0, LONGEST_LINE
    while start < len(octets):
        end = min(start + room, len(octets))
        while end < len(octets) and octets[end] & 0b1100_0000 == _CONTINUES:
            end -= 1
        parts.append(octets[start:end])
        # The blank that begins a continued line is one of its octets.
        start, room = end, LONGEST_LINE - 1
    return b"\r\n ".join(parts).decode() + "\r\n"
