"""The form in which an organisation declares its facts, and those facts in words."""

import re
from collections.abc import Mapping
from typing import Any, Final

from api.pages.fields import Typed
from api.pages.related_enterprises import read_related, related_in_words
from booking.engine.declared_facts import FactName
from booking.engine.vocabulary import OrganisationKind
from booking.reference.countries import country_code, country_name

KINDS: Final = (
    (OrganisationKind.STARTUP, "Startup"),
    (OrganisationKind.SME, "Small or medium enterprise"),
    (OrganisationKind.UNIVERSITY, "University"),
    (OrganisationKind.INSTITUTE, "Research institute"),
    (OrganisationKind.PUBLIC_BODY, "Public body"),
    (OrganisationKind.NGO, "Non-governmental organisation"),
    (OrganisationKind.LARGE_COMPANY, "Large company"),
)
ASKED: Final = (
    (FactName.STAFF, "Staff, in full-time years of work"),
    (FactName.TURNOVER_EUR, "Turnover of the year, in euro"),
    (FactName.BALANCE_SHEET_EUR, "Balance sheet total, in euro"),
    (FactName.FOUNDED_ON, "Founded on, a date such as 2021-03-31"),
    (FactName.COUNTRY, "Country"),
    (FactName.PUBLIC_CONTROL_PERCENT, "Held by public bodies, in percent"),
    (FactName.RELATED, "Partner and linked enterprises"),
    (FactName.KIND, "What it is"),
    (FactName.ATTRIBUTES, "Other facts that a facility asks for"),
)
_NAMES: Final[Mapping[str, str]] = {
    **dict(ASKED),
    FactName.FOUNDED_ON: "Founded on",
    FactName.ATTRIBUTES: "Other facts",
}
_FIGURE: Final = re.compile(r"\d[\d\s',.]*", re.ASCII)
LONGEST_NUMBER: Final = 12
_NUMBERS: Final = frozenset(
    {
        FactName.STAFF,
        FactName.TURNOVER_EUR,
        FactName.BALANCE_SHEET_EUR,
        FactName.PUBLIC_CONTROL_PERCENT,
    }
)


def read_fact(form: Typed) -> tuple[FactName, Any] | None:
    """Read the declared fact; None where the form has a fault, which is then noted."""
    name = form.word("name", FactName)
    form.needed("name", "Choose what you declare.")
    if name is None:
        return None
    if name is not FactName.RELATED:
        form.needed("value", "Write the value.")
    value = _value(form, name)
    return None if form.faults else (name, value)


def _value(form: Typed, name: FactName) -> Any:
    text = form["value"].strip()
    if name in _NUMBERS:
        return _number(form, text)
    if name is FactName.COUNTRY:
        return country_code(text) or text
    if name is FactName.RELATED:
        return _related(form, text)
    if name is FactName.ATTRIBUTES:
        return _attributes(form, text)
    return _kind(text) if name is FactName.KIND else text


def _number(form: Typed, text: str) -> int | None:
    """Read a whole number, in which people part thousands in ways of their own."""
    digits = re.sub(r"[\s',.]", "", text)
    parts = re.split(r"[\s',.]", text)
    grouped = len(parts) == 1 or all(len(each) == 3 for each in parts[1:])  # noqa: PLR2004
    if text and _FIGURE.fullmatch(text) and grouped and len(digits) <= 14:  # noqa: PLR2004
        return int(digits)
    form.fault("value", "Write a whole number, such as 1250000 or 1 250 000.")
    return None


def _related(form: Typed, text: str) -> list[dict[str, Any]]:
    found = read_related(text)
    if isinstance(found, str):
        form.fault("value", found)
        return []
    return found


def _kind(text: str) -> str:
    """Read a kind as it is shown or as it is stored; what is neither is left as it is."""
    known = {words.casefold(): str(kind) for kind, words in KINDS}
    return known.get(text.casefold(), text)


def _attributes(form: Typed, text: str) -> dict[str, str | int | bool]:
    found: dict[str, str | int | bool] = {}
    for line in filter(str.strip, text.splitlines()):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not key or not colon or not value or key in found:
            form.fault("value", "Write one fact a line, each once, such as: campuses: 3.")
            return {}
        yes_or_no = {"yes": True, "no": False}.get(value.casefold())
        whole = value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
        found[key] = yes_or_no if yes_or_no is not None else int(value) if whole else value
    return found


def fact_in_words(name: str, value: Any) -> tuple[str, str]:
    """Say a declared fact: what it is, and its value."""
    return _NAMES.get(name, name), _value_in_words(name, value)


def _value_in_words(name: str, value: Any) -> str:
    if name == FactName.COUNTRY:
        return country_name(str(value))
    if name == FactName.PUBLIC_CONTROL_PERCENT:
        return f"{value} %"
    if name == FactName.RELATED:
        return related_in_words(value)
    if name == FactName.KIND:
        return dict(KINDS)[OrganisationKind(value)]
    if name == FactName.ATTRIBUTES:
        words = {True: "yes", False: "no"}
        return "\n".join(
            f"{key}: {words[each] if isinstance(each, bool) else each}"
            for key, each in value.items()
        )
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else str(value)
