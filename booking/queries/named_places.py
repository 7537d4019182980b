"""Which resource the words of a calendar event's place stand for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from booking.engine.lifecycle import ResourceState
from booking.models import Facility, Resource

MOST: Final = 20
_ADDRESS: Final = re.compile(r"/resources/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A resource with the words that name it; `words` is the fullest of them."""

    resource_id: UUID
    name: str
    words: str


def places_named(session: Session, text: str) -> tuple[NamedPlace, ...]:
    """Return the published resources that a place's words are exactly those of.

    That is its name; its name and its facility; these with its room between, as calendars
    show it; or the address of its page. Letters' case and spaces do not count.
    """
    said = _plain(text)
    if not said:
        return ()
    address = _ADDRESS.search(said)
    parts = [each.strip() for each in said.split(",")]
    names = {", ".join(parts[: count + 1]) for count in range(len(parts))} | {said}
    which: list[ColumnElement[bool]] = [
        func.lower(col(Resource.name)).in_(names),
        col(Resource.name).in_([text.strip()]),
    ]
    if address:
        which.append(col(Resource.id) == UUID(address[1]))
    rows = session.exec(
        select(Resource, Facility)
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .where(col(Resource.state) == ResourceState.PUBLISHED, or_(*which))
        .order_by(col(Facility.name), col(Resource.name), col(Resource.id))
        .limit(MOST)
    ).all()
    return tuple(
        NamedPlace(resource.id, resource.name, f"{resource.name}, {facility.name}")
        for resource, facility in rows
        if (address and str(resource.id) == address[1]) or said in _words(resource, facility)
    )


def place_words(session: Session, resource: Resource) -> frozenset[str]:
    """Return every wording of a resource's place, in small letters."""
    facility = session.get_one(Facility, resource.facility_id)
    return frozenset({*_words(resource, facility), ""})


def same_place(text: str, words: Iterable[str]) -> bool:
    """Say whether a place is worded as one of these."""
    return _plain(text) in words


def _words(resource: Resource, facility: Facility) -> frozenset[str]:
    room = ", ".join(filter(None, (resource.name, resource.location, facility.name)))
    return frozenset(
        _plain(each) for each in (resource.name, f"{resource.name}, {facility.name}", room)
    )


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()
