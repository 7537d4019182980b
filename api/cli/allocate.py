"""`allocate`: the engine alone, on a file."""

import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.cli.json_files import check_writable, existing_file, read_json, write_whole
from api.cli.session import AsJson
from api.cli.watching import shown_progress, stop_on_signal

if TYPE_CHECKING:
    from booking.engine.allocation.problem import Fault, Problem

DEFAULT_GAP: Final = 0.01
CERTIFICATE: Final = ("problem_sha256", "result_sha256", "objective", "bound", "gap", "stopped")

MOST_DOUBTS: Final = 20
"""Doubts of one kind are named up to so many times: a file may hold thousands."""

LEAST_SECONDS: Final = 0.001
"""What is left of a time limit that reading alone used up: the rest is filled by value."""

MANY_OBJECTS: Final = 200_000
"""Objects made between two looks for rubbish: a round is millions, none of them rubbish."""

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the command's own name, which a group of one command would swallow."""


ProblemFile = Annotated[
    Path,
    typer.Argument(
        metavar="PROBLEM.json", callback=existing_file, help="The round as a problem file."
    ),
]
ResultFile = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="RESULT.json",
        dir_okay=False,
        help="Where to write the result, whole or not at all; else it is printed.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="A safety stop for the whole run: the best found until then is written, and the"
        " exit code is 0. Such a result is not reproducible.",
    ),
]
Gap = Annotated[
    float,
    typer.Option(
        metavar="SHARE", help="How far below the best possible is near enough: 0.01 is 1 %."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Processes to work with.",
        show_default="as many as there are cores and work for",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Work on a Dask cluster instead, such as tcp://10.0.0.1:8786; needs the extra"
        " 'cluster' here and on every worker.",
    ),
]


