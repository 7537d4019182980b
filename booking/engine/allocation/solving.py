"""Solve the components of a round, networks in parts, all of them side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from booking.engine.allocation.fallback import carried_on, fall_back, solved_or_fallen_back
from booking.engine.allocation.model import Task
from booking.engine.allocation.network import (
    Part,
    Relaxation,
    is_network,
    joined,
    parts_of,
    relax,
)
from booking.engine.allocation.schedule import Runner
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.worth import worth_at_least

Told = Callable[[int, Outcome], None]


def solve_components(
    running: Runner, tasks: Sequence[Task], gap: float, told: Told
) -> tuple[Outcome, ...]:
    """Solve every component to the gap; what a stop left out is filled by value.

    All are solved roughly first, the smallest first; then, round by round, those whose gap is
    still open, the one that lacks most first: so a stop costs as little as it can. `told` is
    called with each component's place and outcome after each of its rounds.
    """
    networks = _networks(running, tasks)
    jobs = [(at, 0, task) for at, task in enumerate(tasks) if at not in networks]
    for at, network in networks.items():
        jobs += [(at, nth, part.task) for nth, part in enumerate(network.parts)]
    found: dict[int, Outcome] = {}

    def note(job: int, outcome: Outcome) -> None:
        at, nth, _ = jobs[job]
        if at not in networks:
            found[at] = outcome
        else:
            networks[at].outcomes[nth] = outcome
            if len(networks[at].outcomes) < len(networks[at].parts):
                return
            found[at] = networks[at].outcome()
        told(at, found[at])

    parts = [task for _, _, task in jobs]
    rough = _roughly(running, parts, gap, note)
    _on_and_on(running, parts, rough, gap, note)
    return tuple(found[at] for at in range(len(tasks)))


def _roughly(running: Runner, tasks: list[Task], gap: float, note: Told) -> list[Outcome]:
    answers = running.map(
        partial(solved_or_fallen_back, gap), tasks, [-len(task) for task in tasks], note
    )
    outcomes = []
    for job, answer in enumerate(answers):
        if answer is not None:
            outcomes.append(answer)
            continue
        outcomes.append(replace(fall_back(tasks[job]), stopped=running.stopped))
        note(job, outcomes[job])
    return outcomes


def _on_and_on(
    running: Runner, tasks: list[Task], outcomes: list[Outcome], gap: float, note: Told
) -> None:
    """Go on in rounds where the gap is open; what a stop leaves as it was says so."""
    while left := [job for job, outcome in enumerate(outcomes) if outcome.halfway is not None]:
        _one_round(running, tasks, outcomes, left, gap, note)


def _one_round(
    running: Runner,
    tasks: list[Task],
    outcomes: list[Outcome],
    left: list[int],
    gap: float,
    note: Told,
) -> None:
    def told(at: int, outcome: Outcome) -> None:
        outcomes[left[at]] = outcome
        note(left[at], outcome)

    begun = [(tasks[job], outcomes[job]) for job in left]
    lack = [outcome.bound - worth_at_least(task, outcome.chosen) for task, outcome in begun]
    answers = running.map(partial(carried_on, gap), begun, lack, told)
    for at, answer in enumerate(answers):
        if answer is None:
            told(at, replace(begun[at][1], stopped=running.stopped, halfway=None))


@dataclass(slots=True)
class _Network:
    """A network being solved: its parts, and what came of them so far."""

    task: Task
    relaxation: Relaxation
    parts: tuple[Part, ...]
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def outcome(self) -> Outcome:
        ordered = [self.outcomes[nth] for nth in range(len(self.parts))]
        return joined(self.task, self.relaxation, self.parts, ordered)


def _networks(running: Runner, tasks: Sequence[Task]) -> dict[int, _Network]:
    """Relax the networks; one whose relaxation failed is solved as a whole instead."""
    places = [at for at, task in enumerate(tasks) if is_network(task)]
    chosen = [tasks[at] for at in places]
    relaxed = running.map(relax, chosen, [-len(task) for task in chosen])
    return {
        at: _Network(task, found, parts_of(task, found))
        for at, task, found in zip(places, chosen, relaxed, strict=True)
        if found is not None and found.solved
    }
