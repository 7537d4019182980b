"""What this process remembers of feeds: joined texts by their ETag, and what was last the same.

A text depends on its ETag alone, so it is never stale. That a feed has not changed is believed
for five minutes, the time for which readers may keep it anyway, and only while nothing at all
was recorded in the installation. Who may read it is looked up each time that a text is sent.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final
from uuid import UUID

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_FEEDS: Final = 10_000
BELIEVED_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Look:
    """What a feed's ETag was at an instant, and the newest event there was."""

    etag: str
    newest: UUID | None
    at: datetime


@dataclass(slots=True)
class FeedMemory:
    """The memory of one application; what was not asked for the longest goes first."""

    most_bytes: int = MOST_BYTES
    bodies: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    looks: OrderedDict[str, Look] = field(default_factory=OrderedDict)
    size: int = 0
    lock: Lock = field(default_factory=Lock)

    def body(self, etag: str) -> bytes | None:
        """Return the text of a feed with this ETag, if it is remembered."""
        with self.lock:
            if etag in self.bodies:
                self.bodies.move_to_end(etag)
            return self.bodies.get(etag)

    def keep_body(self, etag: str, body: bytes) -> None:
        """Remember the text of a feed; one larger than all that may be kept is not."""
        with self.lock:
            if etag in self.bodies or len(body) > self.most_bytes:
                return
            self.bodies[etag] = body
            self.size += len(body)
            while self.size > self.most_bytes:
                self.size -= len(self.bodies.popitem(last=False)[1])

    def unchanged(self, key: str, *, newest: UUID | None, now: datetime) -> str | None:
        """Return the ETag that a feed still has; None where it must be looked at again.

        `key` is the hash of the feed's token, `newest` the newest event there is.
        """
        with self.lock:
            look = self.looks.get(key)
        if look is None or look.newest != newest:
            return None
        return look.etag if timedelta(0) <= now - look.at < BELIEVED_FOR else None

    def keep_look(self, key: str, look: Look) -> None:
        """Remember what a feed's ETag is."""
        with self.lock:
            self.looks.pop(key, None)
            self.looks[key] = look
            if len(self.looks) > MOST_FEEDS:
                self.looks.popitem(last=False)
