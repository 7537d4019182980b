"""What a tried policy would do, in the words and figures that its page shows."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from string import ascii_uppercase
from typing import Any, Final

from api.pages.declaring import KINDS
from api.pages.outcomes import PERCENT, gap_words
from api.pages.wording import figure

MOST_SHOWN: Final = 30
A_HAIR: Final = 5e-5
KIND_WORDS: Final = {str(kind): words for kind, words in KINDS}

Worded = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure today and under the tried policy, and the difference, in words."""

    label: str
    today: str
    tried: str
    change: str


@dataclass(frozen=True, slots=True)
class Affected:
    """A request that gains or loses a place, under a letter; hours at rate 1."""

    id: str
    letter: str
    kind: str
    groups: str
    hours: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requests of a kind of organisation, or of a group, gain and lose a place."""

    label: str
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class TrialShown:
    """A trial's answer; `moved` requests keep a place, at another time or elsewhere."""

    figures: tuple[Compared, ...]
    groups: tuple[tuple[str, tuple[Compared, ...]], ...]
    places: tuple[Compared, ...]
    gained: tuple[Affected, ...]
    lost: tuple[Affected, ...]
    counts: Mapping[str, int]
    by_kind: tuple[Tally, ...]
    by_group: tuple[Tally, ...]
    certainty: str
    stopped: bool


def summary_of(answer: Mapping[str, Any]) -> str:
    """Say in one line what a tried policy does."""
    counts, price = answer["difference"]["counts"], answer["tried"]["report"]["price_of_fairness"]
    return (
        f"{counts['gained']} gain a place, {counts['lost']} lose one; price of fairness "
        f"{_share(price)}"
    )


def trial_shown(
    answer: Mapping[str, Any], names: Mapping[str, str], places: Mapping[str, str]
) -> TrialShown:
    """Put an answer into words; `names` are those of groups, `places` of facilities."""
    found = answer["difference"]
    letters = _letters(chain(found["lost"], found["gained"]))
    return TrialShown(
        figures=tuple(_figures(answer)),
        groups=tuple(_groups(answer, names)),
        places=tuple(_places(answer, names, places)),
        gained=_affected(found["gained"], answer["kinds"], names, letters),
        lost=_affected(found["lost"], answer["kinds"], names, letters),
        counts=found["counts"],
        by_kind=_tallies(found, lambda each: [_kind(each, answer["kinds"])]),
        by_group=_tallies(found, lambda each: _named(each, names) or ["No group"]),
        certainty=_certainty(answer["today"]["gap"], answer["tried"]["gap"]),
        stopped=answer["stopped"],
    )


def _certainty(today: float, tried: float) -> str:
    if today <= 0 and tried <= 0:
        return (
            "Both timetables are proved the best possible, so what differs is the policy's doing."
        )
    return (
        f"The timetable of the policy in force is {gap_words(today)}, that of the tried one "
        f"{gap_words(tried)}; what differs by less than that may be chance."
    )


def _share(value: float) -> str:
    return f"{value * PERCENT:.1f} %"


def _plain(value: float) -> str:
    return figure(value)


def _hours(value: float) -> str:
    return f"{figure(value, 1)} h"


def _index(value: float) -> str:
    return f"{value:.3f}"


def compared(label: str, today: float, tried: float, worded: Worded) -> Compared:
    """Say a figure twice, and how the second differs from the first."""
    change = tried - today
    if abs(change) < A_HAIR or worded(abs(change)) == worded(0.0):
        return Compared(label, worded(today), worded(tried), "the same")
    sign = "+" if change > 0 else "\u2212"
    return Compared(label, worded(today), worded(tried), f"{sign}{worded(abs(change))}")


def _figures(answer: Mapping[str, Any]) -> Iterable[Compared]:
    today, tried = answer["today"], answer["tried"]
    first, second = today["report"], tried["report"]
    points = answer["difference"]["points"]
    yield compared("Requests with a place", today["granted"], tried["granted"], _plain)
    yield compared("Bookings", today["bookings"], tried["bookings"], _plain)
    yield compared("Points for merit", points["before"], points["after"], _plain)
    price, bounds = "price_of_fairness", "price_of_fairness_bounds"
    yield compared("Price of fairness", first[price], second[price], _share)
    proved, also_proved = _interval(first[bounds]), _interval(second[bounds])
    yield Compared("Price of fairness, proved", proved, also_proved, "")
    yield from _lowest(answer)
    yield compared("Utilisation", first["utilisation"], second["utilisation"], _share)
    yield compared("Mean merit", first["mean_merit"], second["mean_merit"], _plain)
    yield compared("Evenness (Jain)", first["jain"], second["jain"], _index)
    yield compared("Inequality (Gini)", first["gini"], second["gini"], _index)


