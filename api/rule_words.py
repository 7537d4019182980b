"""Rules of equity groups in sentences, for pages and answers alike."""

from collections.abc import Mapping
from typing import Any, Final

from booking.engine.wording import counted
from booking.reference.countries import SCHEMES

SIZES: Final = {"micro": "a micro", "small": "a small", "medium": "a small or medium"}
SIGNS: Final = {
    "eq": "is",
    "ne": "is not",
    "lt": "is below",
    "le": "is at most",
    "gt": "is above",
    "ge": "is at least",
    "in": "is one of",
}


def rule_in_words(rule: Mapping[str, Any]) -> str:
    """Say who belongs to a group; a combination inside another stands in brackets."""
    kind = rule["kind"]
    if kind == "startup":
        years = counted(rule.get("max_age_years", 5), "year")
        return f"a small independent enterprise, at most {years} old"
    if kind == "sme":
        return f"{SIZES[rule.get('at_most', 'medium')]} enterprise (2003/361/EC)"
    if kind == "country_scheme":
        return _scheme_in_words(rule)
    if kind == "first_time_user":
        return "an organisation without any booking before"
    if kind == "attribute":
        key = rule["key"].replace("_", " ")
        return f"an organisation whose {key} {SIGNS[rule['op']]} {_value_in_words(rule['value'])}"
    joint = " or " if kind == "any" else " and also "
    return joint.join(_part(each) for each in rule["rules"])


def _part(rule: Mapping[str, Any]) -> str:
    words = rule_in_words(rule)
    return f"({words})" if rule["kind"] in {"any", "all"} and len(rule["rules"]) > 1 else words


def _value_in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value_in_words, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _scheme_in_words(rule: Mapping[str, Any]) -> str:
    name = SCHEMES.get(rule["scheme"], rule["scheme"])
    values = [each.replace("_", " ") for each in rule["values"]]
    grace = rule.get("grace_days")
    left = f", or that left it at most {counted(grace, 'day')} ago" if grace else ""
    if values == ["member"]:
        return f"an organisation in one of the {name}{left}"
    return f"an organisation in a country whose {name} is {' or '.join(values)}{left}"
