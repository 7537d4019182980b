"""What runs by the clock: deliveries, lapsing, offers, sealing, calculations; one leader of many.

The scheduler is a clock only. The work is rows (find due, claim, do), safe to run twice.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Final

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from api import incoming
from api.busy_calendars import refresh_due
from api.calculating import calculate_next
from api.outside import Outside
from api.works import QUICK, SLOW
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.engine.vocabulary import CalculationKind
from booking.queries import busy_calendars, installation, offered_time
from booking.services import digests, housekeeping, lapsing, offering, offers, sealing
from booking.services.calculations import SILENT
from notifications.digest import TOLD
from notifications.dispatch import run_once
from notifications.mailboxes import InboxFailed
from notifications.receiving import collected

LEAD_SECONDS: Final = 2
DISPATCH_SECONDS: Final = 2
LAPSE_SECONDS: Final = 5
OFFER_SECONDS: Final = 2
SWEEP_SECONDS: Final = 3600
SEAL_SECONDS: Final = 10
CLEAR_SECONDS: Final = 60
CALCULATE_SECONDS: Final = 1
DIGEST_SECONDS: Final = 60
INBOX_SECONDS: Final = 60
FETCH_SECONDS: Final = 15
log = structlog.get_logger()


class Leadership:
    """Whether this process leads: on PostgreSQL the one that holds an advisory lock.

    The lock lives on a connection of its own, and so ends with the process, however it
    dies. On SQLite there is one process, which leads.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.connection: Connection | None = None
        self.leads = database.dialect == "sqlite"

    def seek(self) -> None:
        """Keep the lead, or take it if nobody has it."""
        if self.database.dialect == "sqlite":
            return
        try:
            self.leads = self._keep() or self._take()
        except DBAPIError as error:
            self.leads = False
            log.warning("no leader here", reason=str(error))

    def release(self) -> None:
        """Give the lead up."""
        self.leads = False
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _keep(self) -> bool:
        if self.connection is None:
            return False
        try:
            installation.still_answers(self.connection)
        except DBAPIError:
            self.release()
            return False
        return True

    def _take(self) -> bool:
        connection = self.database.engine.connect()
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        if not installation.try_to_lead(connection):
            connection.close()
            return False
        self.connection = connection
        return True


class Jobs:
    """The running jobs of this process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.outside = Outside()
        self.leadership = Leadership(database)
        self.stopping = threading.Event()
        self.taken_up: set[frozenset[CalculationKind]] = set()
        self.scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin; each job runs once at the start."""
        # A job that is still at work when its time comes again is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self.leadership.seek()
        self._every(LEAD_SECONDS, self.leadership.seek)
        for seconds, job in (
            (DISPATCH_SECONDS, self.dispatch),
            (LAPSE_SECONDS, self.lapse),
            (OFFER_SECONDS, self.offer),
            (SWEEP_SECONDS, self.sweep),
            (SEAL_SECONDS, self.seal),
            (CLEAR_SECONDS, self.clear),
            (DIGEST_SECONDS, self.digest),
            (CALCULATE_SECONDS, self.calculate),
            (CALCULATE_SECONDS, self.answer),
            (FETCH_SECONDS, self.fetch),
        ):
            self._every(seconds, job)
        if self.settings.inbox:
            self._every(INBOX_SECONDS, self.collect)
        self.scheduler.start()

    def stop(self) -> None:
        """End after what is under way."""
        self.stopping.set()
        self.scheduler.shutdown(wait=True)
        self.leadership.release()

    def dispatch(self) -> None:
        """Send all that is due."""
        while self._may_work() and run_once(self.database, self.settings, utc_now()):
            pass

    def lapse(self) -> None:
        """Let expire and be missed what is due; where nothing is, one query says so."""
        while self._may_work() and self._lapses():
            with self.database.writing() as session:
                if not lapsing.lapse(session, now=utc_now()):
                    return

    def offer(self) -> None:
        """End offers that nobody answered, and offer what is free; one query where nothing is."""
        while self._may_work() and self._has_offers_to_make():
            with self.database.writing() as session:
                ended = offers.expire_offers(session, now=utc_now())
            with self.database.writing() as session:
                made = offering.offer_freed(session, now=utc_now(), domain=self.settings.host)
            if not ended and not made.looked_at:
                return

    def sweep(self) -> None:
        """Let all that somebody waits for be looked at again."""
        if self._may_work():
            with self.database.writing() as session:
                offering.sweep(session, now=utc_now())

    def seal(self) -> None:
        """Seal all new events, a transaction for each thousand or two."""
        while self._may_work():
            with self.database.writing() as session:
                if sealing.seal(session) < sealing.AT_ONCE:
                    return

    def clear(self) -> None:
        """Take away what has had its time."""
        if self._may_work():
            with self.database.writing() as session:
                housekeeping.clear(session, now=utc_now())

    def digest(self) -> None:
        """Record the digests of the day that are due; sending follows by itself."""
        if self._may_work():
            with self.database.writing() as session:
                digests.record_due(session, now=utc_now(), kinds=TOLD)

    def fetch(self) -> None:
        """Fetch the busy calendars that are due; one query where none is."""
        while self._may_work() and self._has_calendars_due():
            if not refresh_due(self.database, self.outside, settings=self.settings):
                return

    def calculate(self) -> None:
        """Do the long calculations that were asked for."""
        self._calculate(SLOW)

    def answer(self) -> None:
        """Do the calculations that take seconds, beside the long ones."""
        self._calculate(QUICK)

    def collect(self) -> None:
        """Take in the mails that wait in the mailbox; what is wrong with it the log says."""
        if not self._may_work():
            return
        try:
            for via, received in collected(self.database, self.settings, utc_now):
                incoming.count(received, via)
                if not self._may_work():
                    return
        except (InboxFailed, ValueError) as error:
            log.warning("mailbox not read", reason=str(error))

    def _calculate(self, kinds: frozenset[CalculationKind]) -> None:
        """Do the calculations of these kinds; this needs no lead, as each is claimed.

        On SQLite there is no other process: what runs when this one starts has lost its worker.
        """
        alone = self.database.dialect == "sqlite" and kinds not in self.taken_up
        silent = timedelta(0) if alone else SILENT
        while not self.stopping.is_set() and calculate_next(
            self.database, ending=self.stopping, kinds=kinds, silent=silent
        ):
            pass
        self.taken_up.add(kinds)

    def _lapses(self) -> bool:
        with self.database.reading() as session:
            return lapsing.is_due(session, now=utc_now())

    def _has_calendars_due(self) -> bool:
        with self.database.reading() as session:
            return busy_calendars.any_due(session, now=utc_now())

    def _has_offers_to_make(self) -> bool:
        with self.database.reading() as session:
            to_do = offered_time.to_do(session, now=utc_now())
            return to_do.freed or to_do.ended

    def _may_work(self) -> bool:
        return self.leadership.leads and not self.stopping.is_set()

    def _every(self, seconds: int, job: Callable[[], None]) -> None:
        self.scheduler.add_job(job, "interval", seconds=seconds, next_run_time=utc_now())


def start(settings: Settings, database: Database) -> Jobs:
    """Start the jobs of this process; stop them with `.stop()`."""
    jobs = Jobs(settings, database)
    jobs.start()
    return jobs
