"""Rules of equity groups as a manager picks them: a select, and the parameters of each kind."""

import json
from collections.abc import Mapping
from typing import Any, Final

from api.pages.fields import Typed
from booking.engine.group_rules import OPS, SIZES

KINDS: Final[Mapping[str, str]] = {
    "startup": "Startup: young, independent, small",
    "sme": "Small or medium enterprise, by size",
    "ldc": "Least developed country (UN list)",
    "lldc": "Landlocked developing country (UN list)",
    "sids": "Small island developing state (UN list)",
    "low_income": "Low or lower-middle income country (World Bank)",
    "first_time_user": "First-time user: no booking before",
    "attribute": "Something else we know of the organisation",
    "combined": "A combination, written as JSON",
}
_COUNTRIES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "ldc": ("un_ldc", ("member",)),
    "lldc": ("un_lldc", ("member",)),
    "sids": ("un_sids", ("member",)),
    "low_income": ("wb_income", ("low", "lower_middle")),
}
SIZE_OPTIONS: Final = (
    ("micro", "at most micro: fewer than 10 staff"),
    ("small", "at most small: fewer than 50 staff"),
    ("medium", "at most medium: fewer than 250 staff"),
)
OP_WORDS: Final[Mapping[str, str]] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of (commas between)",
    "lt": "is below",
    "le": "is at most",
    "gt": "is above",
    "ge": "is at least",
}
OP_OPTIONS: Final = tuple((each, OP_WORDS[each]) for each in OPS)
MOST_YEARS: Final = 50
MOST_DAYS: Final = 3660
# Where the members of a rule stand on the form, for pointing at what is wrong.
FIELD_OF: Final[Mapping[str, str]] = {
    "max_age_years": "years",
    "at_most": "size",
    "grace_days": "grace",
    "key": "attribute",
    "op": "op",
    "value": "value",
}


def fields_of(rule: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of the form that would build the rule again."""
    match rule.get("kind"):
        case "startup":
            return {"kind": "startup", "years": str(rule.get("max_age_years", 5))}
        case "sme":
            return {"kind": "sme", "size": rule.get("at_most", SIZES[-1])}
        case "first_time_user":
            return {"kind": "first_time_user"}
        case "attribute":
            return _attribute_fields(rule)
        case "country_scheme":
            asked = (rule.get("scheme"), tuple(rule.get("values", ())))
            known = next((key for key, each in _COUNTRIES.items() if each == asked), None)
            if known:
                grace = rule.get("grace_days")
                return {"kind": known, "grace": "" if grace is None else str(grace)}
    return {"kind": "combined", "rule": json.dumps(rule, ensure_ascii=False)}


def _attribute_fields(rule: Mapping[str, Any]) -> dict[str, str]:
    value = rule["value"]
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, bool):
        words = words.lower()
    return {"kind": "attribute", "attribute": rule["key"], "op": rule["op"], "value": words}


def rule_in(form: Typed, at: str) -> dict[str, Any]:
    """Build the rule from the fields that begin with `at`; what cannot be read is noted."""
    kind = form[f"{at}-kind"]
    if kind in _COUNTRIES:
        return _country(form, at, *_COUNTRIES[kind])
    if kind == "attribute":
        return _attribute(form, at)
    if kind == "combined":
        return _combined(form, at)
    rule: dict[str, Any] = {"kind": kind}
    if kind == "startup":
        rule["max_age_years"] = form.whole(f"{at}-years", least=1, most=MOST_YEARS) or 5
    elif kind == "sme":
        rule["at_most"] = form[f"{at}-size"] or SIZES[-1]
    elif kind != "first_time_user":
        form.fault(f"{at}-kind", "Choose a rule from the list.")
    return rule


def _country(form: Typed, at: str, scheme: str, values: tuple[str, ...]) -> dict[str, Any]:
    grace = form.whole(f"{at}-grace", least=0, most=MOST_DAYS)
    own = {} if grace is None else {"grace_days": grace}
    return {"kind": "country_scheme", "scheme": scheme, "values": list(values), **own}


def _attribute(form: Typed, at: str) -> dict[str, Any]:
    op, text = form[f"{at}-op"] or "eq", form[f"{at}-value"].strip()
    form.needed(f"{at}-attribute", "Name what to look at, such as kind or country.")
    form.needed(f"{at}-value", "Give the value to compare with.")
    value: Any = _value(text)
    if op == "in":
        value = [_value(each.strip()) for each in text.split(",") if each.strip()]
    return {"kind": "attribute", "key": form[f"{at}-attribute"].strip(), "op": op, "value": value}


def _value(text: str) -> str | int | bool:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text  # noqa: PLR2004 - keeps within 32 bits


def _combined(form: Typed, at: str) -> dict[str, Any]:
    try:
        read = json.loads(form[f"{at}-rule"] or "null")
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        form.fault(f"{at}-rule", 'Write a JSON object, such as {"kind": "any", "rules": [...]}.')
        return {}
    return read
