"""Answers that a process keeps because they never change, up to a number of them."""

from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A mapping for several threads that forgets its oldest entries."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._entries: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return what is kept under the key."""
        return self._entries.get(key)

    def keep(self, key: K, value: V) -> None:
        """Keep the value; the oldest one goes where there are too many."""
        with self._lock:
            self._entries[key] = value
            if len(self._entries) > self._most:
                del self._entries[next(iter(self._entries))]
