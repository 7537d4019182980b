"""Migrated databases to test on: one template a kind, copied for each test that commits."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from sqlmodel import Session

from booking.db import Database
from migrations import upgrade
from tests.postgres import Cluster

KINDS: Final = ("sqlite", "postgresql")


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """Lend a database, and close its connections afterwards."""
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


@dataclass(slots=True)
class Databases:
    """Makes databases for one test process; `cluster` is asked for when first needed.

    `worker` keeps the names of simultaneous processes apart on the shared server.
    """

    worker: str
    folder: Path
    cluster: Callable[[], Cluster]
    templates: dict[str, str] = field(default_factory=dict)
    shared: dict[str, Database] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    endings: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Lend the address of a database without a single table."""
        name = self._new_name()
        if kind == "postgresql":
            self.cluster().create(name)
        try:
            yield self._url_of(kind, name)
        finally:
            self._remove(kind, name)

    @contextmanager
    def migrated(self, kind: str) -> Iterator[str]:
        """Lend the address of a fresh database at the head revision."""
        template, name = self._template_of(kind), self._new_name()
        if kind == "postgresql":
            self.cluster().create(name, template=template)
        else:
            shutil.copyfile(self._file_of(template), self._file_of(name))
        try:
            yield self._url_of(kind, name)
        finally:
            self._remove(kind, name)

    @contextmanager
    def session(self, kind: str) -> Iterator[Session]:
        """Lend a session on a migrated database, and undo all of its work, commits included."""
        engine = self._shared_by_all(kind).engine
        with engine.connect().execution_options(writes=True) as connection:
            outer = connection.begin()
            with Session(
                connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
            ) as undone:
                yield undone
            outer.rollback()

    def _shared_by_all(self, kind: str) -> Database:
        """Open this process's one database for tests that leave nothing behind."""
        if kind not in self.shared:
            url = self.endings.enter_context(self.migrated(kind))
            self.shared[kind] = self.endings.enter_context(opened(url))
        return self.shared[kind]

    def _template_of(self, kind: str) -> str:
        if kind not in self.templates:
            name = self._new_name()
            if kind == "postgresql":
                self.cluster().create(name)
            upgrade(self._url_of(kind, name))
            if kind == "sqlite":
                _fold_log_into(self._file_of(name))
            self.templates[kind] = name
        return self.templates[kind]

    def _new_name(self) -> str:
        return f"test_{self.worker}_{next(self.numbers)}"

    def _file_of(self, name: str) -> Path:
        return self.folder / f"{name}.db"

    def _url_of(self, kind: str, name: str) -> str:
        if kind == "postgresql":
            return self.cluster().url_of(name)
        return f"sqlite:///{self._file_of(name)}"

    def _remove(self, kind: str, name: str) -> None:
        if kind == "postgresql":
            self.cluster().drop(name)
        for path in self.folder.glob(f"{name}.db*"):
            path.unlink()


def _fold_log_into(path: Path) -> None:
    """Bring what SQLite still keeps in its log into the one file that is copied."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
