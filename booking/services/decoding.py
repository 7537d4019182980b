"""Bytes of a file to text, whichever of the usual encodings they are in."""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from booking.engine.violations import Violation
from booking.errors import Malformed

LARGEST_FILE: Final = 20 * 1024 * 1024
SLIPS_PER_SIGN: Final = 10
LONGEST_LOOK: Final = 200_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON: Final = frozenset("éèêëàâäáãåæçñíîïìóôöòõøúûüùßœÉÖÄÜÅØ")
_SIGNS: Final = frozenset("°µ®©™£€±²³·…•§\N{MULTIPLICATION SIGN}")
APOSTROPHES: Final = "\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
QUOTES: Final = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
DASHES: Final = "\N{EN DASH}\N{EM DASH}"
_ENDINGS: Final = re.compile(r"(s|t|re|ll|ve|d|m)\b", re.IGNORECASE)
_ARTICLES: Final = re.compile(r"\b(l|d|j|n|m|qu|s|o)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, and the encoding that it was in."""

    text: str
    encoding: str


def decode(content: bytes) -> Decoded:
    """Decode UTF-8 or, where it is not, the likelier of Mac Roman and Windows-1252.

    Raises: Malformed for an empty file or one above 20 MB.
    """
    _refuse_size(content)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Decoded(content.decode(encoding, errors="replace"), encoding)
    text = content.decode(errors="replace")
    if _is_utf8(text):
        return Decoded(text, "utf-8")
    encoding = _likelier(content)
    return Decoded(content.decode(encoding, errors="replace"), encoding)


def _refuse_size(content: bytes) -> None:
    reason = ""
    if not content:
        reason = "The file is empty: choose another one."
    if len(content) > LARGEST_FILE:
        size = LARGEST_FILE // 1024 // 1024
        reason = f"The file is larger than {size} MB: cut it into several files."
    if reason:
        raise Malformed(reason, [Violation("file_size", reason, "/file")])


def _is_utf8(text: str) -> bool:
    """Say whether what could not be read is nothing, or a slip in much that could."""
    faults = text.count("\N{REPLACEMENT CHARACTER}")
    beyond_ascii = len(re.findall(r"[^\x00-\x7f]", text)) if faults else 0
    return beyond_ascii >= SLIPS_PER_SIGN * faults


def _likelier(content: bytes) -> str:
    """Choose the encoding whose reading looks more like words; a tie is counted by letters."""
    look = content[:LONGEST_LOOK]
    mac = _sense(look.decode("mac_roman"))
    windows = _sense(look.decode("cp1252", errors="replace"))
    if mac != windows:
        return "mac_roman" if mac > windows else "cp1252"
    guess = from_bytes(look, cp_isolation=["mac_roman", "cp1252"]).best()
    return guess.encoding if guess is not None else "cp1252"


def _sense(text: str) -> int:
    """Count how much sense the characters beyond ASCII make where they stand."""
    return sum(_sense_at(text, found.start()) for found in re.finditer(r"[^\x00-\x7f]", text))


def _sense_at(text: str, at: int) -> int:
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if sign in APOSTROPHES:
        return _sense_of_apostrophe(text, at)
    if sign in QUOTES + DASHES:
        return _sense_of_mark(sign, before, after)
    if sign.isalpha():
        return _sense_of_letter(sign, before, after)
    return 1 if sign in _SIGNS else -2


def _sense_of_apostrophe(text: str, at: int) -> int:
    if not text[at - 1 : at].isalpha() or not text[at + 1 : at + 2].isalpha():
        return 1
    said = _ENDINGS.match(text, at + 1) or _ARTICLES.search(text[max(at - 3, 0) : at])
    return 3 if said else -1


def _sense_of_mark(sign: str, before: str, after: str) -> int:
    if sign in DASHES:
        return 2 if before.isspace() or before.isdigit() else 0
    opens = sign == QUOTES[0]
    inner, outer = (after, before) if opens else (before, after)
    return 3 if inner.isalnum() and not outer.isalnum() else -1


def _sense_of_letter(sign: str, before: str, after: str) -> int:
    alone = not before.isalpha() and not after.isalpha()
    if alone or sign in "ªº":
        return -1
    if sign.isupper() and before.islower():
        return -2
    return 2 if sign in _COMMON else 0
