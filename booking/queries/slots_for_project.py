"""Free starts of many resources that a project may book: by the very rules of booking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.alternatives import bookable_slots
from booking.engine.booking_facts import BookingFacts
from booking.engine.intervals import Interval
from booking.models import Resource
from booking.queries.booking_facts import Wish, facts_of_each
from booking.queries.catalogue import Candidate
from booking.queries.slot_batches import TimeWish


@dataclass(frozen=True, slots=True)
class Team:
    """For which project somebody looks, and who does: one of its members."""

    project_id: UUID
    person_id: UUID


def starts_for(
    session: Session, batch: Sequence[Candidate], wish: TimeWish, team: Team, now: datetime
) -> Iterator[tuple[Candidate, Iterator[int]]]:
    """Yield each resource with the starts of the slots that the team may book.

    Cost: one query and those of booking_facts, whatever the size of the batch.
    """
    chosen = {each.id: each for each in batch if wish.bookable_at(each)}
    if not chosen:
        return
    resources = session.exec(select(Resource).where(col(Resource.id).in_(list(chosen)))).all()
    facts = facts_of_each(
        session,
        resources,
        Wish(team.project_id, team.person_id, wish.within, wish.quantity, by_manager=False),
        now=now,
        within=wish.within,
    )
    for each in chosen.values():
        yield each, _starts(facts[each.id], wish.minutes_at(each))


def slots_of_team(
    session: Session, resource_ids: Sequence[UUID], wish: TimeWish, team: Team, now: datetime
) -> dict[UUID, Iterator[Interval]]:
    """Return the slots of each resource that the team may book, by resource id.

    Cost: as `starts_for`.
    """
    resources = session.exec(select(Resource).where(col(Resource.id).in_(resource_ids))).all()
    asked = Wish(team.project_id, team.person_id, wish.within, wish.quantity, by_manager=False)
    facts = facts_of_each(session, resources, asked, now=now, within=wish.within)
    return {
        each.id: iter(
            bookable_slots(
                facts[each.id],
                minutes=wish.minutes or each.minimum_minutes or each.grid_minutes,
            )
        )
        for each in resources
    }


def _starts(facts: BookingFacts, minutes: int) -> Iterator[int]:
    for slot in bookable_slots(facts, minutes=minutes):
        yield int(slot.start.timestamp())
