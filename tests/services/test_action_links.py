"""One-time links: each does its one thing once, in time, as whoever it was sent to."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.tokens import token_hash
from booking.engine.vocabulary import ClientEditKind, FeedOf, LinkPurpose
from booking.errors import NotFound, RulesBroken, WrongState
from booking.models import ActionLink, Booking, CalendarToken, ClientEdit
from booking.services import action_links
from booking.services.action_links import LinkStanding, create, link_token, look_at
from tests.builders import NOW, added
from tests.events import events_about, kinds_about
from tests.scenes import Scene, a_scene, booked

KEY = "a secret of tests alone"
LATER = NOW + timedelta(minutes=15)


def a_link(
    session: Session,
    scene: Scene,
    booking: Booking,
    purpose: LinkPurpose = LinkPurpose.CONFIRM_CANCELLING,
) -> tuple[ActionLink, str]:
    link = create(
        session,
        purpose=purpose,
        booking_id=booking.id,
        person_id=scene.member.id,
        now=NOW,
        expires_at=LATER,
        secret_key=KEY,
    )
    return link, link_token(KEY, link.id)


def waiting(session: Session, scene: Scene, booking: Booking, minutes: int = 0) -> ClientEdit:
    account = added(
        session,
        CalendarToken(
            person_id=scene.member.id,
            name="phone",
            of=FeedOf.ME,
            token_hash=booking.uid,
            created_at=NOW,
        ),
    )
    return added(
        session,
        ClientEdit(
            calendar_token_id=account.id,
            name=f"{booking.id}.ics",
            booking_id=booking.id,
            kind=ClientEditKind.DELETE_WAITING,
            happened_at=NOW + timedelta(minutes=minutes),
        ),
    )


def test_create__twice_worked_out__is_the_same_token_kept_as_a_hash(session: Session) -> None:
    scene = a_scene(session)
    link, token = a_link(session, scene, booked(session, scene))
    assert link.token_hash == token_hash(token) != token
    assert link_token(KEY, link.id) == token


def test_use__confirm_cancelling__cancels_as_its_reader_and_once(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    link, token = a_link(session, scene, booking)
    assert look_at(session, token=token, now=NOW).standing is LinkStanding.OPEN
    action_links.use(session, token=token, now=NOW)
    assert booking.status is BookingStatus.CANCELLED
    assert link.used_at == NOW
    told = events_about(session, booking.id)[-1]
    assert (told.kind, told.actor_id) == (EventKind.BOOKING_CANCELLED, scene.member.id)
    assert look_at(session, token=token, now=NOW).standing is LinkStanding.USED
    with pytest.raises(WrongState, match="used already"):
        action_links.use(session, token=token, now=NOW)


def test_use__at_its_last_instant__is_too_old_and_just_before_is_not(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    _, token = a_link(session, scene, booking)
    with pytest.raises(WrongState, match="too old"):
        action_links.use(session, token=token, now=LATER)
    assert kinds_about(session, booking.id)[-1] == EventKind.BOOKING_CONFIRMED
    action_links.use(session, token=token, now=LATER - timedelta(microseconds=1))
    assert kinds_about(session, booking.id)[-1] == EventKind.BOOKING_CANCELLED


def test_use__unknown_token__is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="not known"):
        action_links.use(session, token="x" * 43, now=NOW)
    with pytest.raises(NotFound, match="not known"):
        look_at(session, token="x" * 43, now=NOW)


def test_use__undo__restores_the_booking_with_its_sequence(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    sequence, revision = booking.sequence, booking.revision
    booking.status = BookingStatus.CANCELLING
    _, token = a_link(session, scene, booking, LinkPurpose.UNDO_CANCELLING)
    action_links.use(session, token=token, now=NOW)
    assert booking.status is BookingStatus.CONFIRMED
    assert (booking.sequence, booking.revision) == (sequence, revision + 1)
    assert kinds_about(session, booking.id)[-1] == EventKind.BOOKING_RESTORED


def test_use__undo_of_what_was_cancelled__says_so_and_stays_unused(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    booking.status = BookingStatus.CANCELLED
    _, token = a_link(session, scene, booking, LinkPurpose.UNDO_CANCELLING)
    with pytest.raises(WrongState, match="cancelled"):
        action_links.use(session, token=token, now=NOW)


def test_use__reader_left_the_project__finds_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    booking.person_id = scene.manager.id
    link, token = a_link(session, scene, booking)
    link.person_id = scene.by_stranger.person_id or scene.member.id
    session.flush()
    with pytest.raises(NotFound):
        action_links.use(session, token=token, now=NOW)
    assert booking.status is BookingStatus.CONFIRMED


def test_use__deletions__cancels_those_that_wait_and_tells_what_stays(session: Session) -> None:
    scene = a_scene(session, cancel_by_minutes=60)
    first, second = booked(session, scene), booked(session, scene, scene.wish(60, 120))
    late, old = (
        booked(session, scene, scene.wish(120, 180)),
        booked(session, scene, scene.wish(600, 660)),
    )
    edits = [waiting(session, scene, each) for each in (first, second, late)]
    waiting(session, scene, old, minutes=-11)
    late.starts_at, late.ends_at = NOW + timedelta(minutes=30), NOW + timedelta(minutes=60)
    _, token = a_link(session, scene, first, LinkPurpose.CONFIRM_DELETIONS)
    seen = look_at(session, token=token, now=NOW)
    assert {each.booking.id for each in seen.waiting} == {first.id, second.id, late.id}
    used = action_links.use(session, token=token, now=NOW)
    assert used.changed == 2
    assert len(used.refused) == 1
    assert (first.status, second.status) == (BookingStatus.CANCELLED,) * 2
    assert (late.status, old.status) == (BookingStatus.CONFIRMED,) * 2
    assert [each.kind for each in edits] == [
        ClientEditKind.DELETED,
        ClientEditKind.DELETED,
        ClientEditKind.DELETE_WAITING,
    ]


def test_use__too_late_to_cancel__is_refused_by_the_rule(session: Session) -> None:
    scene = a_scene(session, cancel_by_minutes=60)
    booking = booked(session, scene)
    booking.starts_at = NOW + timedelta(minutes=30)
    _, token = a_link(session, scene, booking)
    with pytest.raises(RulesBroken):
        action_links.use(session, token=token, now=NOW)
