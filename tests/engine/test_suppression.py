"""Small cells stay hidden, also from somebody who reckons with all that is published."""

from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.engine.suppression import (
    EVERYONE,
    OVERALL,
    SMALLEST_CELL,
    Cell,
    Level,
    Presence,
    Published,
    publishable,
)

GROUPS = ("ldc", "sme", "startup")
FACILITIES = ("f1", "f2", "f3")
ROUNDS = ("r1", "r2")
NOBODY = "of no group"
AROUND_HALF = [(Fraction(3), True), (Fraction(299, 100), False)]
Credits = dict[tuple[str, str, str], Fraction]


def organisations(group: str, facility: str, *names: int, round_: str = "r1") -> list[Presence]:
    return [Presence(group, facility, round_, f"o{name}") for name in names]


def shown(presences: list[Presence], credited: Credits | None = None) -> Published:
    return publishable(presences, credited or {})


def test_publishable__five_organisations__shown_and_four_hidden() -> None:
    everyone = organisations("sme", "f1", *range(20))
    five = shown([*everyone, *organisations("ldc", "f1", *range(5))])
    four = shown([*everyone, *organisations("ldc", "f1", *range(4))])

    assert five.shows("ldc")
    assert not four.shows("ldc")


def test_publishable__one_small_facility__hides_the_smallest_other_too() -> None:
    found = shown(
        [
            *organisations("ldc", "f1", *range(5)),
            *organisations("ldc", "f2", *range(10, 20)),
            *organisations("ldc", "f3", 30),
            *organisations("sme", "f1", *range(40, 50)),
            *organisations("sme", "f2", *range(50, 60)),
            *organisations("sme", "f3", *range(60, 70)),
        ]
    )

    assert [found.shows("ldc", facility=each) for each in FACILITIES] == [False, True, False]
    assert found.shows("ldc")


def test_publishable__two_small_facilities_of_five_together__hides_no_more() -> None:
    found = shown(
        [
            *organisations("ldc", "f1", *range(10)),
            *organisations("ldc", "f2", 10, 11, 12),
            *organisations("ldc", "f3", 13, 14),
            *organisations("sme", "f1", *range(20, 30)),
            *organisations("sme", "f2", *range(30, 40)),
            *organisations("sme", "f3", *range(40, 50)),
        ]
    )

    assert [found.shows("ldc", facility=each) for each in FACILITIES] == [True, False, False]


def test_publishable__all_but_one_of_a_group_in_another__hides_the_smaller() -> None:
    found = shown(
        [
            *organisations("sme", "f1", *range(10)),
            *organisations("startup", "f1", *range(9)),
            *organisations("ldc", "f1", *range(20, 30)),
        ]
    )

    assert (found.shows("sme"), found.shows("startup")) == (True, False)


def test_publishable__all_but_four_of_everyone__hides_the_group() -> None:
    of_all_but_five = organisations("sme", "f1", *range(10)) + organisations("x", "f1", *range(15))
    of_all_but_four = organisations("sme", "f1", *range(11)) + organisations("x", "f1", *range(15))

    assert shown(of_all_but_five).shows("sme")
    assert not shown(of_all_but_four).shows("sme")


@pytest.mark.parametrize(("all_hours", "is_shown"), [(26, True), (25, False)])
def test_publishable__hours_left_over_for_a_hidden_group__are_twice_its_own(
    all_hours: int,
    is_shown: bool,  # noqa: FBT001
) -> None:
    presences = [
        *organisations("sme", "f1", *range(10)),
        *organisations("ldc", "f1", 20, 21),
        *organisations("other", "f1", *range(30, 40)),
    ]
    credited = {
        (EVERYONE, "f1", "r1"): Fraction(all_hours),
        ("sme", "f1", "r1"): Fraction(20),
        ("ldc", "f1", "r1"): Fraction(3),
    }

    assert shown(presences, credited).shows("sme") is is_shown


def test_publishable__nobody__shows_all() -> None:
    assert shown([]).shows("ldc", facility="f1", rounds=["r1"])


def test_publishable__a_facility_in_a_part_of_the_time__needs_every_such_cell() -> None:
    even = [
        Presence(group, facility, round_, f"{group}{facility}{round_}{number}")
        for group in ("sme", "ldc")
        for facility in FACILITIES
        for round_ in ROUNDS
        for number in range(5)
    ]

    assert shown(even).shows("sme", facility="f1", rounds=["r1"])
    thinner = even[1:]
    assert shown(thinner).shows("sme", facility="f1")
    assert not shown(thinner).shows("sme", facility="f1", rounds=["r1"])


