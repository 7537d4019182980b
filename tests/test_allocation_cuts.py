"""Laws of cuts: each is kept by every timetable, and broken by the relaxation it is made for."""

import tracemalloc
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from booking.engine.allocation.blocks import Block, blocks_of
from booking.engine.allocation.branching import Branching
from booking.engine.allocation.cliques import broken_cliques
from booking.engine.allocation.components import split
from booking.engine.allocation.conflicts import Conflicts
from booking.engine.allocation.covers import Knapsack, broken_covers, knapsacks_of
from booking.engine.allocation.cuts import CrossingCutError, Cut, within
from booking.engine.allocation.model import Task, build, task_of
from booking.engine.allocation.placements import Floats, Mask, compile_problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.stopping import stopped_by
from booking.engine.allocation.tightening import Tightening
from tests.strategies_allocation import Size, drawn_round

CROWDED = Size(facilities=1, resources=6, requests=50, days=4, spread=8, cap_share=0.3, pools=0.4)


HUGE = Size(facilities=1, resources=8, requests=380, days=12, spread=40, cap_share=0.3, pools=0.2)


def crowded_task(seed: int, size: Size = CROWDED) -> Task:
    compiled = compile_problem(read_problem(drawn_round(seed, size)))
    return task_of(compiled, split(compiled)[0])


def relaxed_values(task: Task) -> Floats:
    costs = build(task).top_ups.copy()
    costs[: len(task)] = task.points
    relaxed = Branching(build(task), None, exact=False).relax(costs)
    assert relaxed is not None
    return relaxed.values[: len(task)]


def excluding_of(task: Task) -> Mask:
    return Conflicts(task).among(np.arange(len(task)))


def most_of(task: Task, columns: list[int], values: list[float]) -> float:
    """Say how much these columns add up to at most in any timetable; -1 where there is none."""
    model = build(task)
    costs = np.zeros(model.lp.num_col_)
    costs[columns] = values
    found = Branching(model, None, exact=True).branch(costs, 0.0)
    assert found.optimal
    return float(costs @ found.values)


def shut_out(task: Task, one: int, other: int) -> bool:
    """Say whether two placements cannot both be chosen, whatever else is."""
    if task.request[one] == task.request[other]:
        return bool(task.session[one] == task.session[other])
    units = int(task.quantity[one] + task.quantity[other])
    return bool(
        task.resource[one] == task.resource[other]
        and task.start[one] < task.end[other]
        and task.start[other] < task.end[one]
        and units > task.capacity[task.resource[one]]
    )


