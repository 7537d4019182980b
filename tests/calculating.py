"""Calculations done at once and in this process, for tests that are about what came out."""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.calculating import Watch, calculate_next
from api.works import Solve
from booking.db import Database
from booking.services.calculations import Standing
from tests.builders import NOW


def here(solve: Solve, prepared: Any, watch: Watch) -> dict[str, Any]:
    """Solve in this process."""

    def told(news: Mapping[str, Any]) -> None:
        watch.look(news)

    return solve(prepared, told, lambda: watch.standing is Standing.STOP)


def calculated(database: Database, *, now: datetime = NOW) -> int:
    """Do all calculations that were asked for, and count them."""
    count = 0
    while calculate_next(database, ending=threading.Event(), clock=lambda: now, run=here):
        count += 1
    return count