def two_rounds(others: list[Presence] | None = None) -> list[Presence]:
    """Let twenty ask in a first round and seven in a second, of which eight and two are of ldc."""
    return [
        *organisations("ldc", "f1", *range(8)),
        *organisations(EVERYONE, "f1", *range(20)),
        *organisations("ldc", "f1", 0, 1, round_="r2"),
        *organisations(EVERYONE, "f1", *range(7), round_="r2"),
        *(others or []),
    ]


def seen(found: Published, group: str) -> list[bool]:
    return [found.shows(group), *(found.shows(group, rounds=[each]) for each in ROUNDS)]


def test_publishable__small_second_round__hides_both_rounds_and_not_their_sum() -> None:
    credited = {
        (EVERYONE, "f1", "r1"): Fraction(100),
        ("ldc", "f1", "r1"): Fraction(40),
        (EVERYONE, "f1", "r2"): Fraction(12),
        ("ldc", "f1", "r2"): Fraction(3),
    }
    assert seen(shown(two_rounds(), credited), "ldc") == [True, False, False]


@pytest.mark.parametrize(
    ("all_hours", "is_shown"), [(Fraction(3), True), (Fraction(29, 10), False)]
)
def test_publishable__first_round_all_one_groups__sum_needs_room_in_the_second(
    all_hours: Fraction,
    is_shown: bool,  # noqa: FBT001
) -> None:
    # What the second round leaves for others is all the span that its two hours have.
    credited = {
        (EVERYONE, "f1", "r1"): Fraction(40),
        ("ldc", "f1", "r1"): Fraction(40),
        (EVERYONE, "f1", "r2"): all_hours,
        ("ldc", "f1", "r2"): Fraction(2),
    }
    assert seen(shown(two_rounds(), credited), "ldc") == [is_shown, False, False]


@pytest.mark.parametrize(
    ("all_hours", "is_shown"), [(Fraction(3), True), (Fraction(29, 10), False)]
)
def test_publishable__hours_that_members_hold__need_the_same_room(
    all_hours: Fraction,
    is_shown: bool,  # noqa: FBT001
) -> None:
    held = {
        (EVERYONE, "f1", "r1"): Fraction(40),
        ("ldc", "f1", "r1"): Fraction(40),
        (EVERYONE, "f1", "r2"): all_hours,
        ("ldc", "f1", "r2"): Fraction(2),
    }
    found = publishable(two_rounds(), {}, [held])
    assert seen(found, "ldc") == [is_shown, False, False]


@pytest.mark.parametrize(("all_hours", "is_shown"), [(28, True), (27, False)])
def test_publishable__first_round_a_secret_too__sum_needs_room_for_both(
    all_hours: int,
    is_shown: bool,  # noqa: FBT001
) -> None:
    # What ldc leaves over in the first round has to be twice the four hours of the three
    # startups; else its own twenty are a secret, and eight hours are no room for those.
    more = [
        *organisations("startup", "f1", 10, 11, 12),
        *organisations("startup", "f1", *range(30, 40), round_="r3"),
        *organisations("startup", "f1", *range(40, 50), round_="r4"),
        *organisations(EVERYONE, "f1", *range(60, 70), round_="r3"),
        *organisations(EVERYONE, "f1", *range(60, 70), round_="r4"),
    ]
    credited = {
        (EVERYONE, "f1", "r1"): Fraction(all_hours),
        ("ldc", "f1", "r1"): Fraction(20),
        ("startup", "f1", "r1"): Fraction(4),
        (EVERYONE, "f1", "r2"): Fraction(8),
        ("ldc", "f1", "r2"): Fraction(3),
    } | {
        (group, "f1", round_): Fraction(hours)
        for round_ in ("r3", "r4")
        for group, hours in ((EVERYONE, 90), ("startup", 30))
    }
    assert shown(two_rounds(more), credited).shows("ldc") is is_shown


