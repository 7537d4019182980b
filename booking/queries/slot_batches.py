"""Free starts of many resources, batch after batch: each costs one query, whatever its size.

Instants are whole seconds since 1970 and rows are narrow, since there are thousands of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.free_slots import Load, SlotShape, Span, open_span, shut_span, slot_starts
from booking.engine.intervals import MINUTE, Interval
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.opening import WeeklyHours, open_windows
from booking.queries.booking_statements import HELD, OPEN, SPANS
from booking.queries.catalogue import Candidate, ResourceFacts

NO_BOOKING: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class TimeWish:
    """How long, how much and when; `minutes` of None is the shortest that may be booked."""

    within: Interval
    minutes: int | None = None
    quantity: int = 1

    def minutes_at(self, found: Candidate | ResourceFacts) -> int:
        """Choose the length of a slot of this resource."""
        return self.minutes or found.minimum_minutes or found.grid_minutes

    def shortest_at(self, found: Candidate | ResourceFacts) -> int:
        """Find the shortest booking of this resource, in minutes: whole steps of its grid."""
        grid = found.grid_minutes
        return -(-(found.minimum_minutes or grid) // grid) * grid

    def bookable_at(self, found: Candidate | ResourceFacts) -> bool:
        """Say whether anybody may book such a length and quantity directly."""
        minutes, longest = self.minutes_at(found), found.maximum_minutes
        return (
            found.state is ResourceState.PUBLISHED
            and found.mode is not BookingMode.ROUND_ONLY
            and self.quantity <= found.capacity
            and minutes % found.grid_minutes == 0
            and minutes >= (found.minimum_minutes or 0)
            and (longest is None or minutes <= longest)
        )


@dataclass(frozen=True, slots=True)
class _Taken:
    """What opens and takes time of a batch, by resource or facility."""

    weekly: Mapping[UUID, Sequence[WeeklyHours]]
    held: Mapping[UUID, Sequence[Load]]
    shut: Mapping[UUID, Sequence[Span]]


def starts_in(
    session: Session, batch: Sequence[Candidate], wish: TimeWish, now: datetime
) -> Iterator[tuple[Candidate, Iterator[int]]]:
    """Yield each resource with the starts of its free slots, neither worked out before asked for.

    Cost: one query.
    """
    chosen = [each for each in batch if wish.bookable_at(each)]
    if not chosen:
        return
    places = {
        "resources": [each.id for each in chosen],
        "facilities": list({each.facility_id for each in chosen}),
    }
    taken = _taken(session, chosen, places, wish.within)
    windows: dict[tuple[UUID, str], list[Span]] = {}
    for each in chosen:
        whose = (each.id if each.id in taken.weekly else each.facility_id, each.zone)
        if whose not in windows:
            opened = open_windows(
                taken.weekly.get(whose[0], ()), zone=each.zone, within=wish.within
            )
            windows[whose] = [open_span(window.start, window.end) for window in opened]
        yield each, _starts(each, windows[whose], taken, wish, now)


def _starts(
    found: Candidate, windows: Sequence[Span], taken: _Taken, wish: TimeWish, now: datetime
) -> Iterator[int]:
    first = max(now + found.lead_minutes * MINUTE, wish.within.start)
    shape = SlotShape(
        quantity=wish.quantity,
        capacity=found.capacity,
        length=wish.minutes_at(found) * 60,
        grid=found.grid_minutes * 60,
        before=found.buffer_before_minutes * 60,
        after=found.buffer_after_minutes * 60,
    )
    return slot_starts(
        windows,
        [*taken.shut.get(found.id, ()), *taken.shut.get(found.facility_id, ())],
        taken.held.get(found.id, ()),
        shape,
        first=open_span(first, first)[0],
        last=int((now + timedelta(days=found.horizon_days)).timestamp()),
    )


def _taken(
    session: Session,
    chosen: Sequence[Candidate],
    places: Mapping[str, Any],
    within: Interval,
) -> _Taken:
    # What lies outside may reach in with its own buffers and the new booking's.
    reach = 2 * max(each.buffer_before_minutes + each.buffer_after_minutes for each in chosen)
    rows = session.connection().execute(
        SPANS,
        {
            **places,
            "start": within.start - reach * MINUTE,
            "end": within.end + reach * MINUTE,
            "but_for": NO_BOOKING,
        },
    )
    weekly: dict[UUID, list[WeeklyHours]] = defaultdict(list)
    held: dict[UUID, list[Load]] = defaultdict(list)
    shut: dict[UUID, list[Span]] = defaultdict(list)
    for what, facility_id, resource_id, starts_at, ends_at, number, _, _, *clock in rows:
        if what == HELD:
            held[resource_id].append((*shut_span(starts_at, ends_at), number))
        elif what == OPEN:
            weekly[resource_id or facility_id].append(WeeklyHours(number, *clock))
        else:
            # A round shares its time out up to the end of today at the least.
            shut[resource_id or facility_id].append(shut_span(starts_at, ends_at))
    return _Taken(weekly, held, shut)
