"""What mail to the bookings' address does: only by UID, attendee and token, and only once."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from booking.db import Database
from booking.engine.incoming import Bounce, CalendarAnswer, Incoming, IncomingKind
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.tokens import booking_token
from booking.engine.vocabulary import (
    DeliveryState,
    LinkPurpose,
    Participation,
    ReplyOutcome,
    ReplyVia,
)
from booking.models import ActionLink, Booking, BookingAttendee, Delivery, Event, IncomingMail
from booking.queries.answers import incoming_counts
from booking.services.answers import ASKED_EVERY, Received, receive
from tests.builders import NOW, added
from tests.events import events_about, kinds_about
from tests.scenes import Scene, a_scene, at, booked

KEY = "a secret of tests alone"
K = IncomingKind
O = ReplyOutcome  # noqa: E741 - the outcome a row of a table ends with
MINUTE = timedelta(minutes=1)


def a_mail(scene: Scene, booking: Booking, kind: IncomingKind = K.REPLY, **given: Any) -> Incoming:
    answer: dict[str, Any] = {
        "uid": booking.uid,
        "attendee": scene.member.email,
        "participation": Participation.DECLINED if kind is K.REPLY else None,
        "sequence": booking.sequence,
        "stamp": NOW,
    }
    token = given.pop("token", booking_token(KEY, booking.id))
    digest = given.pop("digest", uuid4().hex)
    return Incoming(kind, digest, frozenset({token}), CalendarAnswer(**answer | given))


def got(session: Session, mail: Incoming, *, after: timedelta = MINUTE) -> Received:
    return receive(session, mail=mail, via=ReplyVia.HOOK, now=NOW + after, secret_key=KEY)


def an_attendee(session: Session, booking: Booking, **given: Any) -> BookingAttendee:
    values: dict[str, Any] = {
        "booking_id": booking.id,
        "address": "guest@lab.example",
        "added_at": NOW,
    }
    return added(session, BookingAttendee(**values | given))


def attendees(session: Session) -> list[BookingAttendee]:
    return list(session.exec(select(BookingAttendee)))


def test_receive__holder_declines__asks_for_a_confirmation_and_cancels_nothing(
    session: Session,
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    assert got(session, a_mail(scene, booking)) == Received(O.CONFIRMATION_ASKED)
    assert booking.status is BookingStatus.CONFIRMED
    (holder,) = attendees(session)
    assert (holder.person_id, holder.address) == (scene.member.id, scene.member.email)
    assert holder.participation is Participation.DECLINED
    answered, proposed = events_about(session, booking.id)[-2:]
    assert answered.kind == EventKind.ATTENDEE_ANSWERED
    assert proposed.kind == EventKind.CANCELLING_PROPOSED
    (link,) = session.exec(select(ActionLink)).all()
    assert proposed.payload["link_id"] == str(link.id)
    assert (link.purpose, link.expires_at) == (LinkPurpose.CONFIRM_CANCELLING, booking.starts_at)
    (row,) = session.exec(select(IncomingMail)).all()
    assert (row.outcome, row.booking_id, row.detail) == (O.CONFIRMATION_ASKED, booking.id, "")


def test_receive__the_same_mail_again__changes_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    mail = a_mail(scene, booking)
    got(session, mail)
    before = kinds_about(session, booking.id)
    assert got(session, mail) == Received(O.CONFIRMATION_ASKED, repeated=True)
    assert kinds_about(session, booking.id) == before


@pytest.mark.parametrize("word", [Participation.ACCEPTED, Participation.TENTATIVE])
def test_receive__holder_comes__is_noted(session: Session, word: Participation) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    assert got(session, a_mail(scene, booking, participation=word)).outcome is O.NOTED
    assert attendees(session)[0].participation is word
    assert kinds_about(session, booking.id)[-1] == EventKind.ATTENDEE_ANSWERED


@pytest.mark.parametrize(
    "given",
    [
        {"token": "0" * 24},
        {"uid": "another@benchshare.example"},
        {"attendee": "stranger@example.org"},
    ],
)
def test_receive__one_of_the_three_is_wrong__matches_nothing(
    session: Session, given: dict[str, Any]
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    before = kinds_about(session, booking.id)
    assert got(session, a_mail(scene, booking, **given)).outcome is O.UNMATCHED
    assert kinds_about(session, booking.id) == before
    assert attendees(session) == []


def test_receive__token_of_another_booking__matches_nothing(session: Session) -> None:
    scene = a_scene(session)
    first, second = booked(session, scene), booked(session, scene, scene.wish(60, 120))
    mail = a_mail(scene, first, token=booking_token(KEY, second.id))
    assert got(session, mail).outcome is O.UNMATCHED


@pytest.mark.parametrize(
    ("sequence", "minutes", "outcome"),
    [
        (0, 1, O.OUTDATED),
        (1, -1, O.OUTDATED),
        (1, 0, O.OUTDATED),
        (1, 1, O.NOTED),
        (2, -60, O.NOTED),
        (None, 1, O.NOTED),
    ],
)
def test_receive__older_than_the_last_seen__is_outdated(
    session: Session, sequence: int | None, minutes: int, outcome: ReplyOutcome
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    booking.sequence = 1
    got(session, a_mail(scene, booking, participation=Participation.ACCEPTED))
    tentative = a_mail(
        scene,
        booking,
        participation=Participation.TENTATIVE,
        sequence=sequence,
        stamp=NOW + minutes * MINUTE,
    )
    assert got(session, tentative).outcome is outcome
    newest = Participation.TENTATIVE if outcome is O.NOTED else Participation.ACCEPTED
    assert attendees(session)[0].participation is newest


@pytest.mark.parametrize("ahead", [{"sequence": 2**31 - 1}, {"stamp": NOW + timedelta(days=9_000)}])
def test_receive__answer_from_the_future__keeps_out_no_later_one(
    session: Session, ahead: dict[str, Any]
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    got(session, a_mail(scene, booking, participation=Participation.ACCEPTED, **ahead))
    assert attendees(session)[0].answered_sequence == booking.sequence
    later = a_mail(scene, booking, participation=Participation.TENTATIVE, stamp=NOW + 2 * MINUTE)
    assert got(session, later, after=3 * MINUTE).outcome is O.NOTED


@pytest.mark.parametrize("status", [BookingStatus.CANCELLED, BookingStatus.NO_SHOW])
def test_receive__answer_to_what_is_off__is_outdated(
    session: Session, status: BookingStatus
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    booking.status = status
    assert got(session, a_mail(scene, booking)).outcome is O.OUTDATED


def test_receive__declined_from_its_start_on__is_only_noted(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    until = booking.starts_at - NOW
    mail = a_mail(scene, booking)
    assert got(session, mail, after=until).outcome is O.NOTED
    again = a_mail(scene, booking, stamp=NOW + MINUTE)
    assert got(session, again, after=until - MINUTE).outcome is O.CONFIRMATION_ASKED
    over = a_mail(scene, booking, stamp=NOW + 2 * MINUTE)
    assert got(session, over, after=booking.ends_at - NOW).outcome is O.OUTDATED


def test_receive__attendee_declines__is_noted_for_the_holder(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    guest = an_attendee(session, booking)
    assert got(session, a_mail(scene, booking, attendee="guest@lab.example")).outcome is O.NOTED
    assert guest.participation is Participation.DECLINED
    told = events_about(session, booking.id)[-1]
    assert told.kind == EventKind.ATTENDEE_ANSWERED
    assert told.payload["answered_by"] == str(guest.id)
    assert told.payload["by_holder"] is False
    assert told.payload["person_id"] == str(scene.member.id)
    assert session.exec(select(ActionLink)).all() == []


def test_receive__attendee_was_removed__matches_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    an_attendee(session, booking, removed_at=NOW)
    mail = a_mail(scene, booking, attendee="guest@lab.example")
    assert got(session, mail).outcome is O.UNMATCHED


def test_receive__counter__is_recorded_with_the_time_it_proposes(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    mail = a_mail(scene, booking, K.COUNTER, proposed=Interval(at(600), at(660)))
    assert got(session, mail).outcome is O.COUNTER_DECLINED
    told = events_about(session, booking.id)[-1]
    assert told.kind == EventKind.COUNTER_PROPOSED
    assert told.payload["proposed_starts_at"] == at(600).isoformat()
    assert told.payload["starts_at"] == booking.starts_at.isoformat()
    assert "attendee_id" not in told.payload


def test_receive__counter_of_an_attendee__is_answered_to_them(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    guest = an_attendee(session, booking)
    got(session, a_mail(scene, booking, K.COUNTER, attendee=guest.address))
    assert events_about(session, booking.id)[-1].payload["attendee_id"] == str(guest.id)


def test_receive__refresh__sends_the_invite_again_but_not_too_often(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    waits = [timedelta(0), ASKED_EVERY - timedelta(seconds=1), ASKED_EVERY]
    outcomes = [
        got(session, a_mail(scene, booking, K.REFRESH), after=each).outcome for each in waits
    ]
    assert outcomes == [O.NOTED, O.OUTDATED, O.NOTED]
    asked = [each for each in kinds_about(session, booking.id) if each == EventKind.INVITE_ASKED]
    assert len(asked) == 2


def a_delivery(session: Session, booking: Booking, **given: Any) -> Delivery:
    event = events_about(session, booking.id)[0]
    values: dict[str, Any] = {
        "event_id": event.id,
        "address": "amina@sme.example",
        "message_id": f"<{uuid4()}@benchshare.example>",
        "state": DeliveryState.SENT,
        "due_at": NOW,
    }
    return added(session, Delivery(**values | given))


def a_bounce(*ids: str, said: str = "550 no such user") -> Incoming:
    return Incoming(K.BOUNCE, uuid4().hex, bounce=Bounce(ids, said))


def test_receive__bounce_of_ours__shows_the_message_as_failed_once(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    sent = a_delivery(session, booking)
    for _ in range(2):
        mail = a_bounce("<x@elsewhere.example>", sent.message_id)
        assert got(session, mail).outcome is O.BOUNCED
    assert sent.state is DeliveryState.FAILED
    assert sent.last_error == "It came back: 550 no such user"
    kinds = kinds_about(session, booking.id)
    assert kinds.count(EventKind.MAIL_BOUNCED) == 1
    rows = session.exec(select(IncomingMail)).all()
    assert {each.booking_id for each in rows} == {booking.id}


@pytest.mark.parametrize(
    ("address", "given", "told"),
    [
        ("Guest@lab.example", {}, True),
        ("guest@lab.example", {"removed_at": NOW}, False),
        ("another@lab.example", {}, False),
    ],
)
def test_receive__bounce_of_an_attendees_invite__names_who_is_still_invited(
    session: Session, address: str, given: dict[str, Any], *, told: bool
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    guest = an_attendee(session, booking, **given)
    got(session, a_bounce(a_delivery(session, booking, address=address).message_id))
    payload = events_about(session, booking.id)[-1].payload
    assert payload.get("bounced_to") == (str(guest.id) if told else None)


def test_receive__bounce_of_what_is_sent_again__leaves_it_be(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    sent = a_delivery(session, booking, state=DeliveryState.DUE)
    assert got(session, a_bounce(sent.message_id)).outcome is O.BOUNCED
    assert sent.state is DeliveryState.DUE


def test_receive__bounce_of_no_mail_of_ours__matches_nothing(session: Session) -> None:
    assert got(session, a_bounce("<x@elsewhere.example>")).outcome is O.UNMATCHED
    assert got(session, a_bounce()).outcome is O.UNMATCHED


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(K.AUTOMATIC, O.AUTOMATIC), (K.OTHER, O.UNMATCHED), (K.UNREADABLE, O.UNREADABLE)],
)
def test_receive__no_answer__is_counted_alone(
    session: Session, kind: IncomingKind, outcome: ReplyOutcome
) -> None:
    before = len(session.exec(select(Event)).all())
    assert got(session, Incoming(kind, "d", detail="Why.")).outcome is outcome
    (row,) = session.exec(select(IncomingMail)).all()
    assert (row.outcome, row.detail, row.via) == (outcome, "Why.", ReplyVia.HOOK)
    assert len(session.exec(select(Event)).all()) == before


def test_counts__of_a_facility__hold_its_own_and_those_of_none(session: Session) -> None:
    here, elsewhere = a_scene(session), a_scene(session)
    for scene in (here, elsewhere):
        got(session, a_mail(scene, booked(session, scene)))
    got(session, Incoming(K.AUTOMATIC, "d"))
    found = incoming_counts(session, here.facility.id, since=NOW)
    assert found.here == {O.CONFIRMATION_ASKED: 1}
    assert found.nowhere == {O.AUTOMATIC: 1}
    later = incoming_counts(session, here.facility.id, since=NOW + 2 * MINUTE)
    assert (later.here, later.nowhere) == ({}, {})


def test_receive__same_mail_by_two_ways_at_once__acts_once(database: Database) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        booking = booked(session, scene)
        mail = a_mail(scene, booking)
    together = threading.Barrier(2)
    came: list[Received] = []

    def take() -> None:
        together.wait(timeout=30)
        with database.writing() as session:
            came.append(got(session, mail))

    takers = [threading.Thread(target=take) for _ in range(2)]
    for each in takers:
        each.start()
    for each in takers:
        each.join(timeout=60)
    assert sorted(each.repeated for each in came) == [False, True]
    assert {each.outcome for each in came} == {O.CONFIRMATION_ASKED}
    with database.reading() as session:
        assert len(session.exec(select(ActionLink)).all()) == 1
