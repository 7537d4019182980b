"""A busy calendar is being read as somebody books: what is undecided is waited for, then heeded."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from booking.db import Database
from booking.engine.booking_facts import BookingCode
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.errors import RulesBroken
from booking.models import Booking
from booking.queries import busy_calendars as reads
from booking.queries.busy_calendars import Owner
from booking.services import busy_calendars as services
from booking.services.booking_changes import Move, move
from booking.services.busy_calendars import Answer, Source
from tests.builders import NOW
from tests.races.test_interleaved import books, set_up, undecided_then_rival
from tests.scenes import Scene, at, booked

URL = "https://cal.example/busy.ics"
TAKEN = Interval(at(30), at(45))


def person(scene: Scene) -> Owner:
    return Owner("UTC", person_id=scene.member.id)


def resource(scene: Scene) -> Owner:
    return Owner("UTC", resource_id=scene.resource.id, facility_id=scene.facility.id)


def followed(database: Database, scene: Scene, owner: Owner) -> UUID:
    """Let the owner follow a calendar in which nothing is on yet."""
    actor = scene.by_member if owner.person_id else scene.by_manager
    with database.writing() as session:
        answer = Answer(Source(URL, "none"), ())
        return services.add(session, actor=actor, now=NOW, owner=owner, name="", answer=answer).id


def reads_again(calendar_id: UUID, owner: Owner) -> Callable[[Session, Scene], Any]:
    """Take in that there is now something on."""
    asked = services.ToFetch(calendar_id, URL, "", "", "none", None, owner)
    answer = Answer(Source(URL, "one"), (TAKEN,))

    def deed(session: Session, _: Scene) -> Any:
        return services.take_in(session, now=NOW, asked=asked, answer=answer)

    return deed


def codes(fate: Future[None]) -> list[str]:
    error = fate.exception()
    assert isinstance(error, RulesBroken)
    return [each.code for each in error.violations]


def test_book__a_resources_busy_time_undecided__waits_and_is_refused(database: Database) -> None:
    scene = set_up(database)
    owner = resource(scene)
    reading = reads_again(followed(database, scene, owner), owner)

    fate = undecided_then_rival(database, scene, reading, books)

    assert codes(fate) == [BookingCode.CLOSURE]


def test_move__a_resources_busy_time_undecided__waits_and_is_refused(database: Database) -> None:
    scene = set_up(database)
    owner = resource(scene)
    reading = reads_again(followed(database, scene, owner), owner)
    with database.writing() as session:
        booking_id = booked(session, scene, scene.wish(120, 180)).id

    def moves(session: Session, _: Scene) -> None:
        to = Move(starts_at=at(0), ends_at=at(60))
        move(session, actor=scene.by_member, now=NOW, booking_id=booking_id, to=to)

    assert codes(undecided_then_rival(database, scene, reading, moves)) == [BookingCode.CLOSURE]


def test_take_in__booking_undecided__waits_and_displaces_nothing(database: Database) -> None:
    scene = set_up(database)
    owner = resource(scene)
    calendar_id = followed(database, scene, owner)

    fate = undecided_then_rival(database, scene, books, reads_again(calendar_id, owner))

    assert fate.exception() is None
    assert conflicts(database, calendar_id) == [TAKEN]


@pytest.mark.only_on("postgresql")
def test_book__own_busy_time_undecided__stands_as_if_made_before(database: Database) -> None:
    scene = set_up(database)
    owner = person(scene)
    calendar_id = followed(database, scene, owner)

    fate = undecided_then_rival(
        database, scene, reads_again(calendar_id, owner), books, waits=False
    )

    assert fate.exception() is None
    assert conflicts(database, calendar_id) == [TAKEN]


def conflicts(database: Database, calendar_id: UUID) -> list[Interval]:
    """List what is known to be taken beside the one booking, which still stands."""
    with database.reading() as session:
        row = reads.busy_calendar(session, calendar_id)
        assert row is not None
        (booking,) = session.exec(select(Booking)).all()
        assert booking.status is BookingStatus.CONFIRMED
        return list(reads.times_known(session, row))
