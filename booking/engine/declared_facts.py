"""What an organisation may declare about itself, each fact with the shape of its value."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from booking.engine.identifiers import read_country
from booking.engine.violations import Violation

LARGEST_FIGURE: Final = 10**13
MOST_RELATED: Final = 50
MOST_YEARS: Final = 20
LONGEST_TEXT: Final = 200
_DAY_MEND: Final = "Give a day as in 2021-03-31."
FIGURES: Final = ("staff", "turnover_eur", "balance_sheet_eur")


class FactName(StrEnum):
    """The facts that decide equity groups.

    `related` lists partner and linked enterprises, `[]` says that there are none;
    `attributes` is what a board's own rules may ask for.
    """

    STAFF = "staff"
    TURNOVER_EUR = "turnover_eur"
    BALANCE_SHEET_EUR = "balance_sheet_eur"
    FOUNDED_ON = "founded_on"
    COUNTRY = "country"
    PUBLIC_CONTROL_PERCENT = "public_control_percent"
    RELATED = "related"
    ATTRIBUTES = "attributes"


def fact_fault(name: FactName, value: Any) -> Violation | None:
    """Say what is wrong with a declared value, as it came in JSON; None if nothing is.

    Units: staff in annual work units, amounts in whole euro, holdings in percent.
    """
    mend = _FAULTS[name](value)
    return Violation("fact_value", mend, "/value") if mend else None


def _whole_up_to(most: int) -> Callable[[Any], str | None]:
    def fault(value: Any) -> str | None:
        if type(value) is int and 0 <= value <= most:
            return None
        return f"Give a whole number from 0 to {most}."

    return fault


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


def _related_fault(value: Any) -> str | None:
    if not isinstance(value, list) or len(value) > MOST_RELATED:
        return f"Give a list of at most {MOST_RELATED} enterprises; [] says that there are none."
    return next((fault for each in value if (fault := _enterprise_fault(each))), None)


def _enterprise_fault(value: Any) -> str | None:
    members = {"name", "percent", "figures"}
    if not isinstance(value, dict) or not {"name", "percent"} <= set(value) <= members:
        return "Give each enterprise as an object with name, percent and, if known, figures."
    if not _is_short_text(value["name"]):
        return f"Give each enterprise a name of at most {LONGEST_TEXT} characters."
    if _PERCENT(value["percent"]):
        return "Give percent as a whole number from 0 to 100."
    years = value.get("figures", [])
    if not isinstance(years, list) or len(years) > MOST_YEARS or any(map(_year_fault, years)):
        return (
            f"Give figures as a list of at most {MOST_YEARS} objects with year and any of "
            f"{', '.join(FIGURES)}, all whole numbers."
        )
    return None


def _year_fault(value: Any) -> bool:
    if not isinstance(value, dict) or not {"year"} <= set(value) <= {"year", *FIGURES}:
        return True
    year = value["year"]
    if type(year) is not int or not date.min.year <= year <= date.max.year:
        return True
    return any(_AMOUNT(value[name]) for name in FIGURES if name in value)


def _attributes_fault(value: Any) -> str | None:
    if not isinstance(value, dict) or len(value) > MOST_RELATED:
        return f"Give an object of at most {MOST_RELATED} attributes."
    for key, each in value.items():
        if not _is_short_text(key) or not (_is_small_number(each) or _is_short_text(each)):
            return (
                "Give each attribute a short name and a text, a whole number, or true or false; "
                f"texts of at most {LONGEST_TEXT} characters."
            )
    return None


def _is_small_number(value: Any) -> bool:
    return isinstance(value, int) and abs(value) <= LARGEST_FIGURE


def _is_short_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()


_AMOUNT: Final = _whole_up_to(LARGEST_FIGURE)
_PERCENT: Final = _whole_up_to(100)
_FAULTS: Final[Mapping[FactName, Callable[[Any], str | None]]] = {
    FactName.STAFF: _whole_up_to(10**7),
    FactName.TURNOVER_EUR: _AMOUNT,
    FactName.BALANCE_SHEET_EUR: _AMOUNT,
    FactName.FOUNDED_ON: _day_fault,
    FactName.COUNTRY: _country_fault,
    FactName.PUBLIC_CONTROL_PERCENT: _PERCENT,
    FactName.RELATED: _related_fault,
    FactName.ATTRIBUTES: _attributes_fault,
}
