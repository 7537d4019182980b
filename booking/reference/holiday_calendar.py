"""Public holidays of countries and their regions, as the `holidays` package knows them.

Its dates are proposals for a facility's manager, never closures by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import holidays

ENGLISH: Final = "en_US"
ESTIMATED: Final = "estimated"
LONGEST_REGION: Final = 10
# Whole days off, the most common first; what is shorter or only for some is left out.
CATEGORIES: Final = ("public", "government", "bank", "optional")
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off; one whose date is `estimated` may yet be moved."""

    on: date
    name: str
    category: str
    estimated: bool


def knows_holidays_of(country: str) -> bool:
    """Say whether anything is known of a country, by its two letters."""
    return country in _regions_by_country()


def regions_of(country: str) -> Mapping[str, str]:
    """Name the regions of a country that have holidays of their own, by code."""
    codes = _regions_by_country().get(country, ())
    if not codes:
        return {}
    names = holidays.country_holidays(country).subdivisions_aliases
    named = {code: name for name, code in names.items()}
    return {each: named.get(each, each) for each in codes if len(each) <= LONGEST_REGION}


def holidays_in(country: str, region: str, year: int) -> tuple[Holiday, ...]:
    """List the days off of a year, by date; each once, in its most common category.

    Nothing where nothing is known of the country. An empty region is the country as a whole.
    Raises: ValueError for a region that the country does not have.
    """
    if region and region not in regions_of(country):
        raise ValueError(f"{country} has no region {region!r}.")
    if not knows_holidays_of(country):
        return ()
    return _listed(country, region, year)


@cache
def _listed(country: str, region: str, year: int) -> tuple[Holiday, ...]:
    known = holidays.country_holidays(country)
    found: dict[date, Holiday] = {}
    for category in CATEGORIES:
        if category not in known.supported_categories:
            continue
        days = holidays.country_holidays(
            country,
            subdiv=region or None,
            years=year,
            language=ENGLISH if ENGLISH in known.supported_languages else None,
            categories=(category,),
        )
        for on, names in days.items():
            found.setdefault(on, _holiday(on, names, category))
    return tuple(found[on] for on in sorted(found) if on.year == year)


def _holiday(on: date, names: str, category: str) -> Holiday:
    """Read the marks behind the names; a day is certain as soon as one of its names is."""
    every = names.split("; ")
    return Holiday(
        on=on,
        name="; ".join(_unmarked(each) for each in every),
        category=category,
        estimated=all(ESTIMATED in _marks(each) for each in every),
    )


def _marks(name: str) -> list[str]:
    _, _, marks = name.rpartition("(")
    return marks.rstrip(")").split(", ") if name.endswith(")") else []


def _unmarked(name: str) -> str:
    """Take the mark of an estimate away; a closure has a field for it."""
    marks = _marks(name)
    if ESTIMATED not in marks:
        return name
    kept = ", ".join(each for each in marks if each != ESTIMATED)
    words = name.rpartition("(")[0].rstrip()
    return f"{words} ({kept})" if kept else words


@cache
def _regions_by_country() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)
