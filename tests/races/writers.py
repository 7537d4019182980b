"""Processes that each run the whole application and write at the same instant."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any, Final

from fastapi.testclient import TestClient

from api.app import create_app
from booking.clock import utc_now
from booking.config import Settings
from tests.builders import NOW

PATIENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What one writer was told."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """One client with its token, and its wish in each race."""

    token: str
    wishes: tuple[dict[str, Any], ...]


def race(url: str, writers: Sequence[Writer], *, processes: int) -> list[list[Answer]]:
    """Let all writers send their wishes, race by race; answers by race, then by writer."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(writers))
    answers = context.Queue()
    crews = [writers[first::processes] for first in range(processes)]
    running = [
        context.Process(target=_run, args=(url, crew, barrier, answers, first), daemon=True)
        for first, crew in enumerate(crews)
    ]
    for each in running:
        each.start()
    crews_told = dict(answers.get(timeout=PATIENCE_SECONDS) for _ in crews)
    for each in running:
        each.join(PATIENCE_SECONDS)
    told = [crews_told[at % processes][at // processes] for at in range(len(writers))]
    return [list(each) for each in zip(*told, strict=True)]


def race_of_threads(url: str, writers: Sequence[Writer]) -> list[list[Answer]]:
    """As `race`, within this process."""
    barrier = multiprocessing.get_context("spawn").Barrier(len(writers))
    told = _all_answers(url, writers, barrier)
    return [list(each) for each in zip(*told, strict=True)]


def _run(url: str, crew: Sequence[Writer], barrier: Barrier, answers: Any, number: int) -> None:
    answers.put((number, _all_answers(url, crew, barrier)))


def _all_answers(url: str, crew: Sequence[Writer], barrier: Barrier) -> list[list[Answer]]:
    app = create_app(
        Settings(
            _env_file=None,
            database_url=url,
            base_url="https://benchshare.example",
            secret_key="a secret of tests alone",
        )
    )
    app.dependency_overrides[utc_now] = lambda: NOW
    with (
        TestClient(app, raise_server_exceptions=False) as client,
        ThreadPoolExecutor(len(crew)) as pool,
    ):
        return list(pool.map(lambda writer: _answers(client, writer, barrier), crew))


def _answers(client: TestClient, writer: Writer, barrier: Barrier) -> list[Answer]:
    told = []
    for wish in writer.wishes:
        barrier.wait(PATIENCE_SECONDS)
        headers = {"Authorization": f"Bearer {writer.token}"}
        answer = client.post("/api/v1/bookings", json=wish, headers=headers)
        told.append(Answer(answer.status_code, answer.json()))
    return told
