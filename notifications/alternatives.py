"""The other times that a message names to somebody whose booking had to give way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifications.language import Language
from notifications.wording import both_spans


def other_time_rows(
    said: Mapping[str, Any], zone: str, language: Language
) -> list[tuple[str, str]]:
    """Word the times that an event wrote down, by the facility's clock and the reader's.

    The one that is kept for the reader stands first. No rows where the event names none.
    """
    offered = said.get("offered")
    rows = []
    if offered:
        kept = language.say(
            "{time}. Another message lets you accept or decline it.",
            time=_worded(offered, zone, language),
        )
        rows.append((language.say("Kept for you"), kept))
    others = [each for each in said.get("alternatives", ()) if each != offered]
    name = language.say("Also free") if offered else language.say("Free instead")
    return [*rows, *((name, _worded(each, zone, language)) for each in others)]


def _worded(time: Mapping[str, str], zone: str, language: Language) -> str:
    start, end = (datetime.fromisoformat(time[name]) for name in ("starts_at", "ends_at"))
    when = both_spans(start, end, time["zone"], zone, language)
    return f"{time['resource_name']}, {time['facility_name']}: {when}"
