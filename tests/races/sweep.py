"""An eye of its own for double bookings: reads the stable columns and shares no code."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import text

from booking.db import Database

HOLDS_TIME = ("held", "pending", "confirmed", "in_use", "completed", "cancelling")
CAPACITIES = "SELECT id, capacity FROM resource"
BOOKINGS = "SELECT resource_id, starts_at, ends_at, quantity, status FROM booking"


def overbooked(database: Database) -> list[str]:
    """List the resources that hold more than their capacity at some instant."""
    with database.reading() as session:
        resources = session.connection().execute(text(CAPACITIES)).all()
        rows = session.connection().execute(text(BOOKINGS)).all()
    capacities: dict[Any, int] = {each.id: each.capacity for each in resources}
    changes: dict[Any, list[tuple[datetime, int]]] = defaultdict(list)
    for resource_id, starts_at, ends_at, quantity, status in rows:
        if status in HOLDS_TIME:
            changes[resource_id] += [(starts_at, quantity), (ends_at, -quantity)]
    return [
        f"{resource_id}: {most} of {capacities[resource_id]}"
        for resource_id, each in changes.items()
        if (most := highest(each)) > capacities[resource_id]
    ]


def highest(changes: Iterable[tuple[datetime, int]]) -> int:
    """Find the highest load; at one instant ends come before starts."""
    return max(accumulate(change for _, change in sorted(changes)))
