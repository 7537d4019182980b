"""Run a method of allocation in a process of its own; count its bookings again, exactly.

No solver is imported here: two of them bring their own HiGHS, and a process has room for one.
"""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from os import getpid
from pathlib import Path

from benchmarks._effort import Answer, Effort, peak_memory
from booking.engine.allocation.certificate import Round
from booking.engine.allocation.problem import Problem, read_problem
from booking.engine.allocation.recount import Recount


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor and wall seconds of a run, its workers' included, and its peak in megabytes."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that ended: what it spent, what it answered, what that is worth."""

    spent: Spent
    answer: Answer
    objective: Fraction
    faults: tuple[str, ...]


def run(place: str, path: Path, effort: Effort, patience: float) -> Ran | str:
    """Run `module:function` on a problem file; a sentence where it came to nothing.

    `patience` is the seconds after which a method that does not end by itself is ended.
    """
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_child, args=(there, place, path, effort))
    process.start()
    there.close()
    try:
        if not here.poll(patience):
            return f"ended after {patience:.0f} s"
        spent, answer = here.recv()
    except EOFError:
        return "died without an answer"
    finally:
        process.terminate()
        process.join()
    problem = read_problem(json.loads(path.read_text(encoding="utf-8")))
    return Ran(spent, answer, *_worth(problem, answer))


def _child(pipe: Connection, place: str, path: Path, effort: Effort) -> None:
    module, name = place.split(":")
    method: Callable[[Problem, Effort], Answer] = getattr(import_module(module), name)
    began, busy = time.perf_counter(), _busy()
    problem = read_problem(json.loads(path.read_text(encoding="utf-8")))
    answer = method(problem, effort)
    spent = Spent(_busy() - busy, time.perf_counter() - began, peak_memory(getpid()))
    pipe.send((spent, answer))


def _busy() -> float:
    """Add up the processor seconds of this process and of the children it has seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _worth(problem: Problem, answer: Answer) -> tuple[Fraction, tuple[str, ...]]:
    recount = Recount(Round(problem), answer.bookings)
    worth = sum(
        (recount.points_at(one.id) + recount.top_up(one.id) for one in problem.facilities),
        Fraction(0),
    )
    return worth, tuple(recount.faults)
