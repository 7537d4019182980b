"""The wish to stop, as a solve sees it: wherever it runs, it may ask and end early."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
