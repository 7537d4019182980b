import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children

import pytest

from booking.engine.allocation.problem import Problem, read_problem
from booking.engine.allocation.progress import Progress
from booking.engine.allocation.run import allocate
from booking.engine.allocation.schedule import Effort, Runner, runner, worthwhile_workers
from tests.strategies_allocation import Size, drawn_round
from tests.worker_tasks import (
    deadly,
    deaf,
    deaf_but_first,
    doubled,
    failing,
    seconds_given,
    until_asked,
)

SEVERAL = Size(facilities=5, resources=15, requests=100, days=7, spread=10)


def run(function: object, effort: Effort, tasks: int = 5) -> tuple[int | None, ...]:
    with runner(effort) as running:
        return running.map(function, range(tasks), range(tasks, 0, -1))  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 2])
def test_map__any_workers__answers_stand_in_order(workers: int) -> None:
    with runner(Effort(workers=workers)) as running:
        assert running.map(doubled, [3, 1, 2], [1, 3, 2]) == (6, 2, 4)
        assert running.map(doubled, [5, 7], [1, 2]) == (10, 14)
        assert running.map(doubled, [], []) == ()


def test_map__side_by_side__starts_with_the_most_urgent() -> None:
    started: list[int] = []

    def noted(task: int, seconds: float | None) -> int:
        del seconds
        started.append(task)
        return task

    with ThreadPoolExecutor(1) as executor, runner(Effort(executor=executor)) as running:
        running.map(noted, [10, 11, 12], [2, 3, 1])
    assert started == [11, 10, 12]


def test_map__told__hears_each_place_with_its_answer() -> None:
    told: dict[int, int] = {}
    with runner(Effort()) as running:
        running.map(doubled, [4, 5], [1, 1], told.__setitem__)
    assert told == {0: 8, 1: 10}


@pytest.mark.parametrize("workers", [1, 2])
def test_map__the_function_raises__so_does_the_map(workers: int) -> None:
    effort = Effort(workers=workers)
    with pytest.raises(ValueError, match=r"^[0-4]$"):
        run(failing, effort)


def test_map__a_limit__each_task_is_given_what_is_left() -> None:
    ticks = iter(range(100))
    effort = Effort(time_limit=3, timer=lambda: next(ticks))
    with runner(effort) as running:
        answers = running.map(seconds_given, range(5), range(5, 0, -1))
    assert answers == (1, None, None, None, None)


@pytest.mark.parametrize("spent", [1.0, 2.0])
def test_should_stop__seconds_spent_against_the_limit__at_it_stops(spent: float) -> None:
    running = Runner(Effort(time_limit=2.0))
    running.spend(spent)
    assert running.should_stop() is (spent == 2)


def test_map__stopped_between_tasks__what_is_done_counts() -> None:
    done: list[int] = []
    with runner(Effort(stop=lambda: len(done) == 2)) as running:
        answers = running.map(doubled, range(5), range(5, 0, -1), lambda at, _: done.append(at))
        assert answers == (0, 2, None, None, None)
        assert running.map(doubled, range(2), range(2)) == (None, None)


@pytest.mark.parametrize("workers", [1, 2])
def test_resume__after_a_stop__what_comes_next_runs_to_its_end(workers: int) -> None:
    with runner(Effort(time_limit=1e-9, timer=time.perf_counter, workers=workers)) as running:
        assert running.map(doubled, range(3), range(3)) == (None, None, None)
        running.resume()
        assert running.map(doubled, range(3), range(3)) == (0, 2, 4)


def test_resume__a_given_executor_after_a_stop__is_used_no_more() -> None:
    with ThreadPoolExecutor(1) as executor:
        running = Runner(Effort(executor=executor, stop=lambda: True))
        assert running.should_stop()
        executor.shutdown()
        running.resume()
        assert running.map(doubled, range(3), range(3)) == (0, 2, 4)


def test_map__what_watches_fails__running_tasks_are_not_waited_for() -> None:
    def fail(at: int, answer: int) -> None:
        raise LookupError((at, answer))

    effort = Effort(workers=2)
    with pytest.raises(LookupError), runner(effort) as running:
        running.map(deaf_but_first, [0, 1], [1, 2], fail)
    assert not any(one.is_alive() for one in active_children())


def asked_after(checks: int) -> Effort:
    left = iter(range(checks))
    return Effort(workers=2, stop=lambda: next(left, None) is None)


def test_map__stopped_while_tasks_run__those_that_ask_still_answer() -> None:
    answers = run(until_asked, asked_after(12))
    assert None in answers
    assert sum(one is not None for one in answers) == 2


def test_map__stopped_while_deaf_tasks_run__ends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.engine.allocation.schedule.GRACE", 0.2)
    began = time.monotonic()
    assert run(deaf, asked_after(3)) == (None,) * 5
    assert time.monotonic() - began < 20


def test_map__a_task_that_kills_every_worker__is_given_up_alone() -> None:
    assert run(deadly, Effort(workers=2)) == (0, 1, 2, None, 4)


@pytest.fixture(scope="module")
def several() -> Problem:
    return read_problem(drawn_round(1, SEVERAL))


@pytest.fixture(scope="module")
def alone(several: Problem) -> str:
    return str(allocate(several)["result_sha256"])


def test_allocate__threads__give_the_same_hash(several: Problem, alone: str) -> None:
    with ThreadPoolExecutor(2) as executor:
        result = allocate(several, workers=2, executor=executor)
    assert result["result_sha256"] == alone


def test_allocate__three_workers_one_killed_in_mid_run__give_the_same_hash(
    several: Problem, alone: str
) -> None:
    killed: list[int] = []

    def kill_one(now: Progress) -> None:
        workers = [one for one in active_children() if one.is_alive()]
        if now.done == 1 and not killed and workers:
            killed.append(workers[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    result = allocate(several, workers=3, progress=kill_one)
    assert killed
    assert result["result_sha256"] == alone


def test_allocate__as_many_workers_as_pay__say_how_many_they_were(several: Problem) -> None:
    assert allocate(several, workers=None)["work"]["workers"] == 1


@pytest.mark.parametrize(
    ("weights", "workers"),
    [([], 1), ([0, 0], 1), ([1999], 1), ([1000, 999], 1), ([1000, 1000], 2), ([9000, 0], 1)],
)
def test_worthwhile_workers__by_what_there_is_to_do(weights: list[int], workers: int) -> None:
    usable = len(os.sched_getaffinity(0))
    assert worthwhile_workers(weights) == min(workers, usable)
