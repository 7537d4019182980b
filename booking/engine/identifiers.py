"""Identifiers that people type in: read into one form, or refused with the mend."""

import re
from typing import Final
from zoneinfo import ZoneInfo

from booking.engine.violations import Violation

_ORCID: Final = re.compile(r"(?:HTTPS?://ORCID\.ORG/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII)
_ROR: Final = re.compile(r"(?:(?:https?://)?ror\.org/)?(0[0-9a-hjkmnp-tv-z]{6}[0-9]{2})", re.ASCII)
_ROR_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,6})?", re.ASCII)


def read_orcid(text: str) -> str | Violation:
    """Return the ORCID iD as `0000-0002-1825-0097`; an empty text stays empty.

    Source: the check character is ISO 7064 MOD 11-2.
    """
    if not text.strip():
        return ""
    found = _ORCID.fullmatch(text.strip().upper())
    if found is None:
        return _refusal("orcid", "Write the ORCID iD as in 0000-0002-1825-0097.")
    *digits, check = list(found[1].replace("-", ""))
    total = 0
    for each in digits:
        total = (total + int(each)) * 2
    expected = (12 - total % 11) % 11
    if check != ("X" if expected == 10 else str(expected)):  # noqa: PLR2004 - ten is written X
        return _refusal("orcid", "A digit of this ORCID iD is wrong; compare it with your record.")
    return found[1]


def read_ror(text: str) -> str | Violation:
    """Return the ROR id as `https://ror.org/05dxps055`.

    Source: two check digits, ISO 7064 MOD 97-10 of the seven characters before them.
    """
    found = _ROR.fullmatch(text.strip().lower())
    if found is None:
        return _refusal("ror_id", "Write the ROR id as in https://ror.org/05dxps055.")
    number = 0
    for each in found[1][:7]:
        number = number * len(_ROR_DIGITS) + _ROR_DIGITS.index(each)
    if 98 - number * 100 % 97 != int(found[1][7:]):
        return _refusal("ror_id", "A character of this ROR id is wrong; look it up on ror.org.")
    return f"https://ror.org/{found[1]}"


def read_country(text: str) -> str | Violation:
    """Return the country's two letters (ISO 3166-1) in capitals."""
    code = text.strip().upper()
    if _COUNTRY.fullmatch(code):
        return code
    return _refusal("country", "Write the country as two letters (ISO 3166-1), such as KE.")


def read_zone(text: str) -> str | Violation:
    """Return the name of a time zone of the IANA database."""
    zone = text.strip()
    try:
        return ZoneInfo(zone).key
    except (KeyError, ValueError, OSError):
        return _refusal("zone", "Write a time zone of the IANA database, such as Africa/Nairobi.")


def read_locale(text: str) -> str | Violation:
    """Return the language, as a BCP 47 tag of at most two parts."""
    if _LOCALE.fullmatch(text.strip()):
        return text.strip()
    return _refusal("locale", "Write a language tag, such as en, fr or pt-BR.")


def _refusal(code: str, reason: str) -> Violation:
    return Violation(code, reason, f"/{code}")
