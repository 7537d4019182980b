"""What would have been, in words: the change, where it would have led, and who would have lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from booking.engine.decision_words import end_words, start_words
from booking.engine.wording import length_in_words

MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for and brought, and what its words are made from.

    `sessions` are minutes and quantity; `groups` those it was a member of, by key.
    """

    merit: int | None
    fair_share: float
    sessions: tuple[tuple[int, int], ...]
    groups: tuple[str, ...]
    resource_names: Mapping[UUID, str]
    group_names: Mapping[str, str]
    origin: datetime
    step: timedelta
    zone: str

    def at(self, step: int) -> datetime:
        """Return when a step of the access period begins."""
        return self.origin + step * self.step

    def named(self, resource: str) -> str:
        """Name a resource."""
        return self.resource_names.get(UUID(resource), "a resource that is no longer offered")

    def group(self, key: str) -> str:
        """Name a group."""
        return self.group_names.get(key, key)


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """A place that a request would have had."""

    resource_name: str
    starts_at: datetime
    ends_at: datetime


def change_words(change: Mapping[str, Any], asked: Asked) -> str:
    """Word a change as what stands after 'with': a score of 812 instead of 790."""
    kind = change["kind"]
    if kind in {"session_length", "units", "more_alternatives"}:
        return _session_words(change, asked)
    if kind == "score":
        return f"a score of {change['merit']:g} instead of {asked.merit or 0}"
    if kind == "fair_share":
        return (
            f"a factor of {change['fair_share']:.3f} for past use instead of {asked.fair_share:.3f}"
        )
    if kind == "group_added":
        return f"membership in {asked.group(change['group'])}"
    if kind == "group_removed":
        return f"no membership in {asked.group(change['group'])}"
    return _groups_words(change["groups"], asked)


def answer_words(
    change: Mapping[str, Any],
    places: Sequence[PlaceTold],
    *,
    granted: bool,
    exact: bool,
    asked: Asked,
) -> str:
    """Say where a change would have led, and how it was checked."""
    words = change_words(change, asked)
    if granted:
        there = "; and on ".join(_place_words(each, asked.zone) for each in places)
        found = f"With {words} you would have been placed on {there}."
    else:
        found = f"With {words} you would still have had no place."
    checked = "Checked by solving again"
    return f"{found} {checked}." if exact else f"{found} {checked}, to within the round's gap."


def losers_words(lost: Sequence[str]) -> str:
    """Say which requests would have had no place then, under their codes; empty where none."""
    if not lost:
        return ""
    if len(lost) == 1:
        return f"Request {lost[0]}, which has a place now, would have had none."
    named = ", ".join(lost[:MOST_NAMED])
    more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    return f"Requests {named}{more}, which have places now, would have had none."


def _session_words(change: Mapping[str, Any], asked: Asked) -> str:
    at = change["session"]
    minutes, quantity = asked.sessions[at] if at < len(asked.sessions) else (0, 1)
    which = f" in session {at + 1}" if len(asked.sessions) > 1 else ""
    if change["kind"] == "units":
        return f"{_units(change['quantity'])} instead of {quantity}{which}"
    if change["kind"] == "session_length":
        length = length_in_words(change["steps"] * (asked.step // timedelta(minutes=1)))
        return f"{length} instead of {length_in_words(minutes)}{which}"
    told = " or ".join(_alternative_words(each, asked) for each in change["alternatives"])
    return f"{told} as one more choice{which}"


def _alternative_words(alternative: Mapping[str, Any], asked: Asked) -> str:
    name = asked.named(alternative["resource"])
    if "from" in alternative:
        first, last = asked.at(alternative["from"]), asked.at(alternative["to"])
        between = f"{start_words(first, asked.zone)} and {end_words(first, last, asked.zone)}"
        return f"{name} between {between}"
    starts = [start_words(asked.at(each), asked.zone) for each in alternative["starts"]]
    more = f" and {len(starts) - MOST_NAMED} more starts" if len(starts) > MOST_NAMED else ""
    return f"{name} from {', '.join(starts[:MOST_NAMED])}{more}"


def _groups_words(groups: Sequence[str], asked: Asked) -> str:
    before, after = set(asked.groups), set(groups)
    joined = [asked.group(each) for each in groups if each not in before]
    left = [asked.group(each) for each in asked.groups if each not in after]
    words = [f"membership in {' and '.join(joined)}"] if joined else []
    words += [f"no membership in {' and '.join(left)}"] if left else []
    return " and ".join(words) or "the groups as they were"


def _place_words(place: PlaceTold, zone: str) -> str:
    start = start_words(place.starts_at, zone)
    return f"{place.resource_name}, {start} to {end_words(place.starts_at, place.ends_at, zone)}"


def _units(quantity: int) -> str:
    return "1 unit" if quantity == 1 else f"{quantity} units"
