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

    All are solved roughly first, the smallest first, then those thoroughly whose gap is still
    open, the one that lacks most first, so that a stop costs as little as it can. `told` is
    called with each component's place and outcome as they come, twice for those.
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
    _thoroughly(running, parts, rough, gap, note)
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


def _thoroughly(
    running: Runner, tasks: list[Task], rough: list[Outcome], gap: float, note: Told
) -> None:
    """Go on where the gap is open; what a stop leaves as it was says that it was stopped."""
    left = [job for job, outcome in enumerate(rough) if outcome.halfway is not None]
    answers = running.map(
        partial(carried_on, gap),
        [(tasks[job], rough[job]) for job in left],
        [rough[job].bound - worth_at_least(tasks[job], rough[job].chosen) for job in left],
        lambda at, outcome: note(left[at], outcome),
    )
    for job, answer in zip(left, answers, strict=True):
        if answer is None:
            note(job, replace(rough[job], stopped=running.stopped, halfway=None))


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
