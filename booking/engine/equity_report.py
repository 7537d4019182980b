"""The transparency report: every figure from what was shared out, small cells left out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from booking.engine.equity_facts import NONE, Answered, RoundShared, Shared, Wish
from booking.engine.equity_figures import (
    at,
    by_organisation,
    gini,
    herfindahl,
    jain,
    largest_share,
    median_days,
    points_per_hour,
    price_of_fairness,
    ratio,
    success_rate,
)
from booking.engine.suppression import (
    EVERYONE,
    SMALLEST_CELL,
    Presence,
    Published,
    publishable,
)

Figure = Fraction | None


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the rounds that is reported on: one facility or all, some rounds or all.

    `slugs` are the rounds of the period; None where that is every round there is.
    """

    facility: str | None = None
    slugs: frozenset[str] | None = None

    def holds(self, each: RoundShared) -> bool:
        """Say whether the round is of the period."""
        return self.slugs is None or each.slug in self.slugs


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What a group was promised, asked for and got; `suppressed` leaves its own figures None."""

    key: str
    suppressed: bool
    reserved: Fraction
    target: Figure
    organisations: int | None = None
    requests: int | None = None
    credited: Figure = None
    attainment: Figure = None
    share: Figure = None
    member_share: Figure = None
    asked_share: Figure = None
    demand_met: Figure = None
    success: Figure = None
    median_days: Figure = None


@dataclass(frozen=True, slots=True)
class CommonFigures:
    """What concerns everyone of a part of the report; None where they are too few."""

    suppressed: bool
    offered: Fraction
    requests: int | None = None
    organisations: int | None = None
    allocated: Figure = None
    utilisation: Figure = None
    success: Figure = None
    median_days: Figure = None
    jain: Figure = None
    gini: Figure = None
    largest_share: Figure = None
    herfindahl: Figure = None
    mean_merit: Figure = None
    mean_merit_by_merit: Figure = None
    price: Figure = None
    price_low: Figure = None
    price_high: Figure = None
    points_per_hour: Figure = None
    points_per_hour_by_merit: Figure = None


@dataclass(frozen=True, slots=True)
class Part:
    """One facility or one round of the report, by its id or slug."""

    key: str
    common: CommonFigures
    groups: tuple[GroupFigures, ...]


@dataclass(frozen=True, slots=True)
class LeastAttained:
    """The reserve that was filled least, of those that members asked for and may be shown."""

    facility: str
    group: str
    attainment: Fraction


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report on a selection of rounds."""

    whole: Part
    facilities: tuple[Part, ...]
    rounds: tuple[Part, ...]
    least: LeastAttained | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a part of the report is worked out from."""

    chosen: Selection
    shared: list[Shared]
    answered: list[Answered]
    offered: Fraction
    allocated: Fraction
    asked: Fraction


class Reporter:
    """Works out figures of any part of the rounds, by one decision on what may be shown.

    That decision is made on all rounds there are, whatever is asked for, so that what one
    selection hides no other gives away.
    """

    def __init__(self, rounds: Sequence[RoundShared], groups: Sequence[str]) -> None:
        self.rounds = rounds
        self.groups = groups
        self.places = sorted({each.facility for one in rounds for each in one.shared})
        self.published = what_may_be_shown(rounds)
        self._asking = {each.slug: _by_facility(each.answered) for each in rounds}

    def report(self, chosen: Selection) -> Report:
        """Report on a selection: as a whole, by facility, and round by round.

        Cost: a few passes over its requests for each group; seconds for 50,000 of them.
        """
        facilities = self.places if chosen.facility is None else [chosen.facility]
        by_facility = tuple(self.part(each, Selection(each, chosen.slugs)) for each in facilities)
        by_round = tuple(
            self.part(each.slug, Selection(chosen.facility, frozenset({each.slug})))
            for each in self.rounds
            if chosen.holds(each)
        )
        whole = self.part("", chosen)
        return Report(whole, by_facility, by_round, _least(by_facility))

    def part(self, key: str, chosen: Selection) -> Part:
        """Work out all figures of a part."""
        rounds = [each for each in self.rounds if chosen.holds(each)]
        scene = self._scene(rounds, chosen)
        groups = tuple(self._group(each, scene) for each in self.groups)
        return Part(key, self._common(rounds, scene), groups)

    def _scene(self, rounds: Sequence[RoundShared], chosen: Selection) -> _Scene:
        place = chosen.facility
        shared = [each for one in rounds for each in one.shared if place in {None, each.facility}]
        answered = [
            each
            for one in rounds
            for each in (one.answered if place is None else self._asking[one.slug].get(place, ()))
        ]
        return _Scene(
            chosen=chosen,
            shared=shared,
            answered=answered,
            offered=sum((each.offered for each in shared), NONE),
            allocated=sum((each.allocated for each in shared), NONE),
            asked=_got(answered, place)[1],
        )

    def _shows(self, group: str, chosen: Selection) -> bool:
        facility = None if len(self.places) == 1 else chosen.facility
        there = (each for each in self.rounds if facility is None or facility in _places(each))
        every = chosen.slugs is None or all(each.slug in chosen.slugs for each in there)
        return self.published.shows(
            group, facility=facility, rounds=None if every else chosen.slugs
        )

    def _common(self, rounds: Sequence[RoundShared], scene: _Scene) -> CommonFigures:
        answered, allocated = scene.answered, scene.allocated
        whose = by_organisation(answered, scene.chosen.facility)
        if len(whose) < SMALLEST_CELL or not self._shows(EVERYONE, scene.chosen):
            return CommonFigures(suppressed=True, offered=scene.offered)
        given = [got for _, got in whose.values()]
        met = [got / asked for asked, got in whose.values() if asked]
        judged = [each.judged for each in rounds]
        price = price_of_fairness(judged) or (None, None, None)
        points = points_per_hour(judged) or (None, None)
        return CommonFigures(
            suppressed=False,
            offered=scene.offered,
            requests=len(answered),
            organisations=len(whose),
            allocated=allocated,
            utilisation=ratio(allocated, scene.offered),
            success=success_rate(answered),
            median_days=median_days(each.waited_seconds for each in answered),
            jain=jain(met),
            gini=gini(met),
            largest_share=largest_share(given),
            herfindahl=herfindahl(given),
            mean_merit=_mean_merit(rounds),
            mean_merit_by_merit=_mean_merit_alone(rounds),
            price=price[0],
            price_low=price[1],
            price_high=price[2],
            points_per_hour=points[0],
            points_per_hour_by_merit=points[1],
        )

    def _group(self, key: str, scene: _Scene) -> GroupFigures:
        with_group = [each for each in scene.shared if key in each.reserved]
        reserved = sum((each.reserved[key] for each in with_group), NONE)
        target = ratio(reserved, sum((each.offered for each in with_group), NONE))
        members = [each for each in scene.answered if key in each.groups]
        whose = {each.organisation for each in members}
        if len(whose) in range(1, SMALLEST_CELL) or not self._shows(key, scene.chosen):
            return GroupFigures(key, suppressed=True, reserved=reserved, target=target)
        credited = sum((each.credited.get(key, NONE) for each in scene.shared), NONE)
        given, asked = _got(members, scene.chosen.facility)
        return GroupFigures(
            key,
            suppressed=False,
            reserved=reserved,
            target=target,
            organisations=len(whose),
            requests=len(members),
            credited=credited,
            attainment=ratio(credited, reserved),
            share=ratio(credited, scene.allocated),
            member_share=ratio(given, scene.allocated),
            asked_share=ratio(asked, scene.asked),
            demand_met=ratio(given, asked),
            success=success_rate(members),
            median_days=median_days(each.waited_seconds for each in members),
        )


def what_may_be_shown(rounds: Iterable[RoundShared]) -> Published:
    """Decide which figures of rounds may be shown at all."""
    presences = []
    credited: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    held: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    asked: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for one in rounds:
        for each in one.shared:
            credited[EVERYONE, each.facility, one.slug] += each.allocated
            for key, amount in each.credited.items():
                credited[key, each.facility, one.slug] += amount
        presences += [
            Presence(group, facility, one.slug, each.organisation)
            for each in one.answered
            for facility in sorted(each.facilities)
            for group in (EVERYONE, *sorted(each.groups))
        ]
        for asking in one.answered:
            for group in (EVERYONE, *asking.groups):
                for facility, amount in asking.given.items():
                    held[group, facility, one.slug] += amount
                for facility, amount in asking.asked.items():
                    asked[group, facility, one.slug] += amount
    return publishable(presences, credited, (held, asked))


def waiting_for_a_wish(wishes: Iterable[Wish]) -> Figure:
    """Give the median days from a wish on a waiting list to its booking; None for too few."""
    kept = list(wishes)
    if len({each.organisation for each in kept}) < SMALLEST_CELL:
        return None
    return median_days(each.waited_seconds for each in kept)


def _places(found: RoundShared) -> set[str]:
    return {each.facility for each in found.shared}


def _by_facility(answered: Iterable[Answered]) -> dict[str, list[Answered]]:
    found: dict[str, list[Answered]] = defaultdict(list)
    for each in answered:
        for facility in each.facilities:
            found[facility].append(each)
    return dict(found)


def _got(answered: Iterable[Answered], facility: str | None) -> tuple[Fraction, Fraction]:
    """Add up what was given and what was asked for."""
    kept = list(answered)
    given = sum((at(each.given, facility) for each in kept), NONE)
    return given, sum((at(each.asked, facility) for each in kept), NONE)


def _mean_merit(rounds: Sequence[RoundShared]) -> Figure:
    """Give the mean of the rounds' mean merits, weighted by allocated credits."""
    weights: Mapping[str, Fraction] = {
        one.slug: sum((each.allocated for each in one.shared), NONE) for one in rounds
    }
    weighed = sum((weights[one.slug] * one.judged.mean_merit for one in rounds), NONE)
    return ratio(weighed, sum(weights.values(), NONE))


def _mean_merit_alone(rounds: Sequence[RoundShared]) -> Figure:
    """Give the same by merit alone; None where a round's was not kept, so that both compare."""
    kept = [one.judged.alone for one in rounds if one.judged.alone is not None]
    if len(kept) < len(rounds):
        return None
    weighed = sum((amount * mean for amount, mean in kept), NONE)
    return ratio(weighed, sum((amount for amount, _ in kept), NONE))


def _least(facilities: Iterable[Part]) -> LeastAttained | None:
    found = [
        LeastAttained(part.key, each.key, each.attainment)
        for part in facilities
        for each in part.groups
        if each.attainment is not None and each.organisations
    ]
    return min(found, key=lambda each: (each.attainment, each.facility, each.group), default=None)
