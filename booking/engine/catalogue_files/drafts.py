"""What every reader of a catalogue file gives: a draft of a resource a row, or a reason."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from booking.engine.opening import WeeklyHours

LONGEST_ROW: Final = 1_000_000
FIRST_PRINTABLE: Final = 32
_BLANKS: Final = dict.fromkeys((*range(FIRST_PRINTABLE), 127), " ")


@dataclass(frozen=True, slots=True)
class ResourceDraft:
    """One row as the resource it describes.

    `row` counts from 1 as a person sees it; `source` and `key` name the same thing in
    every import. `values` are columns of the resource. `imported` is the row as it came,
    None where `values` hold all of it. `state` and `hours` are None where the file says
    nothing of them.
    """

    row: int
    source: str
    key: str
    values: Mapping[str, Any]
    imported: Mapping[str, Any] | None = None
    state: str | None = None
    hours: tuple[WeeklyHours, ...] | None = None

    @property
    def name(self) -> str:
        """The name of the resource."""
        return str(self.values["name"])


@dataclass(frozen=True, slots=True)
class RowRefused:
    """One row that cannot become a resource, and why."""

    row: int
    reason: str
    name: str = ""


Row = ResourceDraft | RowRefused


class FileUnreadable(ValueError):  # noqa: N818 - an answer about the whole file
    """The file as a whole is not of the format; the text says how to mend it."""


def one_line(text: str, longest: int) -> str:
    """Give the text on one line, without control characters, cut at `longest`."""
    return " ".join(text.translate(_BLANKS).split())[:longest].rstrip()


def plain(text: str, longest: int) -> str:
    """Give the text without control characters other than line ends, cut at `longest`."""
    kept = {code: blank for code, blank in _BLANKS.items() if chr(code) not in "\n\r\t"}
    return text.translate(kept).strip()[:longest].rstrip()


def web_address(text: str) -> str:
    """Give the text as a web address; empty where it is none."""
    address = one_line(text, 2000)
    if address.lower().startswith("www."):
        address = f"https://{address}"
    starts = address.lower().startswith(("http://", "https://"))
    usable = starts and not any(each in address for each in " \"'<>")
    return address if usable and not address.endswith("://") else ""


def unstorable(thing: object) -> str | None:
    """Say why no database takes a JSON value; None where each does."""
    try:
        text = json.dumps(thing, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except ValueError:
        return "It holds half a character or a number without end: write it anew."
    if "\\u0000" in text:
        return "It holds a NUL character: take it out."
    if size > LONGEST_ROW:
        return f"It is larger than {LONGEST_ROW:,} bytes: shorten it, or look for an open quote."
    return None


def once_each(rows: list[Row]) -> list[Row]:
    """Refuse each draft that names the same thing as an earlier one."""
    first: dict[tuple[str, str], int] = {}
    kept: list[Row] = []
    for each in rows:
        if isinstance(each, RowRefused):
            kept.append(each)
            continue
        earlier = first.setdefault((each.source, each.key), each.row)
        kept.append(each if earlier == each.row else _repeated(each, earlier))
    return kept


def _repeated(draft: ResourceDraft, earlier: int) -> RowRefused:
    reason = (
        f"It repeats row {earlier}, which was taken. If it is another item, "
        "give each of them an ID of its own."
    )
    return RowRefused(draft.row, reason, draft.name)
