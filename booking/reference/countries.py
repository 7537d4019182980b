"""Countries by code and name, and their dated standing in published schemes.

A fact holds from `valid_from` up to, not including, `valid_to`. The schemes:

- `un_ldc`, `un_lldc`, `un_sids`: least developed, landlocked developing, small island
  developing; the value is `member`, and a country outside has no fact.
- `wb_income`: `low`, `lower_middle`, `upper_middle`, `high` or `not_classified`.

A source that says "unverified" is to be checked against its publisher before it decides
anything that cannot be undone.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

LIST_VERSION: Final = "2026-11"

SCHEMES: Final[Mapping[str, str]] = {
    "un_ldc": "least developed countries (UN)",
    "un_lldc": "landlocked developing countries (UN)",
    "un_sids": "small island developing states (UN)",
    "wb_income": "income group (World Bank)",
}

INCOME_GROUPS: Final = ("low", "lower_middle", "upper_middle", "high", "not_classified")

# Other spellings in use, as `_folded` leaves them; short names and codes need no row.
_ALIASES: Final[Mapping[str, str]] = {
    "america": "US",
    "bolivia plurinational state of": "BO",
    "bosnia": "BA",
    "bosnia herzegovina": "BA",
    "brasil": "BR",
    "britain": "GB",
    "brunei": "BN",
    "burma": "MM",
    "cape verde": "CV",
    "congo brazzaville": "CG",
    "congo democratic republic of the": "CD",
    "congo kinshasa": "CD",
    "congo republic of the": "CG",
    "cote divoire": "CI",
    "czech republic": "CZ",
    "democratic peoples republic of korea": "KP",
    "democratic republic of congo": "CD",
    "democratic republic of the congo": "CD",
    "deutschland": "DE",
    "drc": "CD",
    "east timor": "TL",
    "england": "GB",
    "espana": "ES",
    "federated states of micronesia": "FM",
    "great britain": "GB",
    "holland": "NL",
    "hong kong sar": "HK",
    "iran islamic republic of": "IR",
    "islamic republic of iran": "IR",
    "italia": "IT",
    "ivory coast": "CI",
    "korea": "KR",
    "korea republic of": "KR",
    "kyrgyz republic": "KG",
    "lao": "LA",
    "lao peoples democratic republic": "LA",
    "laos": "LA",
    "macau": "MO",
    "macedonia": "MK",
    "micronesia federated states of": "FM",
    "moldova republic of": "MD",
    "northern ireland": "GB",
    "palestine state of": "PS",
    "peoples republic of china": "CN",
    "republic of china": "TW",
    "republic of ireland": "IE",
    "republic of korea": "KR",
    "republic of moldova": "MD",
    "republic of the congo": "CG",
    "russian federation": "RU",
    "scotland": "GB",
    "slovak republic": "SK",
    "state of palestine": "PS",
    "swaziland": "SZ",
    "syrian arab republic": "SY",
    "taiwan province of china": "TW",
    "taiwan roc": "TW",
    "tanzania united republic of": "TZ",
    "turkey": "TR",
    "uk": "GB",
    "united republic of tanzania": "TZ",
    "united states of america": "US",
    "usa": "US",
    "vatican": "VA",
    "vatican city": "VA",
    "venezuela bolivarian republic of": "VE",
    "viet nam": "VN",
    "wales": "GB",
}


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory by its ISO 3166-1 codes, UN M49 number and short name."""

    country: str
    iso3: str
    m49: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class DatedFact:
    """A country's standing in a scheme, from a day up to, not including, another.

    `valid_to` of None means that no end is known.
    """

    country: str
    scheme: str
    value: str
    valid_from: date
    valid_to: date | None
    source: str

    def holds_on(self, on: date) -> bool:
        """Say whether the fact holds on that day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@cache
def countries() -> Mapping[str, Country]:
    """Give every country by its two-letter code, in the order of names."""
    rows = (Country(**row) for row in _rows("countries.csv"))
    return {each.country: each for each in sorted(rows, key=lambda each: _folded(each.name))}


@cache
def country_facts() -> tuple[DatedFact, ...]:
    """Give every dated fact, sorted by scheme, country and date."""
    return tuple(
        DatedFact(
            row["country"],
            row["scheme"],
            row["value"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            row["source"],
        )
        for row in _rows("country_facts.csv")
    )


def facts_of(iso2: str) -> tuple[DatedFact, ...]:
    """Give a country's facts of all schemes and dates."""
    return tuple(each for each in country_facts() if each.country == iso2)


def status(iso2: str, scheme: str, on: date) -> DatedFact | None:
    """Find what holds for a country in a scheme on a day; None where nothing does.

    Raises: ValueError for a scheme that is not in SCHEMES.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"{scheme!r} is no scheme; choose from {', '.join(SCHEMES)}.")
    held = (each for each in facts_of(iso2) if each.scheme == scheme and each.holds_on(on))
    return next(held, None)


def country_name(iso2: str) -> str:
    """Give the short English name; the code itself where it is not known."""
    found = countries().get(iso2)
    return found.name if found else iso2


def country_code(text: str) -> str | None:
    """Find the two-letter code for a name or code as people write it; None if unsure."""
    return _names().get(_folded(text))


@cache
def _names() -> Mapping[str, str]:
    names = dict(_ALIASES)
    for each in countries().values():
        for spelling in (each.country, each.iso3, each.name):
            names[_folded(spelling)] = each.country
    return names


def _folded(text: str) -> str:
    """Reduce to lower-case words without accents, points, or a leading article."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark))
    letters = re.sub(r"['\u2019.]", "", letters)
    words = re.sub(r"[^\w]+", " ", letters).split()
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] else words)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("booking.reference").joinpath(name).read_text(encoding="utf-8")
    return iter(list(csv.DictReader(text.splitlines())))
