"""Reads about the free slots that a decision names beside its reasons."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, ResourceState
from booking.models import Facility, Resource


@dataclass(frozen=True, slots=True)
class Place:
    """A resource with what a reader needs to book it: its facility, clock and booking mode."""

    resource_name: str
    facility_name: str
    zone: str
    mode: BookingMode


@dataclass(frozen=True, slots=True)
class NearSlot:
    """A slot that the round left free, for one session of a request."""

    session: int
    resource: UUID
    resource_name: str
    facility_name: str
    zone: str
    mode: BookingMode
    starts_at: datetime
    ends_at: datetime
    quantity: int

    @property
    def bookable(self) -> bool:
        """Whether it can be booked, or asked for, outside a round."""
        return self.mode is not BookingMode.ROUND_ONLY


def resource_kinds(session: Session, wanted: Collection[UUID]) -> dict[str, str]:
    """Return the kinds of those resources, by id as text."""
    if not wanted:
        return {}
    rows = session.exec(
        select(Resource.id, Resource.kind).where(col(Resource.id).in_(sorted(wanted)))
    )
    return {str(key): kind for key, kind in rows}


def places(session: Session, wanted: Collection[UUID]) -> dict[UUID, Place]:
    """Return those of the resources that are still offered, by id."""
    if not wanted:
        return {}
    rows = session.exec(
        select(Resource, Facility)
        .join(Facility, col(Facility.id) == Resource.facility_id)
        .where(col(Resource.id).in_(sorted(wanted)), Resource.state == ResourceState.PUBLISHED)
    )
    return {
        one.id: Place(one.name, facility.name, facility.zone, one.mode) for one, facility in rows
    }


def resources_near(stored: Iterable[Mapping[str, Any]]) -> set[UUID]:
    """Return the resources of stored slots."""
    return {UUID(each["resource_id"]) for each in stored}


def near_slots(
    stored: Iterable[Mapping[str, Any]], known: Mapping[UUID, Place]
) -> tuple[NearSlot, ...]:
    """Read stored slots; those of a resource that is offered no more are left out."""
    return tuple(
        _slot(each, place)
        for each in stored
        if (place := known.get(UUID(each["resource_id"]))) is not None
    )


def _slot(stored: Mapping[str, Any], place: Place) -> NearSlot:
    return NearSlot(
        session=stored["session"],
        resource=UUID(stored["resource_id"]),
        resource_name=place.resource_name,
        facility_name=place.facility_name,
        zone=place.zone,
        mode=place.mode,
        starts_at=datetime.fromisoformat(stored["starts_at"]),
        ends_at=datetime.fromisoformat(stored["ends_at"]),
        quantity=stored["quantity"],
    )
