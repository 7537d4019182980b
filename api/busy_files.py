"""Reads outside calendar files as busy time, within limits of size, count, memory and time.

The reading is done by a program of its own, kept warm: whatever a file makes it do, it is ended
when its time is over, and another takes its place.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Final

from booking.engine.busy_calendars import (
    LARGEST_BYTES,
    MOST_EVENTS,
    MOST_OCCURRENCES,
    busy_times,
    looked_at,
)
from booking.engine.intervals import Interval
from booking.engine.opening import instant_of
from booking.engine.violations import Violation
from booking.errors import RulesBroken

SECONDS: Final = 8.0
AT_ONCE: Final = 2
USED_FOR: Final = 200
CHUNK: Final = 65536
PROGRAM: Final = Path(__file__).with_name("ics_reader.py")
SLOW: Final = (
    "The calendar takes too long to work out: an event in it repeats too often or by too strange "
    "a rule. Take that event out, or give another calendar."
)


class ReaderGone(Exception):  # noqa: N818 - what became of it, no fault of ours
    """The reading program ended, or was too slow."""


class Reader:
    """A running program that reads calendar files, one after another."""

    def __init__(self) -> None:
        self.used = 0
        self.process = subprocess.Popen(  # noqa: S603 - our own program, no words of anybody
            [sys.executable, "-P", "-X", "utf8", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
        )

    def ask(self, order: dict[str, Any], content: bytes, *, seconds: float) -> dict[str, Any]:
        """Return the program's answer.

        Raises: ReaderGone.
        """
        self.used += 1
        orders, answers = self.process.stdin, self.process.stdout
        if orders is None or answers is None:
            raise ValueError("The reading program was started without its pipes.")
        line = json.dumps({**order, "bytes": len(content)}).encode() + b"\n"
        try:
            orders.write(line + content)
            orders.flush()
        except OSError as error:
            raise ReaderGone from error
        answer: dict[str, Any] = json.loads(_line(answers.fileno(), time.monotonic() + seconds))
        return answer

    def end(self) -> None:
        """End the program, whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _line(answers: int, until: float) -> bytes:
    found, waiting = bytearray(), select.poll()
    waiting.register(answers, select.POLLIN)
    while not found.endswith(b"\n"):
        left = until - time.monotonic()
        ready = left > 0 and waiting.poll(left * 1000)
        more = os.read(answers, CHUNK) if ready else b""
        if not more:
            raise ReaderGone
        found += more
    return bytes(found)


class Readers:
    """A few reading programs, started when needed."""

    def __init__(self) -> None:
        self.free: list[Reader] = []
        self.lock = Lock()
        self.places = BoundedSemaphore(AT_ONCE)

    @contextmanager
    def one(self) -> Iterator[Reader]:
        """Lend a program that is not at work; one that fails is ended.

        Raises: ReaderGone if none is to be had in time.
        """
        if not self.places.acquire(timeout=SECONDS):
            raise ReaderGone
        try:
            with self.lock:
                reader = self.free.pop() if self.free else None
            reader = reader or Reader()
            try:
                yield reader
            except BaseException:
                reader.end()
                raise
            self._take_back(reader)
        finally:
            self.places.release()

    def _take_back(self, reader: Reader) -> None:
        if reader.used >= USED_FOR:
            reader.end()
            return
        with self.lock:
            self.free.append(reader)

    def end(self) -> None:
        """End all that are not at work."""
        with self.lock:
            while self.free:
                self.free.pop().end()


READERS: Final = Readers()
atexit.register(READERS.end)


def read_busy(
    content: bytes,
    *,
    zone: str,
    host: str,
    own_uids: Collection[str],
    now: datetime,
    seconds: float = SECONDS,
) -> tuple[Interval, ...]:
    """Return the busy time in a calendar file, merged and sorted; wall-clock times are in `zone`.

    What is cancelled or marked as free takes no time, nor do bookings of our own, whose uids end
    in `host` or are among `own_uids`: they come back from calendars that our invites went to.
    Raises: RulesBroken if the file is too large, is no calendar, or takes too long.
    """
    if len(content) > LARGEST_BYTES:
        raise unreadable(
            f"The calendar is larger than {LARGEST_BYTES // 1024 // 1024} MB; give one with fewer "
            "events, such as one without past years."
        )
    within = looked_at(now)
    order = {
        "start": within.start.isoformat(),
        "end": within.end.isoformat(),
        "most_events": MOST_EVENTS,
        "most_occurrences": MOST_OCCURRENCES,
        "own": f"@{host}",
        "own_uids": list(own_uids),
    }
    try:
        with READERS.one() as reader:
            answer = reader.ask(order, content, seconds=seconds)
    except ReaderGone as error:
        raise unreadable(SLOW) from error
    if "problem" in answer:
        raise unreadable(answer["problem"])
    spans = ((_placed(start, zone), _placed(end, zone)) for start, end in answer["spans"])
    return busy_times(spans, now=now)


def unreadable(reason: str) -> RulesBroken:
    """Make the refusal of a calendar that cannot be read."""
    return RulesBroken(reason, [Violation("calendar_unreadable", reason, "/file")])


def _placed(text: str, zone: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else instant_of(at, zone)
