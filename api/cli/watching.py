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
        lines = PlainLines(time.monotonic)
        yield lines.watch
        lines.end()
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


class PlainLines:
    """Writes a line when so many seconds have gone by since the last, nothing for quick work."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._written = False
        self._unwritten: Progress | None = None

    def watch(self, now: "Progress") -> None:
        """Write a line if it is time to."""
        self._unwritten = now
        if self._clock() - self._last >= LINE_EVERY:
            self._last = self._clock()
            self._write(now)

    def end(self) -> None:
        """Write what was told last, so that the last line has the result's own figures."""
        if self._written and self._unwritten is not None:
            self._write(self._unwritten)

    def _write(self, now: "Progress") -> None:
        self._written, self._unwritten = True, None
        typer.echo(f"{now.done} of {now.total} parts done, gap {now.gap:.2%}", err=True)


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
