"""Allocate a round: compile, split, solve, finish, and write the result that is published."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final

from booking.engine.allocation.branching import solver_version
from booking.engine.allocation.components import Component, split
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.finish import finish_on
from booking.engine.allocation.merit_alone import merit_alone
from booking.engine.allocation.model import Task, task_of
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.progress import Progress, Watch, Watcher
from booking.engine.allocation.result import Solved, write_result
from booking.engine.allocation.schedule import LOSSES, Effort, Runner, runner, worthwhile_workers
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.solving import solve_components
from booking.engine.allocation.timetable import Timetable

ENGINE: Final = 2
"""The engine's number in `work`: one more whenever the same round may be decided otherwise."""

COMPILING: Final = 5.5e-6
"""Seconds a placement that compiling takes: 2.5 for 453,000, measured on one core."""

FINISHING: Final = 2.7
"""Filling and swapping, in times of compiling, for one worker."""

FALLING_BACK: Final = 3.8
"""Filling by value all that a stop left unsolved, in times of compiling: at most so much."""

EXPLAINING: Final = 5.0
"""Bounding, explaining, hashing and writing the result, in times of compiling."""

LEAST_SOLVING: Final = 0.25
"""The share of a time limit that is the solver's, however much is to be explained."""


def allocate(
    problem: Problem,
    *,
    gap: float = 0.01,
    time_limit: float | None = None,
    workers: int | None = 1,
    executor: Executor | None = None,
    losses: tuple[type[Exception], ...] = LOSSES,
    progress: Watcher | None = None,
    timer: Callable[[], float] | None = None,
    stop: Callable[[], bool] | None = None,
    choose: Callable[[Timetable], Timetable] | None = None,
    by_merit: Callable[[dict[str, float]], object] | None = None,
) -> dict[str, Any]:
    """Allocate a round and give the result's object, `result_sha256` included.

    The same problem and gap give the same hash whatever the workers, the executor or the
    order of the file, unless `time_limit` (seconds for all of it, explanations included) or
    `stop` (asked again and again) ended it: then `stopped` is true. Components run `workers`
    at a time, on `executor` if one is given; `progress` is told after each, and at the end of
    the result's own figures. `timer` (seconds on any scale) measures `work.seconds`.
    `choose` may put another timetable of the same round in place of the one found; `by_merit`
    is told of the one by merit alone, as MeritAlone writes it.
    Raises: ValueError if the gap, the limit or the workers make no sense.
    """
    _check(gap, time_limit, workers)
    began = timer() if timer else 0.0
    compiled = compile_problem(problem)
    components = split(compiled)
    tasks = tuple(task_of(compiled, component) for component in components)
    workers = workers or worthwhile_workers([len(task) for task in tasks])
    spent = timer() - began if timer else 0.0
    limit = time_limit and solving_limit(time_limit, spent, len(compiled.placements), workers)
    effort = Effort(limit, workers, executor, timer, stop, losses)
    with runner(effort) as running:
        outcomes = _solve_all(running, tasks, gap, progress)
        running.resume()
        timetable = finish_on(running, compiled, _chosen(components, outcomes), components)
    if choose is not None:
        timetable = choose(timetable)
    solved = Solved(components, tasks, outcomes)
    result = write_result(timetable, solved)
    if progress is not None:
        progress(Progress(len(tasks), len(tasks), result["objective"], result["bound"]))
    if by_merit is not None:
        by_merit(merit_alone(timetable, solved).as_json())
    took = timer() - began if timer else sum(outcome.seconds for outcome in outcomes)
    return result | {"work": _work(len(components), workers, took)}


def _work(components: int, workers: int, seconds: float) -> dict[str, Any]:
    return {
        "components": components,
        "workers": workers,
        "seconds": round(seconds, 3),
        "solver": solver_version(),
        "engine": ENGINE,
    }


def solving_limit(limit: float, spent: float, placements: int, workers: int) -> float:
    """Give the solver's share of a limit in seconds: what is left of it, less what comes after.

    `spent` is what compiling took: it tells how fast the machine is at the moment.
    """
    compiling = max(spent, placements * COMPILING)
    after = compiling * (FALLING_BACK + FINISHING / workers + EXPLAINING)
    return max(LEAST_SOLVING * limit, limit - spent - after)


def _chosen(components: tuple[Component, ...], outcomes: tuple[Outcome, ...]) -> list[int]:
    return [
        int(component.placements[column])
        for component, outcome in zip(components, outcomes, strict=True)
        for column in outcome.chosen
    ]


def _solve_all(
    running: Runner, tasks: tuple[Task, ...], gap: float, watcher: Watcher | None
) -> tuple[Outcome, ...]:
    """Solve every component; what a stop left out is filled by value."""
    watch = Watch(tasks, watcher)
    spent = [0.0] * len(tasks)

    def told(at: int, outcome: Outcome) -> None:
        running.spend(outcome.seconds - spent[at])
        spent[at] = outcome.seconds
        watch.note(at, outcome)

    return solve_components(running, tasks, gap, told)


def _check(gap: float, time_limit: float | None, workers: int | None) -> None:
    if not 0 <= gap < 1:
        raise ValueError(f"The gap is {gap}; give a share from 0 to below 1, such as 0.01.")
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"The time limit is {time_limit}; give seconds above 0, or none.")
    if workers is not None and workers < 1:
        raise ValueError(f"The number of workers is {workers}; give 1 or more.")
