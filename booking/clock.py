"""The only reader of the wall clock, for instants and for the ids that carry one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

_draw_id: ContextVar[Callable[[], UUID]] = ContextVar("draw_id", default=uuid7)


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Return a UUIDv7: unguessable, and sorts by the time it was made."""
    return _draw_id.get()()


@contextmanager
def ids_from(draw: Callable[[], UUID]) -> Iterator[None]:
    """Let `new_id` take its ids from `draw` inside the block, to do the same work twice."""
    token = _draw_id.set(draw)
    try:
        yield
    finally:
        _draw_id.reset(token)
