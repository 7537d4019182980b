"""Who books: with a waiver, in whose name, and how many at a time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Actor
from booking.errors import Malformed, NotPermitted, RulesBroken
from booking.models import Booking, Event, Person, Project, ProjectMember, Qualification
from booking.queries.people import actor_of
from booking.services.booking_changes import Move, move
from tests.builders import NOW, a_booking, a_person, a_project, a_resource, added
from tests.scenes import a_scene, at, booked, codes


def moved(session: Session, booking: Booking, to: Move, *, actor: Actor) -> Booking:
    return move(session, actor=actor, now=NOW, booking_id=booking.id, to=to)


def test_book__manager_with_a_waiver__is_kept_and_recorded(session: Session) -> None:
    scene = a_scene(session, maximum_minutes=30)

    booking = booked(session, scene, scene.wish(waiver=" A visit "), actor=scene.by_manager)

    session.flush()
    event = session.exec(select(Event).where(Event.subject_id == booking.id)).one()
    assert (booking.waiver, event.payload["waiver"]) == ("A visit", "A visit")


def test_book__manager_without_a_waiver__keeps_every_rule(session: Session) -> None:
    scene = a_scene(session, maximum_minutes=30)

    with pytest.raises(RulesBroken) as caught:
        booked(session, scene, actor=scene.by_manager)

    (broken,) = caught.value.violations
    assert (broken.code, broken.waivable) == ("too_long", True)


def test_book__waiver__does_not_take_others_time(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene)

    assert codes(session, scene, scene.wish(waiver="Urgent"), actor=scene.by_manager) == {"taken"}


def test_book__waiver_of_a_member__is_not_permitted(session: Session) -> None:
    scene = a_scene(session, maximum_minutes=30)

    with pytest.raises(NotPermitted):
        booked(session, scene, scene.wish(waiver="I like it"))


def test_book__blank_waiver__is_malformed(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(Malformed):
        booked(session, scene, scene.wish(waiver=" \t"), actor=scene.by_manager)


def test_move__waiver__is_the_managers_alone_and_kept(session: Session) -> None:
    scene = a_scene(session, maximum_minutes=60)
    booking = booked(session, scene)
    to = Move(ends_at=at(90), waiver="The run is long")

    with pytest.raises(NotPermitted):
        moved(session, booking, to, actor=scene.by_member)
    with pytest.raises(RulesBroken):
        moved(session, booking, Move(ends_at=at(90)), actor=scene.by_manager)
    moved(session, booking, to, actor=scene.by_manager)
    assert booking.waiver == "The run is long"
    moved(session, booking, Move(starts_at=at(15)), actor=scene.by_manager)
    assert booking.waiver == "The run is long"
    moved(session, booking, Move(at(0), at(60)), actor=scene.by_member)
    assert booking.waiver == ""


def a_colleague(session: Session, project: Project) -> Person:
    person = a_person(session)
    added(session, ProjectMember(project_id=project.id, person_id=person.id))
    return person


@pytest.mark.parametrize("by", ["member", "manager"])
def test_book__for_a_colleague__is_in_their_name(session: Session, by: str) -> None:
    scene = a_scene(session)
    colleague = a_colleague(session, scene.project)
    actor = scene.by_member if by == "member" else scene.by_manager

    made = booked(session, scene, scene.wish(person_id=colleague.id), actor=actor)

    assert made.person_id == colleague.id


def test_book__for_somebody_else__is_refused(session: Session) -> None:
    scene = a_scene(session)
    outsider = a_person(session)

    found = codes(session, scene, scene.wish(7, 60, person_id=outsider.id))

    assert found == {"not_on_project", "off_grid"}


def test_book__for_a_colleague__needs_their_qualification(session: Session) -> None:
    scene = a_scene(session, qualification_needed=True)
    colleague = a_colleague(session, scene.project)
    added(
        session,
        Qualification(
            person_id=colleague.id,
            resource_id=scene.resource.id,
            granted_by=scene.manager.id,
            granted_at=NOW,
            expires_at=at(60),
        ),
    )

    assert codes(session, scene) == {"not_qualified"}
    assert codes(session, scene, scene.wish(0, 75, person_id=colleague.id)) == {"not_qualified"}
    booked(session, scene, scene.wish(person_id=colleague.id))


def test_book__as_many_as_a_project_may_have__is_the_last(session: Session) -> None:
    scene = a_scene(session, concurrent_per_project=2)
    first = booked(session, scene)
    booked(session, scene, scene.wish(60, 120))

    assert codes(session, scene, scene.wish(120, 180)) == {"too_many_for_project"}
    made = booked(session, scene, scene.wish(120, 180, waiver="Series"), actor=scene.by_manager)
    moved(session, first, Move(at(240), at(300)), actor=scene.by_member)
    assert made.status is BookingStatus.CONFIRMED


@pytest.mark.parametrize(
    ("ends_at", "status", "counts"),
    [
        (NOW, BookingStatus.CONFIRMED, False),
        (NOW + timedelta(minutes=1), BookingStatus.CONFIRMED, True),
        (at(0), BookingStatus.HELD, True),
        (at(0), BookingStatus.COMPLETED, False),
        (at(0), BookingStatus.CANCELLED, False),
    ],
)
def test_book__concurrent__are_those_that_have_not_ended(
    session: Session, ends_at: Any, status: BookingStatus, *, counts: bool
) -> None:
    scene = a_scene(session, concurrent_per_project=1)
    start = NOW - timedelta(hours=1)
    a_booking(session, scene.resource, scene.project, start, ends_at, status=status)

    if counts:
        assert codes(session, scene) == {"too_many_for_project"}
    else:
        booked(session, scene)


def test_book__as_many_as_an_organisation_may_have__counts_all_its_projects(
    session: Session,
) -> None:
    scene = a_scene(session, concurrent_per_organisation=1)
    like = a_resource(session, scene.facility.id, kind="x-ray diffractometer")
    other = a_project(session, scene.member, organisation_id=scene.project.organisation_id)
    elsewhere = a_project(session, scene.member)
    actor = actor_of(session, scene.member.id)

    booked(session, scene, scene.wish(project_id=other.id), actor=actor)

    with pytest.raises(RulesBroken) as caught:
        booked(session, scene, scene.wish(60, 120), actor=actor)
    assert [each.code for each in caught.value.violations] == ["too_many_for_organisation"]
    assert {each["resource_id"] for each in caught.value.beside["alternatives"]} == {str(like.id)}
    booked(session, scene, scene.wish(60, 120, project_id=elsewhere.id), actor=actor)
