"""Rules of equity groups as values, and as the JSON they are stored and published in.

By `kind`: `startup` (`max_age_years`), `sme` (`at_most` micro, small or medium),
`country_scheme` (`scheme`, `values`, `grace_days`), `first_time_user`, `attribute` (`key`,
`op`, `value`), and `any` or `all` of several `rules`. The operators of an attribute: `eq` and
`ne` compare texts, whole numbers, true and false; `lt`, `le`, `gt` and `ge` whole numbers;
`in` asks whether it is one of a list. An attribute that nobody gave decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from booking.engine.violations import Violation

MOST_NESTED: Final = 4
SIZES: Final = ("micro", "small", "medium")
ORDERED_OPS: Final = ("lt", "le", "gt", "ge")
OPS: Final = ("eq", "ne", "in", *ORDERED_OPS)


@dataclass(frozen=True, slots=True)
class Startup:
    """At most so many years old, independent, and at most small."""

    max_age_years: int = 5


@dataclass(frozen=True, slots=True)
class Sme:
    """Of the given size or smaller, by Recommendation 2003/361/EC."""

    at_most: str = "medium"


@dataclass(frozen=True, slots=True)
class CountryScheme:
    """In a country with one of the values in a scheme, or that had one until lately.

    A country that leaves counts for `grace_days` more; None takes the policy's setting.
    """

    scheme: str
    values: tuple[str, ...]
    grace_days: int | None = None


@dataclass(frozen=True, slots=True)
class FirstTimeUser:
    """Without any booking before."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the organisation compared with a value; `in` takes several."""

    key: str
    op: str
    value: str | int | bool | tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the rules."""

    rules: tuple["GroupRule", ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the rules."""

    rules: tuple["GroupRule", ...]


GroupRule = Startup | Sme | CountryScheme | FirstTimeUser | Attribute | AnyOf | AllOf


def country_schemes(rule: GroupRule) -> tuple[CountryScheme, ...]:
    """List the parts of a rule that count on a list of countries."""
    if isinstance(rule, AnyOf | AllOf):
        return tuple(found for each in rule.rules for found in country_schemes(each))
    return (rule,) if isinstance(rule, CountryScheme) else ()


def write_rule(rule: GroupRule) -> dict[str, Any]:
    """Turn a rule into the JSON object that `read_rule` reads."""
    match rule:
        case Startup():
            return {"kind": "startup", "max_age_years": rule.max_age_years}
        case Sme():
            return {"kind": "sme", "at_most": rule.at_most}
        case CountryScheme():
            grace = {} if rule.grace_days is None else {"grace_days": rule.grace_days}
            values = list(rule.values)
            return {"kind": "country_scheme", "scheme": rule.scheme, "values": values, **grace}
        case FirstTimeUser():
            return {"kind": "first_time_user"}
        case Attribute():
            value = list(rule.value) if isinstance(rule.value, tuple) else rule.value
            return {"kind": "attribute", "key": rule.key, "op": rule.op, "value": value}
        case AnyOf() | AllOf():
            kind = "any" if isinstance(rule, AnyOf) else "all"
            return {"kind": kind, "rules": [write_rule(each) for each in rule.rules]}


def read_rule(obj: Any, pointer: str = "") -> GroupRule | tuple[Violation, ...]:
    """Read a rule from JSON, or list all that is wrong with it, each with its pointer."""
    return _read(obj, pointer, 1)


def _read(obj: Any, pointer: str, depth: int) -> GroupRule | tuple[Violation, ...]:
    if not isinstance(obj, Mapping):
        return (_malformed("A rule is an object with a kind.", pointer),)
    kind = obj.get("kind")
    if not isinstance(kind, str) or kind not in {*_KINDS, *_COMBINATIONS}:
        known = ", ".join((*_KINDS, *_COMBINATIONS))
        return (_malformed(f"A rule's kind is one of {known}.", f"{pointer}/kind"),)
    if kind in _COMBINATIONS:
        return _read_combination(obj, pointer, depth)
    build, members = _KINDS[kind]
    found = _unknown_members(obj, set(members), pointer)
    for name, (check, needed) in members.items():
        absent = "This member is needed." if needed else None
        wrong = check(obj[name]) if name in obj else absent
        if wrong:
            found.append(_malformed(wrong, f"{pointer}/{name}"))
    found = found or _mismatch(obj, pointer)
    return tuple(found) or build({name: obj[name] for name in members if name in obj})


