"""When what was found is free: the next few times of each, apart from one another."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.queries.availability import availability_of, slots_in
from booking.queries.catalogue import ResourceFacts
from booking.queries.slot_batches import TimeWish
from booking.queries.slots_for_project import Team, slots_of_team


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that was found, with the next times it is free where a time was asked for.

    `more` says that there are others.
    """

    resource: ResourceFacts
    slots: tuple[Interval, ...]
    more: bool = False


def with_free_times(
    session: Session,
    resources: Sequence[ResourceFacts],
    wish: TimeWish | None,
    *,
    now: datetime,
    most: int,
    team: Team | None = None,
) -> tuple[Found, ...]:
    """Put beside each resource at most so many of the times that the wish fits.

    With a `team` they are those that its project may book, by every rule.
    """
    if wish is None:
        return tuple(Found(each, ()) for each in resources)
    if team is None:
        times = availability_of(session, resources, within=wish.within, now=now)
        slots = {each.id: slots_in(each, times[each.id], wish, now) for each in resources}
    else:
        slots = dict(slots_of_team(session, [each.id for each in resources], wish, team, now))
    return tuple(_found(each, slots[each.id], most) for each in resources)


def _found(resource: ResourceFacts, slots: Iterable[Interval], most: int) -> Found:
    first = tuple(islice(_apart(slots), most + 1))
    return Found(resource, first[:most], len(first) > most)


def _apart(slots: Iterable[Interval]) -> Iterator[Interval]:
    """Keep those slots that do not overlap the one before."""
    last: Interval | None = None
    for each in slots:
        if last is None or each.start >= last.end:
            last = each
            yield each
