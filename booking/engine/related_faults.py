"""What can be wrong with declared partner and linked enterprises, each fault at its place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from booking.engine.enterprise_ties import (
    INVESTORS,
    LINKED_ABOVE_PERCENT,
    RelatedEnterprise,
    cycle,
)
from booking.engine.identifiers import read_ror
from booking.engine.ownership import Party, Side
from booking.engine.violations import Violation

MOST_RELATED: Final = 50
MOST_YEARS: Final = 20
MOST_CHAINED: Final = 6
LARGEST_FIGURE: Final = 10**13
MOST_STAFF: Final = 10**7
LONGEST_TEXT: Final = 200
FIRST_YEAR: Final = 1900
ITS_OWN: Final = 2
"""Names in a circle that goes from an enterprise straight back to it."""
FIGURES: Final = ("staff", "turnover_eur", "balance_sheet_eur")
_MEMBERS: Final = (
    "name",
    "percent",
    "figures",
    "related",
    "investor",
    "side",
    "organisation",
)


def related_faults(value: Any, *, owner: str, latest_year: int) -> tuple[Violation, ...]:
    """List all that is wrong with a declared list, pointing from `/value` on.

    `owner` is the name of the organisation that declares; `latest_year` the last year of
    which figures may be given.
    """
    found = tuple(_list_faults(value, "/value", 1, latest_year))
    if found:
        return found
    circle = cycle(owner, map(_tie, value))
    if circle is None:
        return ()
    if len(circle.names) == ITS_OWN:
        return (_to_itself(f"/value{circle.pointer}/name"),)
    sentence = (
        f"Ownership goes in a circle: {', '.join(circle.names[:-1])} and back to "
        f"{circle.names[-1]}. Give each enterprise once in a chain, where it is tied first, with "
        "the larger percentage held either way."
    )
    return (Violation("cyclic_ownership", sentence, f"/value{circle.pointer}/name"),)


def identity_faults(
    declarer: Party, value: Sequence[Mapping[str, Any]], registry: Mapping[str, Party]
) -> tuple[Violation, ...]:
    """List the ties, of a list that passed its check, to nobody here or to oneself.

    `registry` gives registered organisations by each of their identifiers; a ROR id may well
    be that of one that is not registered.
    """
    return tuple(_identity_faults(declarer, value, registry, "/value"))


def _identity_faults(
    of: Party | None, value: Sequence[Mapping[str, Any]], registry: Mapping[str, Party], at: str
) -> Iterator[Violation]:
    for number, tie in enumerate(value):
        here, known = f"{at}/{number}", tie.get("organisation")
        other = None if known is None else registry.get(known, Party(known, tie["name"]))
        if known is not None and known not in registry and _is_id(known):
            sentence = "No organisation here has that id; leave it out, or give its ROR id."
            yield _fault(sentence, f"{here}/organisation")
        elif other is not None and of is not None and other.key == of.key:
            yield _to_itself(f"{here}/organisation")
        yield from _identity_faults(other, tie.get("related", ()), registry, f"{here}/related")


def _to_itself(at: str) -> Violation:
    sentence = "An organisation cannot be its own partner or owner; name the other enterprise."
    return Violation("cyclic_ownership", sentence, at)


def _tie(value: Mapping[str, Any]) -> RelatedEnterprise:
    ties = tuple(_tie(each) for each in value.get("related", ()))
    return RelatedEnterprise(value["name"], value["percent"], related=ties)


def _list_faults(value: Any, at: str, depth: int, latest: int) -> Iterator[Violation]:
    if not isinstance(value, list) or len(value) > MOST_RELATED:
        sentence = (
            f"Give a list of at most {MOST_RELATED} enterprises; [] says that there are none."
        )
        yield _fault(sentence, at)
        return
    if depth > MOST_CHAINED:
        yield _fault(f"Give chains of at most {MOST_CHAINED} enterprises.", at)
        return
    for number, each in enumerate(value):
        yield from _enterprise_faults(each, f"{at}/{number}", depth, latest)
    if depth == 1:
        yield from _too_much_held(value, at)


def _enterprise_faults(value: Any, at: str, depth: int, latest: int) -> Iterator[Violation]:
    if not isinstance(value, dict) or not {"name", "percent"} <= set(value) <= set(_MEMBERS):
        yield _fault(
            "Give each enterprise as an object with name, percent and, if known, figures, "
            "related, investor, side and organisation.",
            at,
        )
        return
    for name, check in _CHECKS.items():
        mend = check(value[name]) if name in value else None
        if mend:
            yield _fault(mend, f"{at}/{name}")
    if "figures" in value:
        yield from _years_faults(value["figures"], f"{at}/figures", latest)
    if "related" in value:
        yield from _list_faults(value["related"], f"{at}/related", depth + 1, latest)


def _too_much_held(value: list[Any], at: str) -> Iterator[Violation]:
    """Find investors who would have to be linked, each of which may hold up to half."""
    for number, each in enumerate(value):
        held = isinstance(each, dict) and each.get("percent")
        if type(held) is int and held > LINKED_ABOVE_PERCENT and each.get("investor"):
            sentence = (
                f"An investor that holds {held} % is linked, more than half; leave out its kind."
            )
            yield _fault(sentence, f"{at}/{number}/investor")


def _years_faults(value: Any, at: str, latest: int) -> Iterator[Violation]:
    if not isinstance(value, list) or len(value) > MOST_YEARS:
        yield _fault(f"Give figures as a list of at most {MOST_YEARS} years.", at)
        return
    seen: set[int] = set()
    for number, each in enumerate(value):
        here = f"{at}/{number}"
        if not isinstance(each, dict) or not {"year"} <= set(each) <= {"year", *FIGURES}:
            yield _fault(f"Give an object with year and any of {', '.join(FIGURES)}.", here)
            continue
        year = each["year"]
        if type(year) is not int or not FIRST_YEAR <= year <= latest:
            sentence = f"Give the year as a whole number from {FIRST_YEAR} to {latest}."
            yield _fault(sentence, f"{here}/year")
        elif year in seen:
            yield _fault(f"Give {year} once; it stands twice.", f"{here}/year")
        else:
            seen.add(year)
        for name in FIGURES:
            mend = _AMOUNTS[name](each[name]) if name in each else None
            if mend:
                yield _fault(mend, f"{here}/{name}")


def whole_up_to(most: int) -> Callable[[Any], str | None]:
    """Make the check of a whole number that is not negative."""

    def fault(value: Any) -> str | None:
        if type(value) is int and 0 <= value <= most:
            return None
        return f"Give a whole number from 0 to {most}."

    return fault


def is_short_text(value: Any) -> bool:
    """Say whether the value is a printable text of one short line."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()


