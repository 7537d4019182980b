"""What a program deletes, what comes again, and what synchronising tells of both."""

from datetime import timedelta

import pytest
from sqlmodel import select

from api.dav.backend import COLLECTION
from api.dav.backends import (
    NEED_PRIVILEGES,
    NOT_THERE,
    SYNC_TOKEN_UNKNOWN,
    Refusal,
    Stored,
)
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Role
from booking.engine.vocabulary import FeedOf
from booking.models import Booking, Membership
from booking.services.lapsing import lapse
from booking.services.sync_states import KEPT
from tests.api.dav.bookings import (
    MINUTE,
    Desk,
    a_desk,
    cancelled,
    many,
    moved,
    refusal,
    told,
)
from tests.builders import NOW, a_booking, a_person, a_project
from tests.scenes import at

DAY = timedelta(days=1)


@pytest.fixture
def desk(database: Database) -> Desk:
    return a_desk(database)


def test_delete__confirmed__leaves_at_once_and_is_cancelled_later(desk: Desk) -> None:
    token = desk.at().sync_token(COLLECTION)
    assert desk.delete() is None
    assert desk.names() == set()
    assert desk.now_is().status is BookingStatus.CANCELLING
    assert list(desk.since(token).removed) == [desk.name]
    assert told(desk.database, "booking.cancelled") == []
    with desk.database.writing() as session:
        lapse(session, now=NOW + 15 * MINUTE)
    assert desk.now_is().status is BookingStatus.CANCELLED
    assert desk.delete() == NOT_THERE


def test_put__of_what_was_just_deleted__stands_again(desk: Desk) -> None:
    text = desk.text()
    desk.delete()
    assert isinstance(desk.put(moved(text, 60, 120)), Stored)
    booking = desk.now_is()
    assert (booking.status, booking.starts_at) == (BookingStatus.CONFIRMED, at(60))
    assert desk.names() == {desk.name}


@pytest.mark.parametrize("name", ["", "another.ics"])
def test_put__uid_of_a_cancelled_booking__books_it_anew(desk: Desk, name: str) -> None:
    text = desk.text()
    cancelled(desk)
    stored = desk.put(moved(text, 60, 120), name)
    assert isinstance(stored, Stored)
    assert stored.created
    booking = desk.now_is()
    assert (booking.status, booking.sequence) == (BookingStatus.CONFIRMED, 2)
    assert desk.names() == {name or desk.name}


@pytest.mark.parametrize(("minutes", "ignored"), [(9, True), (10, False)])
def test_delete__soon_after_a_refused_change__is_ignored(
    desk: Desk, minutes: int, *, ignored: bool
) -> None:
    with desk.database.writing() as session:
        a_booking(session, desk.scene.resource, a_project(session), at(120), at(180))
    etag = desk.at().list(COLLECTION)[0].etag
    refusal(desk.put(moved(desk.text(), 120, 180)))
    assert desk.delete(now=NOW + minutes * MINUTE) is None
    assert (desk.names() == {desk.name}) is ignored
    if ignored:
        assert desk.at().list(COLLECTION)[0].etag != etag
        assert desk.now_is().status is BookingStatus.CONFIRMED
        assert desk.now_is().sequence == 0


def test_delete__more_than_three_in_five_minutes__wait_for_one_confirmation(desk: Desk) -> None:
    names = many(desk, 5)
    token = desk.at().sync_token(COLLECTION)
    for each in names:
        assert desk.delete(each) is None
    assert desk.names() == {desk.name, *names[3:]}
    assert len(told(desk.database, "deletions.held_back")) == 1
    changes = desk.since(token)
    assert {each.name for each in changes.changed} == set(names[3:])
    assert set(changes.removed) == set(names[:3])


def test_delete__the_fourth_after_five_minutes__goes(desk: Desk) -> None:
    names = many(desk, 4)
    for each in names[:3]:
        desk.delete(each)
    desk.delete(names[3], now=NOW + 5 * MINUTE)
    assert desk.names() == {desk.name}


def test_delete__what_is_over_or_a_calendar__is_refused(desk: Desk) -> None:
    refusal(desk.delete(now=at(60)))
    (payload,) = told(desk.database, "client_edit.refused")
    assert payload["deleting"]
    gone = desk.at().remove(COLLECTION)
    assert isinstance(gone, Refusal)
    assert gone.status == 403
    assert desk.now_is().revision == 0


def test_delete__by_who_may_only_look__says_which_right_is_missing(database: Database) -> None:
    desk = a_desk(database, of=FeedOf.FACILITY)
    with database.writing() as session:
        (role,) = session.exec(
            select(Membership).where(Membership.person_id == desk.scene.manager.id)
        ).all()
        role.role = Role.OPERATOR
    refusal(desk.delete(), NEED_PRIVILEGES)
    refusal(desk.put(moved(desk.text(), 60, 120)), NEED_PRIVILEGES)
    assert desk.now_is().revision == 0


def test_sync__nothing_changed__is_the_same_token(desk: Desk) -> None:
    first = desk.since(None)
    assert [each.name for each in first.changed] == [desk.name]
    again = desk.since(first.token, NOW + DAY)
    assert (again.token, again.changed, again.removed) == (first.token, (), ())
    assert desk.at().sync_token(COLLECTION) == first.token


def test_sync__handed_to_somebody_else__is_gone(desk: Desk) -> None:
    token = desk.since(None).token
    with desk.database.writing() as session:
        session.get_one(Booking, desk.booking.id).person_id = a_person(session).id
    changes = desk.since(token)
    assert (list(changes.changed), list(changes.removed)) == ([], [desk.name])


def test_sync__cut_short__goes_on_where_it_ended(desk: Desk) -> None:
    names = {desk.name, *many(desk, 4)}
    first = desk.since(None, limit=2)
    assert first.more
    second = desk.since(first.token, limit=2)
    third = desk.since(second.token, limit=2)
    assert (second.more, third.more) == (True, False)
    told_of = [*first.changed, *second.changed, *third.changed]
    assert (len(told_of), {each.name for each in told_of}) == (5, names)
    assert desk.since(third.token).changed == ()


def test_sync__unknown_or_too_old_a_token__is_refused(desk: Desk) -> None:
    old = desk.since(None).token
    for each in range(KEPT):
        with desk.database.writing() as session:
            session.get_one(Booking, desk.booking.id).revision = each + 1
        desk.since(None, NOW + (each + 1) * MINUTE)
    for token in (old, "moon"):
        answer = desk.at().changes_since(COLLECTION, token, limit=None)
        assert answer == SYNC_TOKEN_UNKNOWN
