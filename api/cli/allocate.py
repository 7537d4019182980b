"""`allocate`: the engine alone, on a file."""

import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.cli.session import AsJson
from api.cli.watching import shown_progress, stop_on_signal

if TYPE_CHECKING:
    from booking.engine.allocation.problem import Problem

DEFAULT_GAP: Final = 0.01
CERTIFICATE: Final = ("problem_sha256", "result_sha256", "objective", "bound", "gap", "stopped")

MOST_DOUBTS: Final = 20
"""What counts for nothing is named up to so many times: a file may hold thousands."""

LEAST_SECONDS: Final = 0.001
"""What is left of a time limit that reading alone used up: the rest is filled by value."""

MANY_OBJECTS: Final = 200_000
"""Objects made between two looks for rubbish: a round is millions, none of them rubbish."""

DEEPEST: Final = 3
"""Objects within so many others are written on one line."""

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the command's own name, which a group of one command would swallow."""


ProblemFile = Annotated[
    Path,
    typer.Argument(
        metavar="PROBLEM.json", dir_okay=False, exists=True, help="The round as a problem file."
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
        help="A safety stop for the whole run; a stopped result may differ in its hash.",
    ),
]
Gap = Annotated[
    float, typer.Option(help="How far below the best possible is near enough, as a share.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Processes to work with.", show_default="as many as there are cores and work for"
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

    Every fault of the file is named by its path, and then nothing is run.
    The same problem gives the same result_sha256, whatever the workers.
    Ctrl-C or SIGTERM ends it with the best found; the rest is filled by value.
    """
    _check_options(time_limit, gap, workers, scheduler)
    if output is not None:
        check_writable(output)
    began = time.perf_counter()
    with rarely_collecting():
        asked = read_file(problem)
        left = time_limit and max(LEAST_SECONDS, time_limit - (time.perf_counter() - began))
        with stop_on_signal() as stop, _hands(workers, scheduler, stop) as hands:
            result = _solve(asked, {**hands, "gap": gap, "time_limit": left})
    failed = what_failed(result)
    if failed is not None:
        typer.echo(failed, err=True)
    if output is not None:
        write_whole(output, result)
    if output is None:
        typer.echo(json.dumps(result, indent=None if as_json else 1))
    elif as_json:
        typer.echo(json.dumps(_certificate(result)))
    else:
        typer.echo(_summary(result))


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


def read_json(path: Path) -> Any:
    """Read a JSON file, or exit with 1 and the line at fault."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        typer.echo(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8.", err=True)
    except OSError as error:
        typer.echo(f"{path}: cannot be read ({error.strerror}).", err=True)
    except (ValueError, RecursionError) as error:
        typer.echo(f"{path}: is no JSON ({error}); mend it there.", err=True)
    raise typer.Exit(1)


def read_file(path: Path) -> "Problem":
    """Read a problem file, or exit with 1 and every fault by its path.

    What is no fault but can never be placed is named on stderr.
    """
    from booking.engine.allocation.problem import Fault, ProblemRefused, read_problem

    doubts: list[Fault] = []
    try:
        problem = read_problem(read_json(path), doubt=doubts.append)
    except ProblemRefused as refused:
        for each in refused.errors:
            typer.echo(str(each), err=True)
        raise typer.Exit(1) from refused
    for each in doubts[:MOST_DOUBTS]:
        typer.echo(str(each), err=True)
    if len(doubts) > MOST_DOUBTS:
        typer.echo(f"... and {len(doubts) - MOST_DOUBTS} more that count for nothing.", err=True)
    return problem


def _solve(problem: "Problem", options: dict[str, Any]) -> dict[str, Any]:
    from booking.engine.allocation.run import allocate

    with shown_progress() as progress:
        return allocate(problem, progress=progress, timer=time.perf_counter, **options)


def what_failed(result: dict[str, Any]) -> str | None:
    """Say that the work was stopped, or where the solver failed; None where neither is so."""
    fallen = [one["id"] for one in result["facilities"] if one["fallback"]]
    if result["stopped"]:
        where = f"at {len(fallen)} of {len(result['facilities'])} facilities"
        filled = f": {where} the timetable was filled by value" if fallen else ""
        return f"Stopped before it was done{filled}; the gap is true all the same."
    if fallen:
        return (
            f"The solver failed at {', '.join(fallen)}: the timetable there was filled by"
            " value, and its gap is wider."
        )
    return None


def check_writable(path: Path) -> None:
    """Return if `write_whole` can write there, which changes nothing; or exit with 2."""
    beside = _beside(path)
    try:
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        _say_unwritable(path, error)
        raise typer.Exit(2) from error


def write_whole(path: Path, thing: dict[str, Any]) -> None:
    """Write the file whole or not at all: beside it first, then in its place."""
    beside = _beside(path)
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(in_lines(thing))
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        _say_unwritable(path, error)
        raise typer.Exit(1) from error


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _say_unwritable(path: Path, error: OSError) -> None:
    typer.echo(f"{path}: cannot be written ({error.strerror}); choose another.", err=True)


def in_lines(thing: object) -> Iterator[str]:
    """Write JSON with each key, and each part of a list, on a line; never all text at once."""
    yield from _nested(thing, "\n")
    yield "\n"


def _nested(thing: object, line: str) -> Iterator[str]:
    inner = line + " "
    if isinstance(thing, list) and thing:
        between = "["
        for one in thing:
            yield f"{between}{inner}{json.dumps(one)}"
            between = ","
        yield f"{line}]"
    elif isinstance(thing, dict) and thing and len(line) <= DEEPEST:
        between = "{"
        for key, value in thing.items():
            yield f"{between}{inner}{json.dumps(key)}: "
            yield from _nested(value, inner)
            between = ","
        yield f"{line}}}"
    else:
        yield json.dumps(thing)


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


def _summary(result: dict[str, Any]) -> str:
    proof = "proved optimal" if not result["gap"] else f"within {result['gap']:.2%} of the best"
    stopped = "; stopped before it was done" if result["stopped"] else ""
    return (
        f"{_granted(result)} requests granted with {len(result['bookings'])} bookings, "
        f"{len(result['decisions'])} not; objective {result['objective']:,}, {proof}{stopped}.\n"
        f"result_sha256 {result['result_sha256']}"
    )
