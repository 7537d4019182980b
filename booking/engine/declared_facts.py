"""What an organisation may declare about itself, each fact with the shape of its value."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from booking.engine.identifiers import read_country
from booking.engine.related_faults import (
    LARGEST_FIGURE,
    LONGEST_TEXT,
    MOST_STAFF,
    is_short_text,
    related_faults,
    whole_up_to,
)
from booking.engine.violations import Violation
from booking.engine.vocabulary import OrganisationKind

MOST_ATTRIBUTES: Final = 50
_DAY_MEND: Final = "Give a day as in 2021-03-31."


class FactName(StrEnum):
    """The facts that decide equity groups.

    `related` lists partner and linked enterprises, `[]` says that there are none; each has
    a name and a percent, and where known its `figures` of years, its own ties as `related`
    (left out where its figures contain them), the kind of `investor` it is, on which `side`
    of the tie it stands, and the `organisation` it is: its id here, or its ROR id.
    `attributes` is what a board's own rules may ask for.
    """

    STAFF = "staff"
    TURNOVER_EUR = "turnover_eur"
    BALANCE_SHEET_EUR = "balance_sheet_eur"
    FOUNDED_ON = "founded_on"
    COUNTRY = "country"
    KIND = "kind"
    PUBLIC_CONTROL_PERCENT = "public_control_percent"
    RELATED = "related"
    ATTRIBUTES = "attributes"


def fact_faults(name: FactName, value: Any, *, owner: str, on: date) -> tuple[Violation, ...]:
    """List what is wrong with a value, as it came in JSON, that `owner` declares on a day.

    Units: staff in annual work units, amounts in whole euro, holdings in percent.
    """
    if name is FactName.RELATED:
        return related_faults(value, owner=owner, latest_year=on.year)
    mend = _FAULTS[name](value) or _to_come(name, value, on)
    return (Violation("fact_value", mend, "/value"),) if mend else ()


def _to_come(name: FactName, value: Any, on: date) -> str | None:
    if name is FactName.FOUNDED_ON and date.fromisoformat(value) > on:
        return "Give a day that is not to come."
    return None


def _day_fault(value: Any) -> str | None:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return _DAY_MEND
    return None if day.isoformat() == value else _DAY_MEND


def _country_fault(value: Any) -> str | None:
    if isinstance(value, str) and read_country(value) == value:
        return None
    return "Give the country as two capital letters (ISO 3166-1), such as KE."


def _kind_fault(value: Any) -> str | None:
    known = isinstance(value, str) and value in set(OrganisationKind)
    return None if known else f"Give one of {', '.join(OrganisationKind)}."


def _attributes_fault(value: Any) -> str | None:
    if not isinstance(value, dict) or len(value) > MOST_ATTRIBUTES:
        return f"Give an object of at most {MOST_ATTRIBUTES} attributes."
    for key, each in value.items():
        if not is_short_text(key) or not (_is_small_number(each) or is_short_text(each)):
            return (
                "Give each attribute a short name and a text, a whole number, or true or false; "
                f"texts of at most {LONGEST_TEXT} characters."
            )
    return None


def _is_small_number(value: Any) -> bool:
    return isinstance(value, int) and abs(value) <= LARGEST_FIGURE


_FAULTS: Final[Mapping[FactName, Callable[[Any], str | None]]] = {
    FactName.STAFF: whole_up_to(MOST_STAFF),
    FactName.TURNOVER_EUR: whole_up_to(LARGEST_FIGURE),
    FactName.BALANCE_SHEET_EUR: whole_up_to(LARGEST_FIGURE),
    FactName.FOUNDED_ON: _day_fault,
    FactName.COUNTRY: _country_fault,
    FactName.KIND: _kind_fault,
    FactName.PUBLIC_CONTROL_PERCENT: whole_up_to(100),
    FactName.ATTRIBUTES: _attributes_fault,
}