def _interval(bounds: Sequence[float]) -> str:
    low, high = bounds
    return f"{low * PERCENT:.1f} to {high * PERCENT:.1f} %"


def _groups(
    answer: Mapping[str, Any], names: Mapping[str, str]
) -> Iterable[tuple[str, tuple[Compared, ...]]]:
    """Say of each group what is reserved, used, and attained, over all facilities."""
    offered = sum(answer["offered"].values()) or 1.0
    for each in answer["difference"]["network"]:
        credit, held = each["credited"], each["held"]
        yield (
            names.get(each["group"], each["group"]),
            (
                _shift("Reserved", each["reserved"], _hours),
                _shift("Reserved and used", credit, _hours),
                _attained(each),
                compared(
                    "Used, of all hours",
                    credit["before"] / offered,
                    credit["after"] / offered,
                    _share,
                ),
                _shift("All hours of its members", held, _hours),
            ),
        )


def _places(
    answer: Mapping[str, Any], names: Mapping[str, str], places: Mapping[str, str]
) -> Iterable[Compared]:
    """Say what is attained of each group's reserve at each facility, where there are several."""
    if len(answer["offered"]) < 2:  # noqa: PLR2004 - one is the whole
        return
    for each in answer["difference"]["groups"]:
        found, name = _attained(each), names.get(each["group"], each["group"])
        yield replace(found, label=f"{places.get(each['facility'], each['facility'])}: {name}")


def _lowest(answer: Mapping[str, Any]) -> Iterable[Compared]:
    """Say the lowest attainment of any group at any facility; nothing where none is reserved."""
    shifts = answer["difference"]["groups"]
    sides = [
        [each["attainment"][side] for each in shifts if each["reserved"][side]]
        for side in ("before", "after")
    ]
    if all(sides):
        yield compared("Lowest attainment", min(sides[0]), min(sides[1]), _share)


def _attained(group: Mapping[str, Any]) -> Compared:
    """Say what part of the reserve is used; nothing where nothing is reserved."""
    found = _shift("Attained", group["attainment"], _share)
    before, after = (group["reserved"][side] for side in ("before", "after"))
    if before and after:
        return found
    none = "none reserved"
    return Compared(
        found.label, found.today if before else none, found.tried if after else none, ""
    )


def _shift(label: str, shift: Mapping[str, float], worded: Worded) -> Compared:
    return compared(label, shift["before"], shift["after"], worded)


def _affected(
    shifts: Iterable[Mapping[str, Any]],
    kinds: Mapping[str, str],
    names: Mapping[str, str],
    letters: Mapping[str, str],
) -> tuple[Affected, ...]:
    return tuple(
        Affected(
            id=each["request"],
            letter=letters[each["request"]],
            kind=_kind(each, kinds),
            groups=", ".join(_named(each, names)) or "no group",
            hours=_hours(max(each["credits"]["before"], each["credits"]["after"])),
        )
        for each in list(shifts)[:MOST_SHOWN]
    )


def _kind(shift: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    known = kinds.get(shift["organisation"], "")
    return KIND_WORDS.get(known, known)


def _named(shift: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    return [names.get(key, key) for key in shift["groups"]]


def _tallies(
    found: Mapping[str, Any], labels_of: Callable[[Mapping[str, Any]], list[str]]
) -> tuple[Tally, ...]:
    """Count who gains and who loses under each label, by label."""
    gained, lost = (
        Counter(label for each in found[name] for label in labels_of(each))
        for name in ("gained", "lost")
    )
    return tuple(Tally(label, gained[label], lost[label]) for label in sorted({*gained, *lost}))


def _letters(shifts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Name requests A, B, ... Z, AA, in the order given."""
    found: dict[str, str] = {}
    for each in shifts:
        found.setdefault(each["request"], _letter(len(found)))
    return found


def _letter(number: int) -> str:
    rest, at = divmod(number, len(ascii_uppercase))
    return (_letter(rest - 1) if rest else "") + ascii_uppercase[at]
