"""The result of a round in the words and figures that its pages show."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup

from api.pages.plots import Bar, bar_plot
from api.pages.wording import figure
from booking.queries.round_pages import RoundShown

PERCENT: Final = 100
SMALLEST_TOLD: Final = 0.0001


@dataclass(frozen=True, slots=True)
class Attained:
    """What a group was reserved and credited at a facility, in hours at rate 1.

    None where so few organisations are of the group that one could be told.
    """

    name: str
    reserved: float
    credited: float | None
    attainment: float | None


@dataclass(frozen=True, slots=True)
class FacilityOutcome:
    """How one facility's part of the round ended."""

    name: str
    optimal: bool
    gap: str
    groups: tuple[Attained, ...]
    plot: Markup


@dataclass(frozen=True, slots=True)
class OutcomeShown:
    """A round's result: who got how much, how good it is proven to be, and its hashes."""

    number: int
    allocated_at: datetime | None
    requests: int
    granted: int
    bookings: int
    objective: float
    bound: float
    certificate_bound: float
    gap: str
    stopped: bool
    problem_sha256: str
    result_sha256: str
    report: Mapping[str, Any]
    facilities: tuple[FacilityOutcome, ...]


def outcome_shown(
    row: Any, shown: RoundShown, *, others: int = 0, hidden: Collection[tuple[str, str]] = ()
) -> OutcomeShown:
    """Read a stored result; `others` are requests decided without the engine.

    `hidden` are the facilities and groups (id and key) too small to be told about.
    """
    return outcome_of(
        json.loads(row.result),
        shown,
        number=row.number,
        at=row.allocated_at,
        others=others,
        hidden=hidden,
    )


def outcome_of(
    result: Mapping[str, Any],
    shown: RoundShown,
    *,
    number: int = 0,
    at: datetime | None = None,
    others: int = 0,
    hidden: Collection[tuple[str, str]] = (),
) -> OutcomeShown:
    """Read a result, of a preview too."""
    granted = len({each["request"] for each in result["bookings"]})
    refused = sum(not each["granted"] for each in result["decisions"])
    return OutcomeShown(
        number=number,
        allocated_at=at,
        requests=granted + refused + others,
        granted=granted,
        bookings=len(result["bookings"]),
        objective=result["objective"],
        bound=result["bound"],
        certificate_bound=result["certificate_bound"],
        gap=gap_words(result["gap"]),
        stopped=result["stopped"],
        problem_sha256=result["problem_sha256"],
        result_sha256=result["result_sha256"],
        report=result["report"],
        facilities=tuple(_facility(each, shown, hidden) for each in result["facilities"]),
    )


def gap_words(gap: float) -> str:
    """Say how far a timetable may be from the best there could be."""
    if gap <= 0:
        return "proved the best possible"
    if gap < SMALLEST_TOLD:
        return "at most 0.01 % below the best possible"
    return f"at most {gap * PERCENT:.2g} % below the best possible"


def _facility(
    found: Mapping[str, Any], shown: RoundShown, hidden: Collection[tuple[str, str]]
) -> FacilityOutcome:
    names = {str(each.facility_id): each.name for each in shown.facts.facilities}
    words = {each.key: each.name for each in shown.groups}
    groups = tuple(
        Attained(
            words.get(key, key),
            each["reserved"],
            None if (found["id"], key) in hidden else each["credited"],
            None if (found["id"], key) in hidden else each["attainment"],
        )
        for key, each in found["groups"].items()
    )
    name = names.get(found["id"], found["id"])
    return FacilityOutcome(
        name=name,
        optimal=found["proved_optimal"],
        gap=gap_words(0.0 if found["proved_optimal"] else found["gap"]),
        groups=groups,
        plot=_plot(f"attained-{found['id']}", name, groups),
    )


def _hours(group: Attained) -> str:
    used = "too few to show" if group.credited is None else figure(group.credited, 1)
    return f"{used} of {figure(group.reserved, 1)} h"


def _plot(key: str, name: str, groups: tuple[Attained, ...]) -> Markup:
    bars = [
        Bar(
            each.name,
            each.attainment if each.reserved else None,
            _hours(each),
            target=1.0 if each.reserved else None,
        )
        for each in groups
    ]
    summary = "; ".join(f"{each.label}: {each.words}" for each in bars)
    return bar_plot(key, f"Reserved hours used at {name}", summary, bars)
