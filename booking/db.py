"""Where every transaction begins and ends."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session, create_engine

SQLITE_WAIT_SECONDS = 30
CONNECTIONS: Final = 20


class Database:
    """One database, SQLite or PostgreSQL, named by a URL without a driver suffix."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self.dialect = self.engine.dialect.name
        self._looks = (
            self.engine
            if self.dialect == "sqlite"
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """Open a session for a few quick reads, each of which sees what is newest.

        Whatever it writes is there at once on PostgreSQL, so it must write nothing. It saves
        the round trips of BEGIN and ROLLBACK, which give a reader nothing that READ COMMITTED
        does not give each statement.
        """
        with Session(self._looks, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session whose transaction is never committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that commits when the block ends well, and else rolls back.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so that two
        writers wait for one another instead of failing.
        """
        with self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)  # noqa: PLW2901
            with Session(connection, expire_on_commit=False) as session, session.begin():
                yield session

    @property
    def missing_file(self) -> Path | None:
        """The SQLite file that connecting would leave empty, since there is none; else None."""
        name = self.engine.url.database
        if self.dialect != "sqlite" or not name or name == ":memory:":
            return None
        path = Path(name)
        return None if path.exists() else path

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Undo all that the block writes; what it reads into plain values stays known."""
    with session.begin_nested() as savepoint:
        yield
        savepoint.rollback()


def make_engine(url: str) -> Engine:
    """Make an engine for `url`, with the dialect's settings of the architecture page."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        # The connection used last is used next: it has prepared what is asked often.
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=CONNECTIONS, pool_use_lifo=True
        )
    engine = create_engine(
        parsed.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": SQLITE_WAIT_SECONDS, "check_same_thread": False},
        pool_size=CONNECTIONS,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Leave BEGIN to us, and set durability and foreign keys."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_WAIT_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    """Take the write lock at once in a writing transaction."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