@app.command("allocate")
def allocate_file(
    problem: ProblemFile,
    output: ResultFile = None,
    time_limit: TimeLimit = None,
    gap: Gap = DEFAULT_GAP,
    workers: Workers = None,
    scheduler: Scheduler = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Allocate a problem file, without a database.

    A fault of the file is named by its path; then nothing is run, and the exit code is 1.
    What can hardly be meant is named too, and the rest is run: starts outside the opening
    windows, requests above their cap, groups that nothing is reserved for.

    The same problem and gap give the same result_sha256, whatever the workers.

    Ctrl-C or SIGTERM ends it early: the best found until then is written, the exit code is 0,
    and the result says that it was stopped. A second Ctrl-C ends it at once, with nothing.
    """
    _check_options(time_limit, gap, workers, scheduler)
    if output is not None:
        check_writable(output)
    began = time.perf_counter()
    with rarely_collecting():
        asked, doubts = read_file(problem)
        left = time_limit and max(LEAST_SECONDS, time_limit - (time.perf_counter() - began))
        with stop_on_signal() as stop, _hands(workers, scheduler, stop) as hands:
            result = _solve(asked, {**hands, "gap": gap, "time_limit": left})
            stopped_by = _stopped_by(asked_to=stop(), lost=hands["stop"]())
    failed = what_failed(result, stopped_by=stopped_by)
    if failed is not None:
        typer.echo(failed, err=True)
    if output is not None:
        write_whole(output, result)
    if output is None:
        typer.echo(json.dumps(result, indent=None if as_json else 1))
    elif as_json:
        typer.echo(json.dumps(_certificate(result)))
    else:
        typer.echo(_summary(result, doubts))


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Look for cyclic rubbish less often: it takes a fifth of the time on a large round."""
    before = gc.get_threshold()
    gc.set_threshold(MANY_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _check_options(
    time_limit: float | None, gap: float, workers: int | None, scheduler: str | None
) -> None:
    if scheduler is not None and workers is not None:
        raise typer.BadParameter(
            "Give --workers or --scheduler, not both: a cluster has workers of its own."
        )
    if not 0 <= gap < 1:
        raise typer.BadParameter(
            "Give a share from 0 to below 1, such as 0.01.", param_hint="--gap"
        )
    if time_limit is not None and not time_limit > 0:
        raise typer.BadParameter("Give seconds above 0.", param_hint="--time-limit")
    if workers is not None and workers < 1:
        raise typer.BadParameter("Give 1 or more.", param_hint="--workers")


@contextmanager
def _hands(
    workers: int | None, scheduler: str | None, stop: Callable[[], bool]
) -> Iterator[dict[str, Any]]:
    """Give what does the work, processes here or a cluster, and what stops it."""
    if scheduler is None:
        yield {"workers": workers, "stop": stop}
        return
    from api.cli.cluster import dask_cluster

    with dask_cluster(scheduler) as cluster:
        yield {
            "workers": cluster.workers,
            "executor": cluster.executor,
            "losses": cluster.losses,
            "stop": lambda: stop() or cluster.is_lost(),
        }
        if cluster.is_lost():
            typer.echo("The Dask scheduler is gone; start it again and repeat.", err=True)


def read_file(path: Path) -> "tuple[Problem, list[Fault]]":
    """Read a problem file, or exit with 1 and every fault by its path.

    What is no fault but hardly meant is named on stderr, and returned.
    """
    from booking.engine.allocation.problem import Fault, ProblemRefused, read_problem

    doubts: list[Fault] = []
    try:
        problem = read_problem(read_json(path), doubt=doubts.append)
    except ProblemRefused as refused:
        for each in refused.errors:
            typer.echo(str(each), err=True)
        raise typer.Exit(1) from refused
    for code in dict.fromkeys(each.code for each in doubts):
        _say_doubts([each for each in doubts if each.code == code])
    return problem, doubts


def _say_doubts(alike: "list[Fault]") -> None:
    for each in alike[:MOST_DOUBTS]:
        typer.echo(str(each), err=True)
    if len(alike) > MOST_DOUBTS:
        typer.echo(f"... and {len(alike) - MOST_DOUBTS} more of this kind.", err=True)


def _solve(problem: "Problem", options: dict[str, Any]) -> dict[str, Any]:
    from booking.engine.allocation.run import allocate

    with shown_progress() as progress:
        return allocate(problem, progress=progress, timer=time.perf_counter, **options)


def what_failed(result: dict[str, Any], *, stopped_by: str) -> str | None:
    """Say that the work was stopped, or where the solver failed; None where neither is so.

    `stopped_by` says what stopped it, if anything did.
    """
    fallen = [one["id"] for one in result["facilities"] if one["fallback"]]
    if result["stopped"]:
        where = f" At {len(fallen)} of {len(result['facilities'])} facilities"
        filled = f"{where} the timetable was filled by value." if fallen else ""
        return (
            f"Stopped {stopped_by}, with a gap so far of {result['gap']:.2%}, which is proved all"
            f" the same.{filled} This is not reproducible: another run may end otherwise."
        )
    if fallen:
        return (
            f"The solver failed at {', '.join(fallen)}: the timetable there was filled by"
            " value, and its gap is wider."
        )
    return None


def _certificate(result: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: result[name] for name in CERTIFICATE},
        "granted": _granted(result),
        "not_granted": len(result["decisions"]),
        "bookings": len(result["bookings"]),
        "seconds": result["work"]["seconds"],
    }


def _granted(result: dict[str, Any]) -> int:
    return len({each["request"] for each in result["bookings"]})


def _stopped_by(*, asked_to: bool, lost: bool) -> str:
    if asked_to:
        return "as you asked"
    return "because the Dask scheduler is gone" if lost else "by the time limit"


def _summary(result: dict[str, Any], doubts: "list[Fault]") -> str:
    from booking.engine.allocation.doubts import ABOVE_CAP

    proof = "proved optimal" if not result["gap"] else f"within {result['gap']:.2%} of the best"
    stopped = "; stopped before it was done, so not reproducible" if result["stopped"] else ""
    above = [each.path for each in doubts if each.code == ABOVE_CAP]
    capped = f" ({len(above)} above their cap, the first {above[0]})" if above else ""
    return (
        f"{_granted(result)} requests granted with {len(result['bookings'])} bookings, "
        f"{len(result['decisions'])} not{capped}; objective {result['objective']:,}, "
        f"{proof}{stopped}.\nresult_sha256 {result['result_sha256']}"
    )
