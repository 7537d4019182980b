"""The layout is kept; and each check of it notices what it is there to notice."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.architecture import (
    LONGEST_FILE,
    LONGEST_FUNCTION,
    ends_of_transactions,
    foreign_imports,
    long_functions,
    missing_docstring,
    readings_of_the_clock,
    selects,
    too_many_lines,
    vague_names,
)

ROOT: Final = Path(__file__).parent.parent
PRODUCT: Final = ("api", "booking", "notifications")
MOST_IGNORED_RULES: Final = 15

Check = Callable[[str], list[str]]


def files_in(*folders: str, but: tuple[str, ...] = ()) -> list[str]:
    """List the Python files of the folders, except those whose path starts with one of `but`."""
    paths = [
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    ]
    return sorted(path for path in paths if not path.startswith(but))


def faults(check: Check, paths: list[str]) -> list[str]:
    assert paths, "nothing was looked at"
    return [f"{path}: {fault}" for path in paths for fault in check((ROOT / path).read_text())]


def test_only_db_ends_transactions() -> None:
    assert faults(ends_of_transactions, files_in(*PRODUCT, but=("booking/db.py",))) == []


def test_only_queries_select() -> None:
    reading = ("booking/queries/", "booking/guards.py", "booking/db.py")
    imap = "notifications/mailboxes.py"  # what it selects is a folder of mails
    assert faults(selects, files_in(*PRODUCT, but=(*reading, imap))) == []


def test_only_clock_reads_the_time() -> None:
    core = files_in("booking", "notifications", "migrations", but=("booking/clock.py",))
    assert faults(readings_of_the_clock, core) == []


def test_the_edge_measures_durations_only() -> None:
    def check(source: str) -> list[str]:
        return readings_of_the_clock(source, stopwatch=True)

    assert faults(check, files_in("api", "benchmarks")) == []


def test_files_are_short() -> None:
    every_file = files_in(
        *PRODUCT, "migrations", "benchmarks", "tests", but=("migrations/versions/",)
    )
    assert faults(too_many_lines, every_file) == []


def test_functions_are_short() -> None:
    every_file = files_in(
        *PRODUCT, "migrations", "benchmarks", "tests", but=("migrations/versions/",)
    )
    assert faults(long_functions, every_file) == []


def test_engine_imports_the_standard_library_and_itself() -> None:
    def check(source: str) -> list[str]:
        return foreign_imports(source, home="booking.engine")

    assert faults(check, files_in("booking/engine", but=("booking/engine/allocation/",))) == []


def test_allocation_may_use_numpy_and_the_solver_as_well() -> None:
    def check(source: str) -> list[str]:
        return foreign_imports(
            source, home="booking.engine", allowed=frozenset({"numpy", "highspy"})
        )

    assert faults(check, files_in("booking/engine")) == []


def test_modules_say_what_they_are_for() -> None:
    assert faults(missing_docstring, files_in(*PRODUCT, "migrations", "benchmarks")) == []


def test_names_say_something() -> None:
    every_file = files_in(*PRODUCT, "migrations", "benchmarks", "tests")
    assert [fault for path in every_file for fault in vague_names(path)] == []


def test_ignored_lint_rules_are_few() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert len(settings["tool"]["ruff"]["lint"]["ignore"]) <= MOST_IGNORED_RULES


def engine_imports(source: str) -> list[str]:
    return foreign_imports(source, home="booking.engine", allowed=frozenset({"numpy"}))


def in_a_function(lines: int, docstring: str = "") -> str:
    """A function of so many lines, its `def` counted and its docstring not."""
    return "\n".join(
        ["def f():", docstring or "    # so", *["    pass"] * (lines - 1 - (not docstring))]
    )


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (ends_of_transactions, "session.commit()"),
        (ends_of_transactions, "with x:\n    self.session.rollback()"),
        (selects, "from sqlmodel import col, select"),
        (selects, "from sqlalchemy.sql import select as s"),
        (selects, "import sqlalchemy as sa\nsa.select(Booking)"),
        (selects, "booking.select()"),
        (selects, "session.get(Booking, booking_id)"),
        (selects, "self.session.query(Booking)"),
        (selects, "text('''\n  SELECT id FROM booking''')"),
        (selects, "text(f'select id from {table}')"),
        (readings_of_the_clock, "datetime.now(UTC)"),
        (readings_of_the_clock, "import datetime as dt\ndt.datetime.utcnow()"),
        (readings_of_the_clock, "Field(default_factory=datetime.utcnow)"),
        (readings_of_the_clock, "date.today()"),
        (readings_of_the_clock, "time.time()"),
        (readings_of_the_clock, "func.now()"),
        (readings_of_the_clock, "time.perf_counter()"),
        (readings_of_the_clock, "from time import monotonic"),
        (too_many_lines, "\n" * (LONGEST_FILE + 1)),
        (long_functions, in_a_function(LONGEST_FUNCTION + 1)),
        (long_functions, "async " + in_a_function(LONGEST_FUNCTION + 1)),
        (long_functions, in_a_function(LONGEST_FUNCTION + 1, '    """What.\n\n    Why.\n    """')),
        (engine_imports, "import sqlmodel"),
        (engine_imports, "from booking.models import Booking"),
        (engine_imports, "from booking.engineering import x"),
        (engine_imports, "from .. import db"),
        (engine_imports, "def f():\n    import highspy"),
        (missing_docstring, "import os"),
        (vague_names, "booking/utils.py"),
        (vague_names, "api/helpers/dates.py"),
    ],
)
def test_check__planted_fault__is_found(check: Check, source: str) -> None:
    assert len(check(source)) == 1


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (ends_of_transactions, "session.flush()"),
        (selects, "from select import poll"),
        (selects, "raise WrongState('Select a resource first.')"),
        (selects, "form.get('select')"),
        (readings_of_the_clock, "def book(*, now: datetime): ...\nbooked_at = now"),
        (readings_of_the_clock, "datetime(2026, 11, 24, tzinfo=UTC).time()"),
        (too_many_lines, "\n" * LONGEST_FILE),
        (long_functions, in_a_function(LONGEST_FUNCTION)),
        (long_functions, in_a_function(LONGEST_FUNCTION, '    """What.\n\n    Why.\n    """')),
        (engine_imports, "import numpy as np\nfrom zoneinfo import ZoneInfo"),
        (engine_imports, "from booking.engine import intervals"),
        (engine_imports, "from booking.engine.intervals import Interval"),
        (missing_docstring, '"""What it is for."""'),
        (vague_names, "api/pages/manage.py"),
    ],
)
def test_check__clean_source__finds_nothing(check: Check, source: str) -> None:
    assert check(source) == []


def test_stopwatch__allowed__still_finds_the_wall_clock() -> None:
    source = "time.perf_counter()\ntime.time()"

    assert len(readings_of_the_clock(source, stopwatch=True)) == 1
