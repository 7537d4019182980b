"""An eye of its own: plain drivers and the stable columns, nothing of Benchshare's code."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import psycopg

HOLDS_TIME: Final = ("held", "pending", "confirmed", "in_use", "completed", "cancelling")
GUARDS: Final = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        {"booking_fits_on_insert", "booking_fits_on_update", "capacity_keeps_bookings"},
    ),
    "postgresql": (
        (
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O' "
            "UNION SELECT conname FROM pg_constraint WHERE contype = 'x' AND convalidated"
        ),
        {"booking_no_overlap", "booking_fits", "capacity_keeps_bookings"},
    ),
}


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Lend a bare connection of the database's own driver."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection:
            yield connection
    else:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            yield connection


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of one SELECT, each id as text."""
    with opened(url) as connection:
        return [tuple(each) for each in connection.execute(statement).fetchall()]


def overbooked(url: str) -> list[str]:
    """List each resource that holds more than its capacity at some instant.

    Instants are compared as the database gives them: SQLite's text sorts by time.
    """
    capacities = dict(rows(url, "SELECT id, capacity FROM resource"))
    changes: dict[Any, list[tuple[Any, int]]] = defaultdict(list)
    found = rows(url, "SELECT resource_id, starts_at, ends_at, quantity, status FROM booking")
    for resource_id, starts_at, ends_at, quantity, status in found:
        if status in HOLDS_TIME:
            changes[resource_id] += [(starts_at, quantity), (ends_at, -quantity)]
    return [
        f"resource {resource_id} holds {most} of {capacities[resource_id]}"
        for resource_id, each in changes.items()
        if (most := _highest(each)) > capacities[resource_id]
    ]


def missing_guards(url: str) -> list[str]:
    """List the guards against double booking that are not in force."""
    statement, wanted = GUARDS["sqlite" if url.startswith("sqlite") else "postgresql"]
    return sorted(wanted - {name for (name,) in rows(url, statement)})


def broken_file(url: str) -> list[str]:
    """List what SQLite finds wrong with its own file; nothing on PostgreSQL."""
    if not url.startswith("sqlite"):
        return []
    return [words for (words,) in rows(url, "PRAGMA integrity_check") if words != "ok"]


def _highest(changes: Iterable[tuple[Any, int]]) -> int:
    """Find the highest load; at one instant ends come before starts."""
    load = most = 0
    for _, change in sorted(changes):
        load += change
        most = max(most, load)
    return most
