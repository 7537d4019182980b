"""What a route may ask for: settings, a session in one transaction, the actor, the time."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core.core_schema import no_info_before_validator_function
from sqlmodel import Session

from api.auth import identify
from api.idempotency import claim_key
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.engine.permissions import Actor
from booking.errors import NotSignedIn
from booking.queries.paging import LARGEST_PAGE

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def read_instant(value: Any) -> datetime:
    """Read an ISO 8601 date-time with an offset; integers and digit strings are refused."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError(
            "write a date-time with its offset from UTC, such as 2026-12-01T09:00:00+01:00 "
            "or 2026-12-01T08:00:00Z"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this date-time is out of range") from error


def read_day(value: Any) -> date:
    """Read an ISO 8601 calendar day; integers, digit strings and date-times are refused."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:
        raise ValueError("write a day, such as 2026-12-01")
    return day


@dataclass(frozen=True, slots=True)
class _Text:
    """Refuses the control characters of `refused`, and says so in /openapi.json.

    No database takes them all, and a mail header holds one line.
    """

    refused: str
    reason: str
    needed: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return no_info_before_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Any:
        some = f"[^{self.refused}]*"
        something = rf"{some}[^\s{self.refused}]{some}"
        return handler(schema) | {"pattern": f"^{something if self.needed else some}$"}

    def checked(self, value: Any) -> Any:
        """Return what was given, before white space is stripped off.

        Raises: ValueError.
        """
        if isinstance(value, str) and re.search(f"[{self.refused}]", value):
            raise ValueError(self.reason)
        return value


_ONE_LINE: Final = (
    r"\x00-\x08\x0a-\x1f",
    "write this on one line, and take the control characters out of it",
)
_MANY_LINES: Final = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f",
    "take the control characters out of this text",
)
Instant = Annotated[datetime, BeforeValidator(read_instant)]
Day = Annotated[date, BeforeValidator(read_day)]
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), _Text(*_ONE_LINE)]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    _Text(*_ONE_LINE, needed=True),
]
Prose = Annotated[str, StringConstraints(max_length=10_000), _Text(*_MANY_LINES)]


# What waits for nothing is `async def`: FastAPI runs a `def` in a thread, which costs more.
async def settings_of(request: Request) -> Settings:
    """Return the installation's settings."""
    settings: Settings = request.app.state.settings
    return settings


async def database_of(request: Request) -> Database:
    """Return the installation's database."""
    database: Database = request.app.state.database
    return database


def time_of(request: Request) -> datetime:
    """Return the present instant by the clock of the application that was asked."""
    clock: Callable[[], datetime] = request.app.dependency_overrides.get(utc_now, utc_now)
    return clock()


async def now(request: Request) -> datetime:
    """Return the instant of this request."""
    return time_of(request)


Now = Annotated[datetime, Depends(now)]
AppSettings = Annotated[Settings, Depends(settings_of)]
AppDatabase = Annotated[Database, Depends(database_of)]


async def _reading(database: AppDatabase) -> AsyncIterator[Session]:
    """Open a session, which connects at its first read in the route's own thread."""
    with database.reading() as session:
        try:
            yield session
        finally:
            if session.in_transaction():
                await run_in_threadpool(session.close)


ReadSession = Annotated[Session, Depends(_reading, scope="function")]


def acting(request: Request, database: AppDatabase, now: Now) -> Actor:
    """Identify in a session of its own: a request never holds two connections at once."""
    with database.looking() as session:
        return identify(request, session, now=now)


CurrentActor = Annotated[Actor, Depends(acting)]


def _writing(
    request: Request,
    database: AppDatabase,
    actor: CurrentActor,
    now: Now,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Iterator[Session]:
    """Open ONE transaction; it commits before the reply is sent."""
    with database.writing() as session:
        if idempotency_key:
            claim_key(request, session, actor=actor, key=idempotency_key, now=now)
        yield session


WriteSession = Annotated[Session, Depends(_writing, scope="function")]

LastWrite = Callable[[Session], None]


def _claiming(
    request: Request,
    database: AppDatabase,
    actor: CurrentActor,
    now: Now,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> LastWrite:
    """Return what claims the key in the last of a write's several transactions.

    A repeat is answered at once: the claim is tried in a session that is never committed.
    """

    def claim(session: Session) -> None:
        if idempotency_key:
            claim_key(request, session, actor=actor, key=idempotency_key, now=now)

    if idempotency_key:
        with database.reading() as session:
            claim(session)
        request.state.claim = None
    return claim


ClaimLast = Annotated[LastWrite, Depends(_claiming)]


async def signed_in(actor: CurrentActor) -> Actor:
    """Return who acts.

    Raises: NotSignedIn if nobody does.
    """
    return somebody(actor)


def somebody(actor: Actor) -> Actor:
    """Return who acts.

    Raises: NotSignedIn if nobody does.
    """
    if actor.person_id is None:
        raise NotSignedIn("Sign in first, or send a token: Authorization: Bearer TOKEN.")
    return actor


SignedIn = Annotated[Actor, Depends(signed_in)]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many at the most")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