class Table(NamedTuple):
    """Who asked where, what each group was credited, and what its members hold."""

    presences: list[Presence]
    credited: Credits
    held: Credits


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw rounds, of which the second may be a small one; some ask for no group."""
    presences: list[Presence] = []
    credited: Credits = defaultdict(Fraction)
    held: Credits = {}
    most = {"r1": 9, "r2": draw(st.sampled_from([2, 9]))}
    for facility in FACILITIES:
        for round_ in ROUNDS:
            for group in (*GROUPS, NOBODY):
                first, count = draw(st.integers(0, 20)), draw(st.integers(0, most[round_]))
                hours = draw(st.integers(0, 40)) if count else 0
                presences += organisations(
                    group, facility, *range(first, first + count), round_=round_
                )
                credited[group, facility, round_] = Fraction(hours)
                credited[EVERYONE, facility, round_] += hours
                held[group, facility, round_] = Fraction(count)
            every = credited[EVERYONE, facility, round_]
            held[EVERYONE, facility, round_] = every
            for group in GROUPS:
                own = credited[group, facility, round_]
                more = (
                    draw(st.integers(0, int(every - own))) if held[group, facility, round_] else 0
                )
                held[group, facility, round_] = own + more
    unnamed = [each for each in presences if each.group != NOBODY]
    # Who is of no group asked all the same, and is counted with everyone.
    unnamed += [each._replace(group=EVERYONE) for each in presences if each.group == NOBODY]
    return Table(unnamed, dict(credited), held)


@given(table=tables())
@settings(max_examples=60)
def test_no_hidden_figure_can_be_reckoned_from_what_is_published(table: Table) -> None:
    found = publishable(table.presences, table.credited, [table.held])
    for attack in (Attack(found, table.credited), MembersAttack(found, table.held)):
        for cell in small_margins(found, table.presences):
            value = attack.value(cell)
            low, high = attack.interval(cell)
            if value:
                assert high - low >= float(value) / 2, (type(attack), cell, low, high, value)


def small_margins(found: Published, presences: list[Presence]) -> list[Cell]:
    """List the hidden figures of one facility or one round, or of all, that are of few."""
    return [
        cell
        for cell in found.hidden
        if cell.group != EVERYONE
        and (cell.level.facility is None or cell.level.round is None)
        and len({each.organisation for each in presences if matches(each, cell)}) < SMALLEST_CELL
    ]


def matches(each: Presence, cell: Cell) -> bool:
    return (
        cell.group in {each.group, EVERYONE}
        and cell.level.facility in {None, each.facility}
        and cell.level.round in {None, each.round}
    )


class Attack:
    """Somebody who knows every published figure, and that hours are not negative.

    An hour is credited to one group, so that those of all groups make up those of everyone.
    """

    groups = (*GROUPS, NOBODY)

    def __init__(self, found: Published, credited: Credits) -> None:
        self.credited = credited
        self.names = [
            (group, facility, round_)
            for group in self.groups
            for facility in FACILITIES
            for round_ in ROUNDS
        ]
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        self.solver.setOptionValue("output_flag", False)
        for _ in self.names:
            self.solver.addVar(0, highspy.kHighsInf)
        for cell in self.published(found):
            value, columns = float(self.value(cell)), np.array(self.columns(cell), np.int32)
            self.solver.addRow(value, value, len(columns), columns, np.ones(len(columns)))
        self.know_more()

    def know_more(self) -> None:
        """Add what is known beside the figures."""

    def published(self, found: Published) -> list[Cell]:
        levels = [OVERALL]
        levels += [Level(each, None) for each in FACILITIES]
        levels += [Level(None, each) for each in ROUNDS]
        if found.crossed:
            levels += [Level(one, other) for one in FACILITIES for other in ROUNDS]
        cells = [Cell(group, level) for group in (*GROUPS, EVERYONE) for level in levels]
        return [
            cell
            for cell in cells
            if found.shows(
                cell.group,
                facility=cell.level.facility,
                rounds=None if cell.level.round is None else [cell.level.round],
            )
        ]

    def columns(self, cell: Cell) -> list[int]:
        return [
            at
            for at, (group, facility, round_) in enumerate(self.names)
            if self.counts(cell.group, group)
            and cell.level.facility in {None, facility}
            and cell.level.round in {None, round_}
        ]

    def counts(self, of: str, group: str) -> bool:
        """Say whether hours of a group count in a figure of another."""
        return of in {group, EVERYONE}

    def value(self, cell: Cell) -> Fraction:
        names = [self.names[at] for at in self.columns(cell)]
        return sum((self.credited[each] for each in names), Fraction(0))

    def interval(self, cell: Cell) -> tuple[float, float]:
        return self.optimum(cell, 1), self.optimum(cell, -1)

    def optimum(self, cell: Cell, sign: int) -> float:
        for at in range(len(self.names)):
            self.solver.changeColCost(at, 0)
        for at in self.columns(cell):
            self.solver.changeColCost(at, sign)
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded:
            return float("inf")
        assert status in {
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        }
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            return float("inf")
        return sign * float(self.solver.getInfo().objective_function_value)


class MembersAttack(Attack):
    """The same on hours that count for each group, of which none has more than everyone."""

    groups = (*GROUPS, EVERYONE)

    def counts(self, of: str, group: str) -> bool:
        return of == group

    def know_more(self) -> None:
        for at, (_, facility, round_) in enumerate(self.names):
            every = self.names.index((EVERYONE, facility, round_))
            if at != every:
                pair = np.array([at, every], np.int32)
                self.solver.addRow(-highspy.kHighsInf, 0, 2, pair, np.array([1.0, -1.0]))