def _name_fault(value: Any) -> str | None:
    if is_short_text(value) and value.strip():
        return None
    return f"Give each enterprise a name of at most {LONGEST_TEXT} characters."


def _percent_fault(value: Any) -> str | None:
    return "Give percent as a whole number from 0 to 100." if whole_up_to(100)(value) else None


def _investor_fault(value: Any) -> str | None:
    known = isinstance(value, str) and value in INVESTORS
    return None if known else f"Give as the kind of investor one of {', '.join(INVESTORS)}."


def _side_fault(value: Any) -> str | None:
    known = isinstance(value, str) and value in set(Side)
    return None if known else f"Give as the side one of {', '.join(Side)}."


def _organisation_fault(value: Any) -> str | None:
    if isinstance(value, str) and (_is_id(value) or read_ror(value) == value):
        return None
    return (
        "Give the id under which the organisation is registered here, or its ROR id as in "
        "https://ror.org/05dxps055; leave it out where it has neither."
    )


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def _fault(sentence: str, at: str) -> Violation:
    return Violation("fact_value", sentence, at)


_CHECKS: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "name": _name_fault,
    "percent": _percent_fault,
    "investor": _investor_fault,
    "side": _side_fault,
    "organisation": _organisation_fault,
}
_AMOUNTS: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "staff": whole_up_to(MOST_STAFF),
    "turnover_eur": whole_up_to(LARGEST_FIGURE),
    "balance_sheet_eur": whole_up_to(LARGEST_FIGURE),
}
