"""Long work on a terminal: how far it has come, on stderr, and how to stop it."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from booking.engine.allocation.progress import Progress, Watcher

LINE_EVERY: Final = 10.0
"""Seconds between two lines of progress where there is no terminal to draw on."""


@contextmanager
def shown_progress() -> Iterator["Watcher"]:
    """Show a bar with the gap on a terminal; elsewhere a plain line now and then."""
    if not sys.stderr.isatty():
        yield plain_lines(time.monotonic)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[gap]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Allocating", total=None, gap="")
        yield lambda now: bar.update(
            task, completed=now.done, total=now.total, gap=f"gap {now.gap:.2%}"
        )


def plain_lines(clock: Callable[[], float]) -> "Watcher":
    """Write a line when so many seconds have gone by since the last, nothing for quick work."""
    last = clock()

    def watch(now: "Progress") -> None:
        nonlocal last
        if clock() - last >= LINE_EVERY:
            last = clock()
            typer.echo(f"{now.done} of {now.total} parts done, gap {now.gap:.2%}", err=True)

    return watch


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop; the second ends the command."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        del frame
        asked = True
        signal.signal(number, before[signal.Signals(number)])
        typer.echo("Stopping with the best found so far; once more ends it at once.", err=True)

    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in wanted}
    for number in wanted:
        signal.signal(number, ask)
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
