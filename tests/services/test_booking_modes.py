"""Held and confirmed, waiting until, shortened, handed over: who, when, and what is told."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from sqlmodel import Session, select

from booking.db import Database
from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import Actor, Role
from booking.errors import NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import Booking, Event, Person, ProjectMember, Qualification
from booking.queries.people import actor_of
from booking.services.booking_changes import Move, cancel, move
from booking.services.booking_handover import hand_over
from booking.services.booking_holds import confirm
from booking.services.booking_use import approve
from booking.services.bookings import book_batch
from notifications.dispatch import drain
from tests.builders import NOW, a_booking, a_person, a_role, added
from tests.notifications.outcomes import mails_in, settings_for
from tests.scenes import DOMAIN, Scene, a_scene, at, booked

QUARTER = timedelta(minutes=15)


def held(session: Session, scene: Scene, **given: Any) -> Booking:
    return booked(session, scene, scene.wish(hold=True, **given))


def confirmed(
    session: Session, booking: Booking, actor: Actor, now: datetime = NOW, **given: Any
) -> Booking:
    return confirm(session, actor=actor, now=now, booking_id=booking.id, **given)


def refused(error: pytest.ExceptionInfo[RulesBroken]) -> set[str]:
    return {each.code for each in error.value.violations}


def the_operator(session: Session, scene: Scene) -> Actor:
    person = a_person(session)
    a_role(session, person.id, Role.OPERATOR, facility_id=scene.facility.id)
    return actor_of(session, person.id)


def test_book__hold__takes_the_time_for_a_quarter_of_an_hour(session: Session) -> None:
    scene = a_scene(session)

    booking = held(session, scene)

    session.flush()
    event = session.exec(select(Event).where(Event.subject_id == booking.id)).one()
    assert (booking.status, booking.expires_at) == (BookingStatus.HELD, NOW + QUARTER)
    assert event.kind == "booking.held"
    with pytest.raises(RulesBroken):
        booked(session, scene)


def test_confirm__held__stands_and_no_longer_lapses(session: Session) -> None:
    scene = a_scene(session)
    booking = held(session, scene)

    confirmed(session, booking, scene.by_member, title="Run 7")

    assert (booking.status, booking.expires_at) == (BookingStatus.CONFIRMED, None)
    assert (booking.title, booking.sequence, booking.revision) == ("Run 7", 1, 1)


@pytest.mark.parametrize("by", ["member", "manager"])
def test_confirm__on_a_resource_with_approval__waits_but_for_a_manager(
    session: Session, by: str
) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = held(session, scene)
    actor = scene.by_member if by == "member" else scene.by_manager

    confirmed(session, booking, actor)

    wanted = (BookingStatus.PENDING, at(0)) if by == "member" else (BookingStatus.CONFIRMED, None)
    assert (booking.status, booking.expires_at) == wanted


def test_confirm__at_the_end_of_the_hold__is_too_late(session: Session) -> None:
    scene = a_scene(session)
    booking = held(session, scene)

    with pytest.raises(RulesBroken) as error:
        confirmed(session, booking, scene.by_member, now=NOW + QUARTER)
    assert refused(error) == {"hold_lapsed"}
    confirmed(session, booking, scene.by_member, now=NOW + QUARTER - timedelta(seconds=1))


def test_cancel__held__is_let_go_of_after_cancel_by_too(session: Session) -> None:
    scene = a_scene(session, cancel_by_minutes=7 * 1440)
    booking = held(session, scene)

    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)

    assert (booking.status, booking.expires_at) == (BookingStatus.CANCELLED, None)


def test_confirm__by_others__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = held(session, scene)

    with pytest.raises(NotFound):
        confirmed(session, booking, scene.by_stranger)
    with pytest.raises(NotPermitted):
        confirmed(session, booking, the_operator(session, scene))


def test_confirm__what_is_not_held__is_the_wrong_state(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(WrongState):
        confirmed(session, booked(session, scene), scene.by_member)


@pytest.mark.parametrize(
    ("days", "lapses_at"),
    [(None, at(2880)), (1, NOW + timedelta(days=1)), (3, at(2880)), (4, at(2880))],
)
def test_book__pending__waits_so_many_days_up_to_its_start(
    session: Session, days: int | None, lapses_at: datetime
) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL, approval_days=days)

    booking = booked(session, scene, scene.wish(2880, 2940))
    assert booking.expires_at == lapses_at

    approve(session, actor=scene.by_manager, now=NOW, booking_id=booking.id)
    assert booking.expires_at is None


def test_move__pending__waits_up_to_its_new_start(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = booked(session, scene, scene.wish(60, 120))

    shifted(session, scene, booking, Move(at(0), at(60)))

    assert booking.expires_at == at(0)


def shifted(
    session: Session, scene: Scene, booking: Booking, to: Move, now: datetime = NOW
) -> Booking:
    return move(session, actor=scene.by_member, now=now, booking_id=booking.id, to=to)


def test_move__shorter_after_cancel_by_and_start__gives_the_rest_back(session: Session) -> None:
    scene = a_scene(session, cancel_by_minutes=120, lead_minutes=60)
    booking = booked(session, scene, scene.wish(0, 120))

    with pytest.raises(RulesBroken) as error:
        shifted(session, scene, booking, Move(ends_at=at(135)), now=at(15))
    assert refused(error) == {"after_cancel_by"}
    shifted(session, scene, booking, Move(ends_at=at(30)), now=at(30))
    assert booking.ends_at == at(30)


@pytest.mark.parametrize(
    ("to", "now", "code"),
    [
        (Move(ends_at=at(50)), NOW, "off_grid"),
        (Move(ends_at=at(15)), NOW, "too_short"),
        (Move(ends_at=at(30)), at(31), "in_the_past"),
        (Move(starts_at=at(15)), at(16), "in_the_past"),
        (Move(ends_at=at(30)), at(60), "over"),
    ],
)
def test_move__shorter_but_past_a_limit__is_refused(
    session: Session, to: Move, now: datetime, code: str
) -> None:
    scene = a_scene(session, minimum_minutes=30)
    booking = booked(session, scene)

    with pytest.raises(RulesBroken) as error:
        shifted(session, scene, booking, to, now=now)
    assert code in refused(error)


def test_move__shorter_on_a_resource_with_approval__needs_no_new_one(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL, capacity=3)
    booking = a_booking(session, scene.resource, scene.project, at(0), at(60), quantity=3)

    shifted(session, scene, booking, Move(starts_at=at(15), quantity=1))

    assert (booking.starts_at, booking.quantity) == (at(15), 1)
    assert booking.status is BookingStatus.CONFIRMED


def test_book_batch__held_and_on_behalf__carries_them(session: Session) -> None:
    scene = a_scene(session, maximum_minutes=30)
    every = [scene.wish(hold=True, waiver="Day of visits"), scene.wish(60, 90)]

    made = book_batch(session, actor=scene.by_manager, now=NOW, domain=DOMAIN, every=every)

    assert [(each.status, each.waiver) for each in made] == [
        (BookingStatus.HELD, "Day of visits"),
        (BookingStatus.CONFIRMED, ""),
    ]


def a_colleague(session: Session, scene: Scene) -> Person:
    person = a_person(session, name="Colleague")
    added(session, ProjectMember(project_id=scene.project.id, person_id=person.id))
    return person


def handed(
    session: Session, booking: Booking, to: Person, actor: Actor, now: datetime = NOW
) -> Booking:
    return hand_over(session, actor=actor, now=now, booking_id=booking.id, person_id=to.id)


def test_hand_over__colleague__has_it_and_sequence_rises(session: Session) -> None:
    scene = a_scene(session)
    booking, colleague = booked(session, scene), a_colleague(session, scene)

    handed(session, booking, colleague, scene.by_member)

    session.flush()
    of_it = select(Event).where(Event.subject_id == booking.id)
    event = session.exec(of_it.where(Event.kind == "booking.handed_over")).one()
    assert (booking.person_id, booking.sequence) == (colleague.id, 1)
    assert event.payload["person_id"] == str(colleague.id)
    assert event.payload["was"]["person_id"] == str(scene.member.id)


def test_hand_over__to_whom_it_is__changes_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)

    assert handed(session, booking, scene.member, scene.by_member).revision == 0


def test_hand_over__outsider_without_qualification__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    scene.resource.qualification_needed = True

    with pytest.raises(RulesBroken) as error:
        handed(session, booking, a_person(session), scene.by_member)
    assert refused(error) == {"not_on_project", "not_qualified"}


@pytest.mark.parametrize(("until", "code"), [(at(60), None), (at(59), "not_qualified")])
def test_hand_over__qualification__is_held_to_the_end(
    session: Session, until: datetime, code: str | None
) -> None:
    scene = a_scene(session)
    booking, colleague = booked(session, scene), a_colleague(session, scene)
    scene.resource.qualification_needed = True
    added(
        session,
        Qualification(
            person_id=colleague.id,
            resource_id=scene.resource.id,
            granted_by=scene.manager.id,
            granted_at=NOW,
            expires_at=until,
        ),
    )

    if code is None:
        handed(session, booking, colleague, scene.by_member)
        return
    with pytest.raises(RulesBroken) as error:
        handed(session, booking, colleague, scene.by_member)
    assert refused(error) == {code}


def test_hand_over__at_its_end__is_too_late(session: Session) -> None:
    scene = a_scene(session)
    booking, colleague = booked(session, scene), a_colleague(session, scene)

    with pytest.raises(RulesBroken) as error:
        handed(session, booking, colleague, scene.by_member, now=at(60))
    assert refused(error) == {"over"}
    handed(session, booking, colleague, scene.by_member, now=at(59))


def test_hand_over__by_others__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking, colleague = booked(session, scene), a_colleague(session, scene)

    with pytest.raises(NotFound):
        handed(session, booking, colleague, scene.by_stranger)
    with pytest.raises(NotPermitted):
        handed(session, booking, colleague, the_operator(session, scene))


def test_hand_over__mails__cancel_to_the_old_and_request_to_the_new(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        booking, colleague = booked(session, scene), a_colleague(session, scene)
        old, new = scene.member.email, colleague.email
    settings = settings_for(tmp_path)
    drain(database, settings, lambda: NOW)
    first = {id(each) for each in mails_in(tmp_path)}
    assert len(first) == 1
    with database.writing() as session:
        handed(session, booking, colleague, scene.by_member)
    drain(database, settings, lambda: NOW)

    told = [each for each in mails_in(tmp_path) if "anded over" in each["Subject"]]
    invites = {each["To"].addresses[0].addr_spec: invite_in(each) for each in told}
    assert {each: found["METHOD"] for each, found in invites.items()} == {
        old: "CANCEL",
        new: "REQUEST",
    }
    for address, found in invites.items():
        (event,) = found.walk("VEVENT")
        assert event["ATTENDEE"] == f"mailto:{address}"
        assert int(event["SEQUENCE"]) == 1
    assert invites[old].walk("VEVENT")[0]["STATUS"] == "CANCELLED"
    assert invites[new].walk("VEVENT")[0]["STATUS"] == "CONFIRMED"
    assert {str(each["To"].addresses[0].display_name) for each in told} == {
        "Sample Person",
        "Colleague",
    }


def invite_in(mail: Any) -> Any:
    (part,) = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_content())
