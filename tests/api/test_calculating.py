"""A calculation from claim to answer: in another process, stopped, killed, refused, failed."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from api import calculating
from api.calculating import Watch, calculate_next, in_a_process
from api.works import Work
from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.models import Calculation, RoundResult
from booking.queries.rounds import find_round
from booking.services import access_requests, calculations
from tests.builders import NOW
from tests.calculating import calculated, here
from tests.rounds import RoundScene, a_round_scene, a_scored_round

Told = Callable[[Mapping[str, Any]], None]
ToStop = Callable[[], bool]


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        scene = a_round_scene(session)
        a_scored_round(session, scene, 900, 500)
    return scene


@pytest.fixture
def asked(database: Database, scene: RoundScene) -> Calculation:
    with database.writing() as session:
        return calculations.ask(
            session,
            actor=scene.actor(session, scene.manager),
            now=NOW,
            found=find_round(session, "spring"),
            kind=CalculationKind.ALLOCATION,
            question={},
        )


def now_of(database: Database, row: Calculation) -> Calculation:
    with database.reading() as session:
        return session.get_one(Calculation, row.id)


def results_in(database: Database) -> list[RoundResult]:
    with database.reading() as session:
        return list(session.exec(select(RoundResult).order_by(col(RoundResult.number))))


def ticking(seconds: float = 1) -> Callable[[], datetime]:
    """Return a clock that goes on at each look."""
    ticks = count()
    return lambda: NOW + next(ticks) * timedelta(seconds=seconds)


def solving(monkeypatch: pytest.MonkeyPatch, solve: Any) -> None:
    """Let allocations be solved by `solve`, which is given nothing and whose answer is kept."""
    work = Work(lambda _session, _asked: None, solve, lambda _session, _asked, _now, found: found)
    monkeypatch.setattr(calculating, "WORKS", {CalculationKind.ALLOCATION: work})


def killed(prepared: None, told: Told, to_stop: ToStop) -> dict[str, Any]:
    del prepared, told, to_stop
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def until_stopped(prepared: None, told: Told, to_stop: ToStop) -> dict[str, Any]:
    del prepared
    told({"done": 1, "total": 2, "objective": 5.0, "bound": 10.0})
    waiting = threading.Event()
    while not to_stop():
        waiting.wait(0.01)
    return {"stopped": True, "objective": 5.0}


def broken(prepared: None, told: Told, to_stop: ToStop) -> dict[str, Any]:
    del prepared, told, to_stop
    raise ZeroDivisionError


def test_calculate__preview__keeps_the_result_in_the_answer_alone(
    database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        row = calculations.ask(
            session,
            actor=scene.actor(session, scene.manager),
            now=NOW,
            found=find_round(session, "spring"),
            kind=CalculationKind.ALLOCATION,
            question={"keep": False},
        )
    assert calculated(database) == 1
    answer = now_of(database, row).answer
    assert answer is not None
    assert len(answer["result"]["bookings"]) == 1
    assert results_in(database) == []


def test_calculate__nothing_asked__does_nothing(database: Database) -> None:
    assert not calculate_next(database, ending=threading.Event())


def test_calculate__request_withdrawn_meanwhile__fails_in_words(
    database: Database, asked: Calculation
) -> None:
    def withdrawn_meanwhile(solve: Any, prepared: Any, watch: Watch) -> dict[str, Any]:
        with database.writing() as session:
            access_requests.withdraw_request(
                session,
                actor=SYSTEM,
                now=NOW,
                round_key="spring",
                request_id=UUID(prepared.problem.requests[0].id),
            )
        return here(solve, prepared, watch)

    calculate_next(database, ending=threading.Event(), clock=lambda: NOW, run=withdrawn_meanwhile)
    failed = now_of(database, asked)
    assert failed.state is CalculationState.FAILED
    assert "allocate again" in failed.failure
    assert results_in(database) == []


@pytest.mark.only_on("sqlite")
def test_calculate__stopped_meanwhile__keeps_the_best_so_far(
    database: Database, asked: Calculation, monkeypatch: pytest.MonkeyPatch
) -> None:
    solving(monkeypatch, until_stopped)

    def stopped_meanwhile(solve: Any, prepared: Any, watch: Watch) -> dict[str, Any]:
        with database.writing() as session:
            calculations.stop(session, actor=SYSTEM, now=NOW, calculation_id=asked.id)
        return in_a_process(solve, prepared, watch)

    calculate_next(database, ending=threading.Event(), clock=ticking(), run=stopped_meanwhile)
    stopped = now_of(database, asked)
    assert stopped.state is CalculationState.STOPPED
    assert stopped.answer == {"stopped": True, "objective": 5.0}
    assert stopped.progress["bound"] == 10.0


@pytest.mark.only_on("sqlite")
def test_calculate__process_killed__is_taken_up_again(
    database: Database, asked: Calculation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        solving(patch, killed)
        assert calculate_next(database, ending=threading.Event(), clock=lambda: NOW)
    left = now_of(database, asked)
    assert (left.state, left.progress) == (CalculationState.WAITING, {"attempts": 1})
    assert calculated(database) == 1
    assert now_of(database, asked).state is CalculationState.DONE


@pytest.mark.only_on("sqlite")
def test_calculate__this_process_ends__leaves_it_to_the_next(
    database: Database, asked: Calculation, monkeypatch: pytest.MonkeyPatch
) -> None:
    solving(monkeypatch, until_stopped)
    ending = threading.Event()
    ending.set()
    calculate_next(database, ending=ending, clock=lambda: NOW)
    left = now_of(database, asked)
    assert (left.state, left.progress) == (CalculationState.WAITING, {"attempts": 0})


@pytest.mark.only_on("sqlite")
def test_calculate__engine_raises__fails_with_a_reference(
    database: Database, asked: Calculation, monkeypatch: pytest.MonkeyPatch
) -> None:
    solving(monkeypatch, broken)
    calculate_next(database, ending=threading.Event(), clock=lambda: NOW)
    failed = now_of(database, asked)
    assert failed.state is CalculationState.FAILED
    assert "tell the operator this reference" in failed.failure


def test_watch__told_often__writes_once_a_second(database: Database, asked: Calculation) -> None:
    with database.writing() as session:
        mine = calculations.claim_next(session, now=NOW)
    assert mine is not None
    moments: Iterator[float] = iter([0, 0.5, 0.9, 1.0])
    watch = Watch(
        database,
        mine,
        threading.Event(),
        lambda: NOW + timedelta(seconds=next(moments)),
    )
    for done in (1, 2):
        watch.look({"done": done, "total": 4})
        assert "done" not in now_of(database, asked).progress
    watch.look()
    assert now_of(database, asked).progress["done"] == 2
