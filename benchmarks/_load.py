"""Clients that book, move and cancel without pause, and keep what they were promised.

Every write carries an Idempotency-Key and is sent again until somebody answers it, so that
a client whose server died learns what came of its wish.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from uuid import UUID, uuid4

HOURS: Final = 1500
THINK_SECONDS: Final = 0.1
WAIT_SECONDS: Final = 0.25
TRIES: Final = 600
DONE: Final = (200, 201)
FAULT: Final = 500
BOOKINGS: Final = "/api/v1/bookings"
UNFINISHED: Final = "idempotency_unfinished"
Shown = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Grounds:
    """Where bookings are made: resources with how many units each has, from an hour on."""

    resources: tuple[tuple[UUID, int], ...]
    project_id: UUID
    first: datetime


@dataclass(slots=True)
class Promises:
    """What clients were told: the state and start of each booking, as last acknowledged.

    Of a booking whose change was never answered, both states will do. A title without a
    booking was asked for and never answered: it may be there, once.
    """

    states: dict[UUID, set[Shown]] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, key: UUID, *shown: Shown) -> None:
        """Write down what a booking is, or may be."""
        with self.lock:
            self.states[key] = set(shown)

    def so_far(self) -> list[UUID]:
        """List the bookings that were acknowledged up to now."""
        with self.lock:
            return list(self.states)

    def count(self, what: str) -> None:
        """Count one answer."""
        with self.lock:
            self.answers[what] += 1


class Client(threading.Thread):
    """One person who books, moves and cancels until asked to stop."""

    def __init__(
        self,
        *,
        seed: int,
        token: str,
        ports: Sequence[int],
        grounds: Grounds,
        promises: Promises,
        stopping: threading.Event,
    ) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.ports = ports
        self.grounds = grounds
        self.promises = promises
        self.stopping = stopping
        self.mine: dict[UUID, Shown] = {}

    def run(self) -> None:
        """Act, rest, and act again."""
        while not self.stopping.is_set():
            chance = self.random.random()
            if not self.mine or chance < 0.6:
                self.book()
            elif chance < 0.8:
                self.move()
            else:
                self.cancel()
            self.stopping.wait(THINK_SECONDS)

    def book(self) -> None:
        """Ask for an hour of some resource, under a title that nobody else uses."""
        resource_id, units = self.random.choice(self.grounds.resources)
        title = uuid4().hex
        body = self._hour() | {
            "resource_id": str(resource_id),
            "project_id": str(self.grounds.project_id),
            "quantity": self.random.randint(1, units),
            "title": title,
        }
        status, told = self.send("POST", BOOKINGS, body)
        if status in DONE:
            self._acknowledged(told)
        elif status is None:
            self.promises.unanswered.add(title)

    def move(self) -> None:
        """Ask for another hour of one of the own bookings."""
        key = self.random.choice(list(self.mine))
        body = self._hour()
        wanted = ("confirmed", datetime.fromisoformat(body["starts_at"]))
        self._change(key, "PATCH", body, wanted)

    def cancel(self) -> None:
        """Give one of the own bookings back."""
        key = self.random.choice(list(self.mine))
        self._change(key, "DELETE", None, ("cancelled", self.mine[key][1]))
        self.mine.pop(key, None)

    def _change(self, key: UUID, method: str, body: Any, wanted: Shown) -> None:
        self.promises.keep(key, self.mine[key], wanted)
        status, told = self.send(method, f"{BOOKINGS}/{key}", body)
        if status in DONE:
            self._acknowledged(told)
        elif status is None:
            del self.mine[key]
        else:
            self.promises.keep(key, self.mine[key])

    def _acknowledged(self, told: Any) -> None:
        key, status = UUID(told["id"]), str(told["status"])
        self.mine[key] = status, datetime.fromisoformat(told["starts_at"])
        self.promises.keep(key, self.mine[key])

    def _hour(self) -> dict[str, Any]:
        start = self.grounds.first + timedelta(hours=self.random.randrange(HOURS))
        return {
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=1)).isoformat(),
        }

    def send(self, method: str, path: str, body: Any) -> tuple[int | None, Any]:
        """Send a write until it is answered; None if it was done and its answer lost."""
        headers = self.headers | {"Idempotency-Key": uuid4().hex}
        for _ in range(TRIES):
            status, told = self._once(method, path, body, headers)
            if status is not None and status < FAULT:
                if UNFINISHED in {each["code"] for each in told.get("errors", ())}:
                    self.promises.count("answer lost")
                    return None, {}
                self.promises.count("done" if status in DONE else "refused")
                return status, told
            self.promises.count("no answer" if status is None else f"answer {status}")
            threading.Event().wait(WAIT_SECONDS)
        return None, {}

    def _once(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int | None, Any]:
        connection = HTTPConnection("127.0.0.1", self.random.choice(self.ports), timeout=60)
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            return None, {}
        finally:
            connection.close()
        return answer.status, json.loads(content) if answer.status < FAULT else {}
