"""Reads of an organisation's declared facts with the names of who declared and who verified."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import Person
from booking.queries.organisations import facts_of


@dataclass(frozen=True, slots=True)
class DeclaredFact:
    """A declared fact; the names are empty where nobody of ours declared or verified it."""

    name: str
    as_of: date
    value: Any
    declared_by: str
    declared_at: datetime
    verified_by: str
    verified_at: datetime | None
    verified_until: date | None
    evidence: str


def facts_with_people(session: Session, organisation_id: UUID) -> tuple[DeclaredFact, ...]:
    """Return every declared fact, by name and then by the day it speaks of."""
    rows = facts_of(session, organisation_id)
    ids = {each for row in rows for each in (row.declared_by, row.verified_by) if each}
    people: dict[UUID | None, str] = {
        each.id: each.name
        for each in session.exec(select(Person).where(col(Person.id).in_(sorted(ids))))
    }
    return tuple(
        DeclaredFact(
            name=row.name,
            as_of=row.as_of,
            value=row.value,
            declared_by=people.get(row.declared_by, ""),
            declared_at=row.declared_at,
            verified_by=people.get(row.verified_by, "") if row.verified_at else "",
            verified_at=row.verified_at,
            verified_until=row.verified_until,
            evidence=row.evidence,
        )
        for row in rows
    )
