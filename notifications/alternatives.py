"""The other times that a message names to somebody whose booking had to give way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifications.wording import same_clock, span_words


def other_time_rows(said: Mapping[str, Any], zone: str) -> list[tuple[str, str]]:
    """Word the times that an event wrote down, by the facility's clock and the reader's.

    The one that is kept for the reader stands first. No rows where the event names none.
    """
    offered = said.get("offered")
    rows = []
    if offered:
        kept = f"{_worded(offered, zone)}. Another message lets you accept or decline it."
        rows.append(("Kept for you", kept))
    others = [each for each in said.get("alternatives", ()) if each != offered]
    name = "Also free" if offered else "Free instead"
    return [*rows, *((name, _worded(each, zone)) for each in others)]


def _worded(time: Mapping[str, str], zone: str) -> str:
    start, end = (datetime.fromisoformat(time[name]) for name in ("starts_at", "ends_at"))
    there = f"{time['resource_name']}, {time['facility_name']}: "
    words = there + span_words(start, end, time["zone"])
    if same_clock(start, end, time["zone"], zone):
        return words
    return f"{words}; your time: {span_words(start, end, zone)}"
