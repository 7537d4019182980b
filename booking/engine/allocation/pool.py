"""Processes of our own that can be told to stop, ended at once, and started anew."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.synchronize import Event
from threading import Thread

from booking.engine.allocation.stopping import listen


class Pool:
    """A pool of spawned processes, started when first used; or a given executor, left as it is."""

    def __init__(self, workers: int, given: Executor | None = None) -> None:
        self._workers = workers
        self._given = given
        self._context = _KeptContext()
        self._flag: Event | None = None
        self._executor: ProcessPoolExecutor | None = None

    def executor(self) -> Executor:
        """Give the executor, started if need be."""
        if self._given is not None:
            return self._given
        if self._executor is None:
            self._flag = self._flag or self._context.Event()
            self._executor = ProcessPoolExecutor(
                self._workers,
                mp_context=self._context,
                initializer=_listen_to,
                initargs=(self._flag,),
            )
        return self._executor

    def ask_to_stop(self) -> None:
        """Let every solve that asks know that it should end."""
        if self._flag is not None:
            self._flag.set()

    def end(self, *, now: bool = False) -> None:
        """End the processes: when they are idle, or `now`, whatever they do."""
        if self._executor is None:
            return
        if now:
            self._context.kill_all()
        self._executor.shutdown(cancel_futures=True)
        self._executor = None


class _KeptProcess(SpawnProcess):
    """A process that leaves Ctrl-C to the one that started it."""

    def start(self) -> None:
        with _without_interrupts():
            super().start()


class _KeptContext(SpawnContext):
    """Remembers the processes started, so that they can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self._started: list[SpawnProcess] = []

    def Process(  # type: ignore[override]  # noqa: N802 - the name the pool calls
        self, *, target: Callable[..., object], args: tuple[object, ...]
    ) -> SpawnProcess:
        process = _KeptProcess(target=target, args=args)
        self._started.append(process)
        return process

    def kill_all(self) -> None:
        """End every process that still runs."""
        for process in self._started:
            if process.is_alive():
                process.kill()
        self._started.clear()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start children deaf to Ctrl-C, where the system lets a child inherit that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _listen_to(flag: Event) -> None:
    """Begin a worker: it hears of a stop, and ends with the process that started it."""
    listen(flag.is_set)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
