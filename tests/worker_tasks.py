"""What workers are given to run in tests: light to import, since each worker does so."""

import os
import signal
import threading

from booking.engine.allocation.stopping import stop_asked


def doubled(task: int, seconds: float | None) -> int:
    del seconds
    return 2 * task


def seconds_given(task: int, seconds: float | None) -> float | None:
    del task
    return seconds


def failing(task: int, seconds: float | None) -> int:
    del seconds
    raise ValueError(task)


def deadly(task: int, seconds: float | None) -> int:
    del seconds
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def until_asked(task: int, seconds: float | None) -> int:
    """Work until asked to stop; a count bounds it where nobody asks."""
    del seconds
    while task < 2_000 and not stop_asked():
        threading.Event().wait(0.01)
        task += 1
    return task


def deaf(task: int, seconds: float | None) -> int:
    """Work on for long, whatever is asked."""
    del seconds
    threading.Event().wait(60)
    return task


def deaf_but_first(task: int, seconds: float | None) -> int:
    return task if task == 0 else deaf(task, seconds)
