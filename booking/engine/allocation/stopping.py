"""The wish to stop, as a solve sees it: wherever it runs, it may ask and end early."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import highspy

Asked = Callable[[], bool]


def _never() -> bool:
    return False


_ASKED: ContextVar[Asked] = ContextVar("stop_asked", default=_never)


def stop_asked() -> bool:
    """Tell whether this solve should end now with the best it has; cheap enough to ask often."""
    return _ASKED.get()()


@contextmanager
def stopped_by(asked: Asked) -> Iterator[None]:
    """Let `stop_asked` answer with `asked` inside the block."""
    token = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(token)


def listen(asked: Asked) -> None:
    """Let `stop_asked` answer with `asked` for as long as this process lives."""
    _ASKED.set(asked)


def heed(solver: highspy.Highs) -> None:
    """Let the solver ask now and then, and end with the status `kInterrupt`.

    It answers some hundred times a second at most, and finds the same as without.
    """
    for event in (solver.cbMipInterrupt, solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
        event.subscribe(_end_if_asked)


def _end_if_asked(event: highspy.HighsCallbackEvent) -> None:
    if stop_asked():
        event.interrupt()
