"""Partner and linked enterprises as people write them, one a line, and written back the same.

`Sample Ltd 30 %` is a tie; `Daughter Ltd 60 % of Sample Ltd` is one behind it, and
`Sample University 30 % (university)` an investor that may hold up to half. In the same
brackets stand the side, `owner` or `owned`, and the organisation's id or ROR id. A line such as
`2025: staff 40, turnover 3000000, balance sheet 2000000` has figures of the one above it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from booking.engine.enterprise_ties import folded
from booking.engine.identifiers import read_ror
from booking.engine.ownership import Side

LONGEST_LINE: Final = 500
HOW: Final = (
    "Write one enterprise a line with the percentage held, such as: Sample Ltd 30 %. Below it, "
    "its figures of a year: 2025: staff 40, turnover 3000000, balance sheet 2000000. Leave it "
    "empty to say that there are none."
)
_TIE: Final = re.compile(
    r"(?P<name>.+?)[,;\s]+(?P<percent>\d{1,3})\s*%?"
    r"(?:\s+of\s+(?P<of>.+?))?(?:\s*\((?P<notes>[^()]+)\))?",
    re.ASCII,
)
_YEAR: Final = re.compile(r"(?P<year>\d{4})\s*:\s*(?P<figures>.+)", re.ASCII)
_FIGURE: Final = re.compile(
    r"(?P<what>staff|turnover|balance sheet)\s+(?P<amount>\d[\d\s'.]{0,30})",
    re.ASCII | re.IGNORECASE,
)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NAMES: Final = {
    "staff": "staff",
    "turnover": "turnover_eur",
    "balance sheet": "balance_sheet_eur",
}


def read_related(text: str) -> list[dict[str, Any]] | str:
    """Read the lines into the value that is declared, or say what is wrong with one."""
    top: list[dict[str, Any]] = []
    by_name: dict[str, dict[str, Any]] = {}
    last: dict[str, Any] | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        if len(line) > LONGEST_LINE:
            return f"Write lines of at most {LONGEST_LINE} characters. {HOW}"
        year = _YEAR.fullmatch(line)
        if year is not None:
            read = _figures(year["figures"])
            if read is None or last is None:
                return f"This line cannot be read: {line}. {HOW}"
            last.setdefault("figures", []).append({"year": int(year["year"]), **read})
            continue
        tie = _TIE.fullmatch(line)
        if tie is None:
            return f"This line cannot be read: {line}. {HOW}"
        last = _tie(tie)
        beside = _beside(tie["of"], top, by_name)
        if beside is None:
            return f"Write the line of {tie['of']} before this one: {line}."
        beside.append(last)
        by_name.setdefault(folded(last["name"]), last)
    return top


def _tie(found: re.Match[str]) -> dict[str, Any]:
    tie: dict[str, Any] = {"name": found["name"].strip(), "percent": int(found["percent"])}
    for note in filter(None, map(str.strip, (found["notes"] or "").split(","))):
        tie |= _note(note)
    return tie


def _note(text: str) -> dict[str, str]:
    """Read what stands in brackets: a side, an identifier, else a kind of investor."""
    if folded(text) in set(Side):
        return {"side": folded(text)}
    ror = read_ror(text)
    if isinstance(ror, str):
        return {"organisation": ror}
    if _ID.fullmatch(folded(text)):
        return {"organisation": folded(text)}
    return {"investor": folded(text).replace(" ", "_")}


def _beside(
    owner: str | None, top: list[dict[str, Any]], by_name: Mapping[str, dict[str, Any]]
) -> list[dict[str, Any]] | None:
    """Find the list that an enterprise stands in; None where its owner is not known."""
    if owner is None:
        return top
    found = by_name.get(folded(owner))
    if found is None:
        return None
    related: list[dict[str, Any]] = found.setdefault("related", [])
    return related


def _figures(text: str) -> dict[str, int] | None:
    read: dict[str, int] = {}
    for piece in re.split(r"[,;]", text):
        figure = _FIGURE.fullmatch(piece.strip())
        if figure is None:
            return None
        read[_NAMES[figure["what"].lower()]] = int(re.sub(r"[\s'.]", "", figure["amount"]))
    return read


def related_in_words(value: Sequence[Mapping[str, Any]]) -> str:
    """Write a declared list as `read_related` reads it."""
    return "\n".join(_lines(value, None)) or "none"


def _lines(value: Sequence[Mapping[str, Any]], owner: str | None) -> Iterator[str]:
    for each in value:
        behind = f" of {owner}" if owner else ""
        investor = each.get("investor", "").replace("_", " ")
        notes = ", ".join(filter(None, (investor, each.get("side"), each.get("organisation"))))
        brackets = f" ({notes})" if notes else ""
        yield f"{each['name']} {each['percent']} %{behind}{brackets}"
        for year in each.get("figures", ()):
            parts = [f"{word} {year[name]}" for word, name in _NAMES.items() if name in year]
            yield f"  {year['year']}: {', '.join(parts)}"
        yield from _lines(each.get("related", []), each["name"])
