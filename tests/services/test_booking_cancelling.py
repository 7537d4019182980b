"""Cancelling that can be undone, what becomes of it, and booking anew under the same uid."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import Actor
from booking.errors import NotFound, RulesBroken, WrongState
from booking.models import ActionLink, Booking, LedgerEntry
from booking.services.action_links import link_token, use
from booking.services.booking_cancelling import Again, rebook, start_cancelling
from booking.services.booking_changes import cancel
from booking.services.booking_restoring import restore
from booking.services.lapsing import Lapsed, lapse
from tests.builders import NOW
from tests.events import events_about
from tests.scenes import Scene, a_scene, at, booked

SECRET = "a secret of tests alone"
QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


def started(session: Session, scene: Scene, booking: Booking, actor: Actor | None = None) -> None:
    start_cancelling(
        session,
        actor=actor or scene.by_member,
        now=NOW,
        booking_id=booking.id,
        secret_key=SECRET,
    )


def again(start: int = 0, end: int = 60) -> Again:
    return Again(at(start), at(end), "Once more")


def test_start_cancelling__confirmed__keeps_its_time_and_makes_a_link(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    started(session, scene, booking)
    assert (booking.status, booking.expires_at) == (BookingStatus.CANCELLING, NOW + QUARTER)
    assert (booking.sequence, booking.revision) == (0, 1)
    event = events_about(session, booking.id)[-1]
    (link,) = session.exec(select(ActionLink)).all()
    assert (event.kind, event.payload["link_id"]) == ("booking.cancelling", str(link.id))
    with pytest.raises(RulesBroken):
        booked(session, scene)


def test_start_cancelling__nobody_undoes_it__is_cancelled_at_the_end(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    started(session, scene, booking)
    assert not lapse(session, now=NOW + QUARTER - SECOND)
    assert lapse(session, now=NOW + QUARTER) == Lapsed(cancelled=1)
    assert (booking.status, booking.sequence) == (BookingStatus.CANCELLED, 1)
    assert events_about(session, booking.id)[-1].kind == "booking.cancelled"
    assert sum(each.access_units for each in session.exec(select(LedgerEntry))) == 0


def test_start_cancelling__undone_by_its_link__stands_as_it_was(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    started(session, scene, booking)
    (link,) = session.exec(select(ActionLink)).all()
    use(session, token=link_token(SECRET, link.id), now=NOW + QUARTER - SECOND)
    assert (booking.status, booking.sequence) == (BookingStatus.CONFIRMED, 0)
    assert booking.expires_at is None
    assert not lapse(session, now=NOW + QUARTER)


def test_start_cancelling__waits_for_approval__is_cancelled_at_once(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = booked(session, scene)
    started(session, scene, booking)
    assert booking.status is BookingStatus.CANCELLED


@pytest.mark.parametrize(("minutes", "allowed"), [(24 * 60, True), (24 * 60 + 1, False)])
def test_start_cancelling__at_cancel_by__is_the_last_time(
    session: Session, minutes: int, *, allowed: bool
) -> None:
    scene = a_scene(session, cancel_by_minutes=minutes)
    booking = booked(session, scene)
    if allowed:
        started(session, scene, booking)
        return
    with pytest.raises(RulesBroken):
        started(session, scene, booking)


def test_start_cancelling__by_a_stranger_or_again__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    with pytest.raises(NotFound):
        started(session, scene, booking, scene.by_stranger)
    started(session, scene, booking)
    with pytest.raises(WrongState):
        started(session, scene, booking)


def test_lapse__asked_for_in_time__costs_nothing_though_it_ends_late(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    just_before = at(0) - SECOND
    start_cancelling(
        session,
        actor=scene.by_member,
        now=just_before,
        booking_id=booking.id,
        secret_key=SECRET,
    )
    lapse(session, now=just_before + QUARTER)
    assert booking.status is BookingStatus.CANCELLED
    assert sum(each.access_units for each in session.exec(select(LedgerEntry))) == 0


def test_rebook__cancelled__is_the_same_booking_confirmed_anew(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id, reason="No sample")
    uid = booking.uid
    made = rebook(
        session, actor=scene.by_member, now=NOW, booking_id=booking.id, again=again(120, 180)
    )
    assert (made.id, made.uid, made.status) == (booking.id, uid, BookingStatus.CONFIRMED)
    assert (made.starts_at, made.title, made.reason) == (at(120), "Once more", "")
    assert (made.sequence, made.revision) == (2, 2)
    assert events_about(session, booking.id)[-1].kind == "booking.confirmed"
    assert sum(each.access_units for each in session.exec(select(LedgerEntry))) == 60


def test_rebook__where_approval_is_asked__waits_for_it(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = booked(session, scene)
    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)
    rebook(session, actor=scene.by_member, now=NOW, booking_id=booking.id, again=again())
    assert (booking.status, booking.expires_at) == (BookingStatus.PENDING, at(0))


def test_rebook__time_is_taken_since__is_refused_and_stays_cancelled(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)
    booked(session, scene)
    with pytest.raises(RulesBroken) as caught:
        rebook(session, actor=scene.by_member, now=NOW, booking_id=booking.id, again=again())
    assert [each.code for each in caught.value.violations] == ["taken"]
    assert booking.status is BookingStatus.CANCELLED


def test_rebook__not_cancelled_or_not_ones_own__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    with pytest.raises(WrongState):
        rebook(session, actor=scene.by_member, now=NOW, booking_id=booking.id, again=again())
    with pytest.raises(NotFound):
        rebook(session, actor=scene.by_stranger, now=NOW, booking_id=booking.id, again=again())


def test_restore__cancelled_already__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    started(session, scene, booking)
    lapse(session, now=NOW + QUARTER)
    with pytest.raises(WrongState):
        restore(session, actor=scene.by_member, now=NOW + QUARTER, booking_id=booking.id)
