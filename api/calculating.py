"""Do one calculation: claim it, read its question, solve in a process of its own, keep the answer.

Nothing is locked while the engine works: what is told meanwhile is one short transaction a
second at the most. Whoever dies on the way leaves a row that is taken up again.
"""

import os
import signal
import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from secrets import token_hex
from typing import Any, Final

import structlog
from sqlalchemy.exc import DBAPIError

from api.works import WORKS, Solve
from booking.clock import utc_now
from booking.db import Database
from booking.engine.vocabulary import CalculationKind
from booking.errors import DomainError
from booking.queries.calculations import CalculationFacts, something_to_do
from booking.services import calculations
from booking.services.calculations import SILENT, Standing

TELL_EVERY: Final = timedelta(seconds=1)
LOOK_SECONDS: Final = 0.2
END_SECONDS: Final = 5
NICER: Final = 5
REFERENCE_BYTES: Final = 4
FAULT: Final = (
    "This is a fault of ours, not of the round. Ask again; if it comes back, tell the operator "
    "this reference, which also stands in the log: {reference}."
)
Clock = Callable[[], datetime]
Run = Callable[[Solve, Any, "Watch"], dict[str, Any]]
log = structlog.get_logger()


class WorkerDied(Exception):  # noqa: N818 - leads to another attempt, not to a failure
    """The process that solved ended without an answer."""


class LeftOff(Exception):  # noqa: N818 - leads to another attempt, or to nothing
    """The work is not this worker's any more, or this worker is to end."""


class WorkFailed(Exception):  # noqa: N818 - carries the other process's traceback
    """The engine raised, in the process that solved."""


class Watch:
    """Keeps the row of a calculation up to date, and knows whether to go on."""

    def __init__(
        self, database: Database, mine: CalculationFacts, ending: threading.Event, clock: Clock
    ) -> None:
        self.standing = Standing.GO_ON
        self._database = database
        self._mine = mine
        self._ending = ending
        self._clock = clock
        self._told_at = clock()
        self._news: Mapping[str, Any] | None = None

    def look(self, news: Mapping[str, Any] | None = None) -> Standing:
        """Note news, tell them if it is time to, and say whether to go on.

        Raises: LeftOff if the work is to be left to somebody else.
        """
        self._news = news or self._news
        now = self._clock()
        if now - self._told_at >= TELL_EVERY:
            self._told_at = now
            self._tell(now)
        if self.standing is Standing.LOST or self._ending.is_set():
            raise LeftOff
        return self.standing

    def _tell(self, now: datetime) -> None:
        try:
            with self._database.writing() as session:
                self.standing = calculations.tell_progress(
                    session, now=now, mine=self._mine, progress=self._news
                )
        except DBAPIError as error:
            # The next second tells the same again.
            log.warning("progress not told", reason=str(error))
        else:
            self._news = None


def calculate_next(
    database: Database,
    *,
    ending: threading.Event,
    kinds: Collection[CalculationKind] = tuple(CalculationKind),
    silent: timedelta = SILENT,
    clock: Clock = utc_now,
    run: Run | None = None,
) -> bool:
    """Do the calculation of these kinds that is next, and say whether there was one.

    `run` solves, by default in a process of its own. Once `ending` is set, the work is left
    off at the next look, and taken up again by whoever comes next.
    """
    with database.reading() as session:
        if not something_to_do(session, kinds=kinds, silent_since=clock() - silent):
            return False
    with database.writing() as session:
        mine = calculations.claim_next(session, now=clock(), kinds=kinds, silent=silent)
    if mine is None:
        return False
    _settle(database, mine, Watch(database, mine, ending, clock), clock, run or in_a_process)
    return True


