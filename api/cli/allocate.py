"""`allocate`: the engine alone, on a file."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.cli.session import AsJson

if TYPE_CHECKING:
    from booking.engine.allocation.problem import Problem
    from booking.engine.allocation.progress import Progress

DEFAULT_GAP: Final = 0.01
CERTIFICATE: Final = ("problem_sha256", "result_sha256", "objective", "bound", "gap", "stopped")

Watcher = Callable[["Progress"], None]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the command's own name, which a group of one command would swallow."""


@app.command("allocate")
def allocate_file(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM.json", dir_okay=False, exists=True)],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="RESULT.json", dir_okay=False)
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Stop after so many seconds; the hash may then differ.")
    ] = None,
    gap: Annotated[
        float, typer.Option(help="How far below the best possible is near enough, as a share.")
    ] = DEFAULT_GAP,
    workers: Annotated[int, typer.Option(help="Processes to work with.")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler's address.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Allocate a problem file, without a database."""
    _check_options(time_limit, gap, workers, scheduler)
    asked = read_file(problem)
    result = _solve(asked, gap=gap, time_limit=time_limit, workers=workers)
    if output is not None:
        write_whole(output, result)
    if output is None:
        typer.echo(json.dumps(result, indent=None if as_json else 1))
    elif as_json:
        typer.echo(json.dumps(_certificate(result)))
    else:
        typer.echo(_summary(result))


def _check_options(
    time_limit: float | None, gap: float, workers: int, scheduler: str | None
) -> None:
    if scheduler is not None:
        typer.echo(
            "--scheduler needs a Dask cluster, which this version does not speak to; leave it "
            "out and use --workers.",
            err=True,
        )
        raise typer.Exit(2)
    if not 0 <= gap < 1:
        raise typer.BadParameter(
            "Give a share from 0 to below 1, such as 0.01.", param_hint="--gap"
        )
    if time_limit is not None and not time_limit > 0:
        raise typer.BadParameter("Give seconds above 0.", param_hint="--time-limit")
    if workers < 1:
        raise typer.BadParameter("Give 1 or more.", param_hint="--workers")


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
    """Read a problem file, or exit with 1 and every fault by its path."""
    from booking.engine.allocation.problem import ProblemRefused, read_problem

    try:
        return read_problem(read_json(path))
    except ProblemRefused as refused:
        for each in refused.errors:
            typer.echo(str(each), err=True)
        raise typer.Exit(1) from refused


def _solve(
    problem: "Problem", *, gap: float, time_limit: float | None, workers: int
) -> dict[str, Any]:
    import time

    from booking.engine.allocation.run import allocate

    with shown_progress() as progress:
        return allocate(
            problem,
            gap=gap,
            time_limit=time_limit,
            workers=workers,
            progress=progress,
            timer=time.perf_counter,
        )


@contextmanager
def shown_progress() -> Iterator[Watcher | None]:
    """Show a bar on a terminal, on stderr; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Allocating", total=None)
        yield lambda now: bar.update(task, completed=now.done, total=now.total)


def write_whole(path: Path, thing: dict[str, Any]) -> None:
    """Write the file whole or not at all: beside it first, then in its place."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(thing, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        typer.echo(f"{path}: cannot be written ({error.strerror}); choose another.", err=True)
        raise typer.Exit(1) from error


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
    stopped = "; stopped by the time limit" if result["stopped"] else ""
    return (
        f"{_granted(result)} requests granted with {len(result['bookings'])} bookings, "
        f"{len(result['decisions'])} not; objective {result['objective']:,}, {proof}{stopped}.\n"
        f"result_sha256 {result['result_sha256']}"
    )