def _read_combination(
    obj: Mapping[str, Any], pointer: str, depth: int
) -> GroupRule | tuple[Violation, ...]:
    found = _unknown_members(obj, {"rules"}, pointer)
    rules = obj.get("rules")
    if not isinstance(rules, list) or not rules:
        sentence = "Give a list of at least one rule."
        return (*found, _malformed(sentence, f"{pointer}/rules"))
    if depth >= MOST_NESTED:
        return (*found, _malformed(f"Nest rules at most {MOST_NESTED} deep.", f"{pointer}/rules"))
    read: list[GroupRule] = []
    for number, each in enumerate(rules):
        rule = _read(each, f"{pointer}/rules/{number}", depth + 1)
        if isinstance(rule, tuple):
            found.extend(rule)
        else:
            read.append(rule)
    return tuple(found) or _COMBINATIONS[obj["kind"]](tuple(read))


def _unknown_members(obj: Mapping[str, Any], known: set[str], pointer: str) -> list[Violation]:
    return [
        _malformed(
            f"A rule of this kind has no member {name!r}; leave it out.",
            f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}",
        )
        for name in obj
        if name != "kind" and name not in known
    ]


def _mismatch(obj: Mapping[str, Any], pointer: str) -> list[Violation]:
    """Check that the value of an attribute fits its operator."""
    op, value = obj.get("op"), obj.get("value")
    if obj["kind"] != "attribute":
        return []
    if (op == "in") != isinstance(value, list):
        sentence = "The operator in takes a list of values, every other one a single value."
    elif op in ORDERED_OPS and (not isinstance(value, int) or isinstance(value, bool)):
        sentence = f"The operator {op} compares whole numbers; give one."
    else:
        return []
    return [_malformed(sentence, f"{pointer}/value")]


def _malformed(reason: str, pointer: str) -> Violation:
    return Violation("malformed_rule", reason, pointer)


def _whole(low: int, high: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and low <= value <= high else f"Give a whole number, {low} to {high}."

    return check


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "Give a text that is not empty."


def _texts(value: Any) -> str | None:
    texts = isinstance(value, list) and value and not any(_text(each) for each in value)
    return None if texts else "Give a list of at least one text."


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        known = isinstance(value, str) and value in choices
        return None if known else f"Give one of {', '.join(choices)}."

    return check


def _single_or_list(value: Any) -> str | None:
    if isinstance(value, list):
        fits = bool(value) and all(type(each) in {str, int} for each in value)
    else:
        fits = isinstance(value, str | int)
    return None if fits else "Give a text, a whole number, true or false, or a list of values."


def _attribute(members: Mapping[str, Any]) -> Attribute:
    value = members["value"]
    return Attribute(
        members["key"], members["op"], tuple(value) if isinstance(value, list) else value
    )


def _country_scheme(members: Mapping[str, Any]) -> CountryScheme:
    return CountryScheme(members["scheme"], tuple(members["values"]), members.get("grace_days"))


_Members = dict[str, tuple[Callable[[Any], str | None], bool]]

# For each kind how it is built, and its members: how to check one, and whether it is needed.
_KINDS: Final[Mapping[str, tuple[Callable[[Mapping[str, Any]], GroupRule], _Members]]] = {
    "startup": (
        lambda members: Startup(members.get("max_age_years", 5)),
        {"max_age_years": (_whole(1, 50), False)},
    ),
    "sme": (
        lambda members: Sme(members.get("at_most", "medium")),
        {"at_most": (_one_of(SIZES), False)},
    ),
    "country_scheme": (
        _country_scheme,
        {
            "scheme": (_text, True),
            "values": (_texts, True),
            "grace_days": (_whole(0, 3660), False),
        },
    ),
    "first_time_user": (lambda _: FirstTimeUser(), {}),
    "attribute": (
        _attribute,
        {"key": (_text, True), "op": (_one_of(OPS), True), "value": (_single_or_list, True)},
    ),
}

_COMBINATIONS: Final[Mapping[str, type[AnyOf] | type[AllOf]]] = {"any": AnyOf, "all": AllOf}
