"""Move, retitle, cancel: who, when, and what is counted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import Actor, Role
from booking.errors import NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import Booking, Event
from booking.queries.people import actor_of
from booking.services.booking_changes import Move, cancel, move, retitle
from booking.services.booking_use import approve
from booking.services.bookings import book
from tests.builders import NOW, a_booking, a_person, a_resource, a_role
from tests.scenes import DOMAIN, Scene, a_scene, at

GONE = [
    BookingStatus.CANCELLED,
    BookingStatus.REJECTED,
    BookingStatus.NO_SHOW,
    BookingStatus.COMPLETED,
]


def made(session: Session, scene: Scene, **given: Any) -> Booking:
    return book(session, actor=scene.by_member, now=NOW, domain=DOMAIN, new=scene.wish(**given))


def moved(
    session: Session,
    scene: Scene,
    booking: Booking,
    *,
    actor: Actor | None = None,
    now: datetime = NOW,
    title: str | None = None,
    to: Move,
) -> Booking:
    return move(
        session,
        actor=actor or scene.by_member,
        now=now,
        booking_id=booking.id,
        to=to,
        title=title,
    )


def kinds_of(session: Session, booking_id: UUID) -> list[str]:
    session.flush()
    of_booking = select(Event).where(Event.subject_id == booking_id).order_by(col(Event.id))
    return [each.kind for each in session.exec(of_booking).all()]


def the_code(caught: pytest.ExceptionInfo[RulesBroken]) -> str:
    (violation,) = caught.value.violations
    return violation.code


def test_move__free_time__keeps_uid_and_raises_sequence(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)
    uid = booking.uid

    moved(session, scene, booking, to=Move(starts_at=at(30), ends_at=at(90)))

    assert (booking.starts_at, booking.ends_at) == (at(30), at(90))
    assert (booking.uid, booking.sequence, booking.revision) == (uid, 1, 1)
    assert booking.status is BookingStatus.CONFIRMED


def test_move__event__tells_the_old_times_and_the_new(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)
    moved(session, scene, booking, to=Move(ends_at=at(75)))
    session.flush()

    of_move = select(Event).where(Event.subject_id == booking.id, Event.kind == "booking.moved")
    payload = session.exec(of_move).one().payload
    assert payload["ends_at"] == at(75).isoformat()
    assert payload["was"]["ends_at"] == at(60).isoformat()
    assert (payload["was"]["sequence"], payload["sequence"]) == (0, 1)


def test_move__quantity_alone__leaves_sequence(session: Session) -> None:
    scene = a_scene(session, capacity=4)
    booking = made(session, scene)

    moved(session, scene, booking, to=Move(quantity=4))

    assert (booking.quantity, booking.sequence, booking.revision) == (4, 0, 1)


def test_move__title_with_it__is_one_change(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    moved(session, scene, booking, to=Move(ends_at=at(75)), title="Longer")

    assert (booking.title, booking.revision) == ("Longer", 1)
    assert kinds_of(session, booking.id) == ["booking.confirmed", "booking.moved"]


def test_move__nowhere_new__does_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    moved(session, scene, booking, to=Move(starts_at=at(0), quantity=1), title="")

    assert booking.revision == 0
    assert kinds_of(session, booking.id) == ["booking.confirmed"]


def test_move__onto_another_booking__is_refused_with_alternatives(session: Session) -> None:
    scene = a_scene(session)
    booking, _ = made(session, scene), made(session, scene, start=60, end=120)

    with pytest.raises(RulesBroken) as caught:
        moved(session, scene, booking, to=Move(starts_at=at(60), ends_at=at(120)))

    assert the_code(caught) == "taken"
    # Its own present time, from 9 on, is nearer than the last but no alternative.
    offered = [each["starts_at"][11:16] for each in caught.value.beside["alternatives"]]
    assert offered == ["11:00", "08:45", "11:15"]
    assert (booking.starts_at, booking.revision) == (at(0), 0)


def test_move__to_another_resource__obeys_its_rules(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)
    short = a_resource(session, scene.facility.id, maximum_minutes=30)
    free = a_resource(session)

    with pytest.raises(RulesBroken) as caught:
        moved(session, scene, booking, to=Move(resource_id=short.id))
    assert the_code(caught) == "too_long"
    moved(session, scene, booking, to=Move(resource_id=free.id))
    assert (booking.resource_id, booking.sequence) == (free.id, 1)


def test_move__to_no_resource__is_not_found(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(NotFound):
        moved(session, scene, booking, to=Move(resource_id=uuid4()))


def test_move__manager_to_a_facility_of_others__is_not_permitted(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(NotPermitted):
        moved(
            session,
            scene,
            booking,
            actor=scene.by_manager,
            to=Move(resource_id=a_resource(session).id),
        )


def test_move__stranger__does_not_learn_of_it(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(NotFound):
        moved(session, scene, booking, actor=scene.by_stranger, to=Move(ends_at=at(90)))


def test_move__operator__sees_it_but_may_not(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)
    person = a_person(session)
    a_role(session, person.id, Role.OPERATOR, facility_id=scene.facility.id)

    with pytest.raises(NotPermitted):
        moved(
            session,
            scene,
            booking,
            actor=actor_of(session, person.id),
            to=Move(ends_at=at(90)),
        )


def test_move__approved_booking__needs_a_manager(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)
    moved(session, scene, booking, to=Move(ends_at=at(75)))
    assert str(booking.status) == "pending"
    approve(session, actor=scene.by_manager, now=NOW, booking_id=booking.id)

    with pytest.raises(RulesBroken) as caught:
        moved(session, scene, booking, to=Move(ends_at=at(90)))
    assert the_code(caught) == "needs_approval"
    moved(session, scene, booking, actor=scene.by_manager, to=Move(ends_at=at(90)))
    assert booking.status is BookingStatus.CONFIRMED


@pytest.mark.parametrize("status", GONE)
def test_move__from_an_end__is_the_wrong_state(session: Session, status: BookingStatus) -> None:
    scene = a_scene(session)
    booking = a_booking(session, scene.resource, scene.project, at(0), at(60), status=status)

    with pytest.raises(WrongState):
        moved(session, scene, booking, to=Move(ends_at=at(90)))


def test_move__past_booking__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(RulesBroken) as caught:
        moved(session, scene, booking, now=at(60), to=Move(starts_at=at(120), ends_at=at(180)))

    assert the_code(caught) == "over"


def test_retitle__leaves_sequence_and_raises_revision(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    retitle(session, actor=scene.by_member, now=NOW, booking_id=booking.id, title="Run 8")

    assert (booking.title, booking.sequence, booking.revision) == ("Run 8", 0, 1)
    assert kinds_of(session, booking.id)[-1] == "booking.retitled"


def test_cancel__before_its_start__frees_the_time(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id, reason="Ill")

    assert booking.status is BookingStatus.CANCELLED
    assert (booking.sequence, booking.revision, booking.reason) == (1, 1, "Ill")
    assert kinds_of(session, booking.id)[-1] == "booking.cancelled"
    made(session, scene)


def test_cancel__twice__is_the_wrong_state(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)
    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)

    with pytest.raises(WrongState):
        cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)


@pytest.mark.parametrize(("late", "found"), [(0, None), (1, "after_cancel_by")])
def test_cancel__cancel_by__is_the_last_instant(
    session: Session, late: int, found: str | None
) -> None:
    scene = a_scene(session, cancel_by_minutes=120)
    booking = made(session, scene)
    now = at(-120) + timedelta(seconds=late)

    if found is None:
        cancel(session, actor=scene.by_member, now=now, booking_id=booking.id)
        return
    with pytest.raises(RulesBroken) as caught:
        cancel(session, actor=scene.by_member, now=now, booking_id=booking.id)
    assert the_code(caught) == found


def test_cancel__after_cancel_by__is_the_managers(session: Session) -> None:
    scene = a_scene(session, cancel_by_minutes=120)
    booking = made(session, scene)

    cancel(session, actor=scene.by_manager, now=at(30), booking_id=booking.id)

    assert booking.status is BookingStatus.CANCELLED


@pytest.mark.parametrize("by", ["member", "manager"])
def test_cancel__past_booking__is_refused(session: Session, by: str) -> None:
    scene = a_scene(session)
    booking = made(session, scene)
    actor = scene.by_member if by == "member" else scene.by_manager

    with pytest.raises(RulesBroken) as caught:
        cancel(session, actor=actor, now=at(60), booking_id=booking.id)

    assert the_code(caught) == "over"
