"""Attendees of a booking: who may invite whom, how often, until when."""

from datetime import datetime

import pytest
from sqlmodel import Session

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import Actor
from booking.engine.vocabulary import Participation
from booking.errors import DomainError, Malformed, NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import Booking, BookingAttendee, ProjectMember
from booking.queries.people import actor_of
from booking.services import attendees
from booking.services.booking_handover import hand_over
from booking.services.people import enter
from tests.builders import NOW, a_person, added, an_attendee
from tests.events import events_about
from tests.scenes import Scene, a_scene, at, booked

SENDER = "bookings@bench.example"


def invite(
    session: Session,
    actor: Actor,
    booking: Booking,
    address: str = "ana@outside.example",
    *,
    now: datetime = NOW,
) -> BookingAttendee:
    return attendees.add_attendee(
        session, actor=actor, now=now, booking_id=booking.id, address=address, sender=SENDER
    )


def take_off(session: Session, actor: Actor, row: BookingAttendee) -> None:
    attendees.remove_attendee(
        session, actor=actor, now=NOW, booking_id=row.booking_id, attendee_id=row.id
    )


def a_colleague(session: Session, scene: Scene) -> Actor:
    person = a_person(session)
    added(session, ProjectMember(project_id=scene.project.id, person_id=person.id))
    return actor_of(session, person.id)


def refused(kind: type[DomainError], session: Session, actor: Actor, booking: Booking) -> set[str]:
    with pytest.raises(kind) as caught:
        invite(session, actor, booking)
    return {each.code for each in caught.value.violations}


def test_add__by_holder__writes_the_address_in_one_form_and_tells(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    row = invite(session, scene.by_member, booking, " Ana@Outside.Example ")
    assert (row.address, row.participation) == ("ana@outside.example", Participation.NEEDS_ACTION)
    event = events_about(session, booking.id)[-1]
    assert event.kind == EventKind.ATTENDEE_ADDED
    assert (event.payload["attendee_id"], event.payload["sequence"]) == (str(row.id), 0)
    assert "ana" not in str(event.payload)


def test_add__who_leads_the_project_or_manages__may(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    colleague = a_colleague(session, scene)
    assert colleague.person_id is not None
    hand_over(
        session,
        actor=scene.by_member,
        now=NOW,
        booking_id=booking.id,
        person_id=colleague.person_id,
    )
    for number, actor in enumerate((scene.by_member, scene.by_manager, colleague)):
        assert invite(session, actor, booking, f"{number}@outside.example").added_by


def test_add__other_member_of_the_project__may_not(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    colleague = a_colleague(session, scene)
    refused(NotPermitted, session, colleague, booking)
    with pytest.raises(NotPermitted):
        attendees.list_attendees(session, actor=colleague, booking_id=booking.id)
    with pytest.raises(NotPermitted):
        take_off(session, colleague, an_attendee(session, booking))


def test_add__stranger__finds_no_booking(session: Session) -> None:
    scene = a_scene(session)
    refused(NotFound, session, scene.by_stranger, booked(session, scene))


def test_add__once_more__changes_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    first = invite(session, scene.by_member, booking)
    again = invite(session, scene.by_manager, booking, "ANA@outside.example")
    assert again.id == first.id
    assert len(events_about(session, booking.id)) == 2


@pytest.mark.parametrize(
    ("address", "code"),
    [(SENDER, "is_organiser"), ("Bookings+abc@bench.example", "is_organiser"), ("", "is_holder")],
)
def test_add__holder_or_organiser__is_refused(session: Session, address: str, code: str) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    with pytest.raises(RulesBroken) as caught:
        invite(session, scene.by_member, booking, address or scene.member.email)
    assert [each.code for each in caught.value.violations] == [code]


@pytest.mark.parametrize("address", ["ana", "ana@", "ana@x y", "a@b.example, c@d.example", ""])
def test_add__no_address__is_malformed_at_its_field(session: Session, address: str) -> None:
    scene = a_scene(session)
    with pytest.raises(Malformed) as caught:
        invite(session, scene.by_member, booked(session, scene), address)
    assert caught.value.violations[0].pointer == "/address"


def test_add__at_the_most__is_one_too_many_until_somebody_leaves(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    for _ in range(attendees.MOST_ATTENDEES - 1):
        an_attendee(session, booking)
    last = invite(session, scene.by_member, booking, "last@outside.example")
    assert refused(RulesBroken, session, scene.by_member, booking) == {"too_many_attendees"}
    take_off(session, scene.by_member, last)
    assert invite(session, scene.by_member, booking).removed_at is None


@pytest.mark.parametrize("status", list(BookingStatus))
def test_add__booking_that_does_not_take_place__is_refused(
    session: Session, status: BookingStatus
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    booking.status = status
    if status in attendees.INVITING:
        assert invite(session, scene.by_member, booking).removed_at is None
    else:
        assert refused(WrongState, session, scene.by_member, booking) == {"wrong_state"}


def test_add__at_its_very_end__is_too_late(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    assert invite(session, scene.by_member, booking, now=at(59)).added_at == at(59)
    with pytest.raises(RulesBroken):
        invite(session, scene.by_member, booking, "late@outside.example", now=at(60))


def test_remove__then_invite_again__rises_above_their_cancel(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    row = invite(session, scene.by_member, booking)
    row.participation, row.answered_sequence = Participation.ACCEPTED, 0
    take_off(session, scene.by_member, row)
    take_off(session, scene.by_member, row)
    invite(session, scene.by_member, booking)
    events = events_about(session, booking.id)
    assert [each.kind for each in events[1:]] == [
        EventKind.ATTENDEE_ADDED,
        EventKind.ATTENDEE_REMOVED,
        EventKind.ATTENDEE_ADDED,
    ]
    assert [each.payload["sequence"] for each in events[1:]] == [0, 1, 2]
    assert row.participation is Participation.NEEDS_ACTION


def test_remove__of_another_booking__is_not_found(session: Session) -> None:
    scene = a_scene(session)
    booking, other = booked(session, scene), booked(session, scene, scene.wish(60, 120))
    row = an_attendee(session, other)
    with pytest.raises(NotFound):
        attendees.remove_attendee(
            session, actor=scene.by_member, now=NOW, booking_id=booking.id, attendee_id=row.id
        )


def test_list__answer_to_an_earlier_time__counts_no_more(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    an_attendee(session, booking, participation=Participation.ACCEPTED, answered_sequence=0)
    (seen,) = attendees.list_attendees(session, actor=scene.by_member, booking_id=booking.id)
    assert seen.answer_to(0) is Participation.ACCEPTED
    assert seen.answer_to(1) is Participation.NEEDS_ACTION
    assert (seen.invited_by, seen.zone) == (scene.member.name, None)


def test_list__holders_own_answer__is_no_attendee_before_or_after_handing_over(
    session: Session,
) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    an_attendee(session, booking, address=scene.member.email, person_id=scene.member.id)
    colleague = a_colleague(session, scene)
    assert colleague.person_id is not None
    assert attendees.list_attendees(session, actor=scene.by_member, booking_id=booking.id) == ()
    hand_over(
        session,
        actor=scene.by_member,
        now=NOW,
        booking_id=booking.id,
        person_id=colleague.person_id,
    )
    assert attendees.list_attendees(session, actor=scene.by_manager, booking_id=booking.id) == ()


def test_enter__address_that_was_invited__is_that_person(session: Session) -> None:
    scene = a_scene(session)
    row = an_attendee(session, booked(session, scene))
    assert enter(session, now=NOW, email=row.address).id == row.person_id