@pytest.mark.parametrize("seed", range(4))
def test_of_two_in_conflict_no_timetable_has_both(seed: int) -> None:
    task = crowded_task(seed)
    excluding = excluding_of(task)
    assert (excluding == excluding.T).all()
    implied = [
        (int(one), int(other))
        for one, other in zip(*np.nonzero(np.triu(excluding)), strict=True)
        if not shut_out(task, int(one), int(other))
    ]
    assert implied
    for one, other in implied[:: max(1, len(implied) // 25)]:
        assert most_of(task, [one, other], [1.0, 1.0]) <= 1 + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_every_pair_that_shuts_out_by_itself_is_in_conflict(seed: int) -> None:
    task = crowded_task(seed)
    excluding = excluding_of(task)
    for one, other in combinations(range(0, len(task), 3), 2):
        if shut_out(task, one, other):
            assert excluding[one, other]


def test_a_hopeless_placement_is_in_no_timetable() -> None:
    found = 0
    for seed in range(6):
        task = crowded_task(seed)
        hopeless = np.flatnonzero(Conflicts(task).hopeless).tolist()
        found += len(hopeless)
        if hopeless:
            assert most_of(task, hopeless, [1.0] * len(hopeless)) == pytest.approx(0.0, abs=1e-6)
    assert found


def test_of_a_clique_no_two_fit_together_and_nothing_more_can_join() -> None:
    found = 0
    for seed in range(40):
        task = crowded_task(seed)
        values, excluding = relaxed_values(task), excluding_of(task)
        for cut in broken_cliques(excluding, values):
            found += 1
            assert cut.most == 1.0
            assert values[cut.columns].sum() > 1
            assert all_excluded(excluding, cut)
            outside = np.setdiff1d(np.arange(len(task)), cut.columns)
            assert not excluding[np.ix_(outside, cut.columns)].all(axis=1).any()
    assert found > 5


def all_excluded(excluding: Mask, cut: Cut) -> bool:
    among = excluding[np.ix_(cut.columns, cut.columns)] | np.eye(len(cut.columns), dtype=bool)
    return bool(among.all())


def test_a_cover_is_broken_by_the_relaxation_and_kept_by_every_timetable() -> None:
    found = 0
    for seed in range(8):
        task = crowded_task(seed)
        values = relaxed_values(task)
        for cut in broken_covers(knapsacks_of(task), values)[:6]:
            found += 1
            assert float(cut.values @ values[cut.columns]) > cut.most
            most = most_of(task, cut.columns.tolist(), cut.values.tolist())
            assert most <= cut.most + 1e-6
    assert found > 5


def held(*values: float) -> Floats:
    return np.array(values)


def test_cover__three_of_four_units_each_of_ten__two_at_most() -> None:
    pool = Knapsack(np.arange(3), np.arange(3), np.array([4, 4, 4]), 10)
    (cut,) = broken_covers([pool], held(0.9, 0.8, 0.8))
    assert cut.columns.tolist() == [0, 1, 2]
    assert cut.values.tolist() == [1.0, 1.0, 1.0]
    assert cut.most == 2.0


def test_cover__units_exactly_those_there_are__no_cut() -> None:
    pool = Knapsack(np.arange(3), np.arange(3), np.array([4, 4, 2]), 10)
    assert broken_covers([pool], held(0.9, 0.9, 0.9)) == []


def test_cover__an_item_as_large_as_the_pool__is_lifted_to_what_it_shuts_out() -> None:
    pool = Knapsack(np.arange(4), np.arange(4), np.array([4, 4, 4, 10]), 10)
    (cut,) = broken_covers([pool], held(0.8, 0.8, 0.7, 0.1))
    assert cut.values.tolist() == [1.0, 1.0, 1.0, 2.0]


def test_cover__two_placements_of_one_session__are_one_item() -> None:
    pool = Knapsack(np.arange(4), np.array([0, 0, 1, 2]), np.array([4, 4, 4]), 10)
    (cut,) = broken_covers([pool], held(0.5, 0.4, 0.8, 0.8))
    assert cut.columns.tolist() == [0, 1, 2, 3]
    assert cut.most == 2.0


def test_cliques__two_as_much_broken__the_one_of_the_first_columns_comes_first() -> None:
    excluding = np.kron(np.eye(2, dtype=bool), np.ones((3, 3), dtype=bool))
    np.fill_diagonal(excluding, val=False)
    # In binary fractions the first three add up to a little less than the others.
    cuts = broken_cliques(excluding, held(0.6, 0.3, 0.2, 0.5, 0.4, 0.2))
    assert [cut.columns.tolist() for cut in cuts] == [[0, 1, 2], [3, 4, 5]]


def test_covers__two_as_much_broken__the_one_of_the_first_step_comes_first() -> None:
    values = held(0.95, 0.95, 0.7, 0.9, 0.9, 0.8)
    first, second = (Knapsack(np.arange(3) + at, np.arange(3), np.full(3, 4), 10) for at in (0, 3))
    cuts = broken_covers([first, second], values)
    assert [cut.columns.tolist() for cut in cuts] == [[0, 1, 2], [3, 4, 5]]


def test_cover__units_in_billions__is_that_of_their_common_measure() -> None:
    task = pooled_task()
    many = replace(task, quantity=task.quantity * 10**8, capacity=task.capacity * 10**8 + 7)
    values = relaxed_values(task)
    cuts, same = (broken_covers(knapsacks_of(one), values) for one in (task, many))
    assert cuts
    for one, other in zip(cuts, same, strict=True):
        assert (one.columns.tolist(), one.most) == (other.columns.tolist(), other.most)
        assert one.values.tolist() == other.values.tolist()


@pytest.mark.parametrize(("units", "looked"), [(1000, True), (1001, False), (10**9, False)])
def test_cover__a_pool_of_more_units_than_are_worth_their_time__is_left_out(
    units: int,
    looked: bool,  # noqa: FBT001 - one column of the table above
) -> None:
    task = pooled_task()
    pools = task.capacity > 1
    sure = replace(
        task,
        capacity=np.where(pools, units, 1),
        quantity=np.where(pools[task.resource], units - 1 - np.arange(len(task)) % 2, 1),
    )
    assert bool(knapsacks_of(sure)) is looked


def pooled_task() -> Task:
    task = crowded_task(5)
    assert broken_covers(knapsacks_of(task), relaxed_values(task))
    return task


def test_conflicts_among_some__are_those_among_all() -> None:
    task = crowded_task(1)
    every = excluding_of(task)
    for some in (np.arange(0, len(task), 3), np.arange(len(task) // 2, len(task))):
        found = Conflicts(task).among(some)
        assert (found == every[np.ix_(some, some)]).all()
        assert found.any()


def test_tighten__a_block_of_17_000_placements__takes_little_memory_and_no_wrong_pairs() -> None:
    task = crowded_task(3, HUGE)
    assert len(task) > 17_000
    blocks = blocks_of(task)
    values = np.where(np.arange(len(task)) % 25, 0.0, 0.5)
    tracemalloc.start()
    try:
        cuts = Tightening(task, blocks).broken(values)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 150_000_000
    assert cuts
    conflicts = Conflicts(task)
    for cut in cuts[:20]:
        among = conflicts.among(cut.columns)
        assert cut.most != 1 or (among | np.eye(len(among), dtype=bool)).all()


def test_tighten__a_block_larger_than_can_be_kept__breaks_as_much_as_if_it_could() -> None:
    task = crowded_task(1)
    values, block = relaxed_values(task), blocks_of(task)[:1]
    telling = int(((values > 0) & (values < 1)).sum())
    whole, less = (broken_by(task, block, values, most) for most in (len(task), telling))
    assert less == pytest.approx(whole)
    assert whole > 0


def broken_by(task: Task, blocks: tuple[Block, ...], values: Floats, most: int) -> float:
    cuts = Tightening(task, blocks, most=most).broken(values)
    return sum(float(cut.values @ values[cut.columns]) - cut.most for cut in cuts)


def test_tighten__nothing_is_fractional__finds_nothing() -> None:
    task = crowded_task(5)
    assert Tightening(task, blocks_of(task)).broken(np.ones(len(task))) == []


def test_tighten__a_stop_is_asked__looks_at_no_more_blocks() -> None:
    task = crowded_task(5)
    values = relaxed_values(task)
    tightening = Tightening(task, blocks_of(task))
    with stopped_by(lambda: True):
        assert tightening.broken(values) == []
    assert tightening.broken(values)


def test_within__a_cut_across_two_blocks__is_refused() -> None:
    across = Cut(np.array([3, 4]), np.ones(2), 1.0)
    with pytest.raises(CrossingCutError, match="crosses blocks"):
        within([across], np.array([3, 5, 8]))


def test_within__keeps_the_cuts_of_these_columns_alone() -> None:
    mine = Cut(np.array([3, 5]), np.ones(2), 1.0)
    others = Cut(np.array([4, 6]), np.ones(2), 1.0)
    (kept,) = within([mine, others], np.array([3, 5, 8]))
    assert kept.columns.tolist() == [0, 1]


def test_branch__with_cuts__finds_the_same_optimum() -> None:
    task = crowded_task(2)
    model, costs = build(task), build(task).top_ups.copy()
    costs[: len(task)] = task.points
    values = relaxed_values(task)
    cuts = broken_cliques(excluding_of(task), values)
    plain = Branching(model, None, exact=True).branch(costs, 0.0)
    cut = Branching(model, None, exact=True).branch(costs, 0.0, cuts=cuts)
    assert cut.optimal
    assert cut.bound == pytest.approx(plain.bound, abs=1e-3)
