"""Rules of equity groups in sentences, for pages and answers alike."""

from collections.abc import Mapping
from typing import Any, Final

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
    """Say who belongs to a group."""
    kind = rule["kind"]
    if kind == "startup":
        years = rule.get("max_age_years", 5)
        return f"a small independent enterprise, at most {years} years old"
    if kind == "sme":
        return f"{SIZES[rule.get('at_most', 'medium')]} enterprise (2003/361/EC)"
    if kind == "country_scheme":
        return _scheme_in_words(rule)
    if kind == "first_time_user":
        return "an organisation without any booking before"
    if kind == "attribute":
        value = rule["value"]
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return f"an organisation whose {rule['key'].replace('_', ' ')} {SIGNS[rule['op']]} {words}"
    joint = " or " if kind == "any" else " and also "
    return joint.join(rule_in_words(each) for each in rule["rules"])


def _scheme_in_words(rule: Mapping[str, Any]) -> str:
    name = SCHEMES.get(rule["scheme"], rule["scheme"])
    values = [each.replace("_", " ") for each in rule["values"]]
    if values == ["member"]:
        return f"an organisation in one of the {name}"
    return f"an organisation in a country whose {name} is {' or '.join(values)}"