def _settle(
    database: Database, mine: CalculationFacts, watch: Watch, clock: Clock, run: Run
) -> None:
    """Do what was claimed; whatever goes wrong ends in the row."""
    try:
        _do(database, mine, watch, clock, run)
    except DomainError as refused:
        _fail(database, mine, clock, _in_words(refused))
    except (LeftOff, WorkerDied) as left:
        with database.writing() as session:
            calculations.give_back(session, mine=mine, counts=isinstance(left, WorkerDied))
    except DBAPIError as error:
        # The row stays running and silent, and so is taken up again.
        log.warning("calculation left off", calculation=str(mine.id), reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever the engine raises, who asked is told
        _fail(database, mine, clock, FAULT.format(reference=_logged(mine, error)))


def _logged(mine: CalculationFacts, error: Exception) -> str:
    """Write what went wrong into the log, and return the reference it stands under."""
    reference = token_hex(REFERENCE_BYTES)
    said = "".join(traceback.format_exception(error))
    log.error("calculation failed", reference=reference, calculation=str(mine.id), error=said)
    return reference


def _do(database: Database, mine: CalculationFacts, watch: Watch, clock: Clock, run: Run) -> None:
    work = WORKS[mine.kind]
    with database.reading() as session:
        prepared = work.prepare(session, mine)
    found = run(work.solve, prepared, watch)
    with database.writing() as session:
        if not calculations.is_mine(session, mine):
            return
        now = clock()
        answer = work.store(session, mine, now, found)
        stopped = bool(found.get("stopped"))
        calculations.finish(session, now=now, mine=mine, answer=answer, stopped=stopped)


def _fail(database: Database, mine: CalculationFacts, clock: Clock, failure: str) -> None:
    with database.writing() as session:
        calculations.fail(session, now=clock(), mine=mine, failure=failure)


def _in_words(refused: DomainError) -> str:
    beyond = [each.reason for each in refused.violations if each.reason not in refused.message]
    return " ".join([refused.message, *beyond])


def in_a_process(solve: Solve, prepared: Any, watch: Watch) -> dict[str, Any]:
    """Solve in a process of its own, so that this one stays responsive and loses nothing by it.

    Raises: WorkerDied; LeftOff; WorkFailed.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_work, args=(there, solve, prepared))
    child.start()
    there.close()
    try:
        answer = _attend(here, watch)
        child.join(END_SECONDS)
        return answer
    finally:
        here.close()
        _end(child)


def _attend(here: Connection, watch: Watch) -> dict[str, Any]:
    """Pass on what the child tells, and to the child that it is to stop, until it answers."""
    asked_to_stop = False
    while True:
        news = None
        if here.poll(LOOK_SECONDS):
            try:
                word, news = here.recv()
            except (EOFError, ConnectionError) as error:
                raise WorkerDied from error
            if word == "answer":
                answer: dict[str, Any] = news
                return answer
            if word == "failure":
                raise WorkFailed(news)
        if watch.look(news) is Standing.STOP and not asked_to_stop:
            asked_to_stop = True
            with suppress(ConnectionError):
                here.send("stop")


def _end(child: BaseProcess) -> None:
    """End the child and all that it started, if it has not ended by itself."""
    if child.is_alive() and child.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
    child.join()
    child.close()


def _work(there: Connection, solve: Solve, prepared: Any) -> None:
    """Solve, in the child: it heads a group of its own, which ends with the parent."""
    os.setsid()
    os.nice(NICER)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    to_stop = threading.Event()
    threading.Thread(target=_listen, args=(there, to_stop), daemon=True).start()

    def told(news: Mapping[str, Any]) -> None:
        there.send(("progress", dict(news)))

    try:
        answer = solve(prepared, told, to_stop.is_set)
    except Exception:  # noqa: BLE001 - the parent raises it again
        there.send(("failure", traceback.format_exc()))
    else:
        there.send(("answer", answer))


def _listen(there: Connection, to_stop: threading.Event) -> None:
    with suppress(EOFError, OSError):
        there.recv()
        to_stop.set()


def _end_after(parent: BaseProcess) -> None:
    """End this process and its own once its parent died: nobody would hear the answer."""
    parent.join()
    os.killpg(0, signal.SIGKILL)
