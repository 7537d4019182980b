"""Solve the components of a round, networks in parts, all of them side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from booking.engine.allocation.fallback import fall_back, solved_or_fallen_back
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

Told = Callable[[int, Outcome], None]


def solve_components(
    running: Runner, tasks: Sequence[Task], gap: float, told: Told
) -> tuple[Outcome, ...]:
    """Solve every component to the gap; what a stop left out is filled by value.

    `told` is called with each component's place and outcome as they come.
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

    solve = partial(solved_or_fallen_back, gap)
    answers = running.map(
        solve, [task for _, _, task in jobs], [len(task) for _, _, task in jobs], note
    )
    for job, answer in enumerate(answers):
        if answer is None:
            note(job, replace(fall_back(jobs[job][2]), stopped=running.stopped))
    return tuple(found[at] for at in range(len(tasks)))


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
    relaxed = running.map(relax, chosen, [len(task) for task in chosen])
    return {
        at: _Network(task, found, parts_of(task, found))
        for at, task, found in zip(places, chosen, relaxed, strict=True)
        if found is not None and found.solved
    }
