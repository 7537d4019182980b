"""Book: who may, by which rules, and what is written."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event as listen
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState
from booking.engine.permissions import ANONYMOUS, SYSTEM
from booking.engine.vocabulary import BookingSource
from booking.errors import Malformed, NotFound, NotPermitted, NotSignedIn, RulesBroken
from booking.models import (
    Booking,
    Event,
)
from booking.services.booking_writing import insert_guarded
from booking.services.bookings import NewBooking, book_batch
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_resource,
)
from tests.scenes import DOMAIN, Scene, a_scene, at, booked, codes


def events_of(session: Session, booking: Booking) -> list[Event]:
    session.flush()
    return list(
        session.exec(
            select(Event).where(Event.subject_id == booking.id).order_by(col(Event.id))
        ).all()
    )


def test_book__free_time__is_confirmed_at_once(session: Session) -> None:
    scene = a_scene(session)

    booking = booked(session, scene, scene.wish(title="Run 7"))

    assert booking.status is BookingStatus.CONFIRMED
    assert booking.source is BookingSource.INSTANT
    assert (booking.starts_at, booking.ends_at) == (at(0), at(60))
    assert (booking.sequence, booking.revision, booking.quantity) == (0, 0, 1)
    assert booking.person_id == scene.member.id
    assert booking.title == "Run 7"
    assert booking.uid.endswith(f"@{DOMAIN}")


def test_book__confirmed__records_one_event(session: Session) -> None:
    scene = a_scene(session)

    (event,) = events_of(session, booked(session, scene, scene.wish(title="Private")))

    assert event.kind == "booking.confirmed"
    assert event.facility_id == scene.facility.id
    assert event.actor_id == scene.member.id
    assert event.payload["starts_at"] == at(0).isoformat()
    assert "Private" not in str(event.payload)


def test_book__resource_with_approval__waits(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)

    booking = booked(session, scene)

    assert booking.status is BookingStatus.PENDING
    assert [each.kind for each in events_of(session, booking)] == ["booking.pending"]


def test_book__manager_on_behalf__is_in_the_name_of_the_investigator(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)

    booking = booked(session, scene, actor=scene.by_manager)

    assert booking.person_id == scene.project.principal_investigator_id
    assert booking.status is BookingStatus.CONFIRMED
    assert booking.source is BookingSource.MANAGER


def test_book__stranger__is_not_permitted(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(NotPermitted):
        booked(session, scene, actor=scene.by_stranger)


def test_book__manager_of_another_facility__is_not_permitted(session: Session) -> None:
    scene, other = a_scene(session), a_scene(session)

    with pytest.raises(NotPermitted):
        booked(session, scene, actor=other.by_manager)


def test_book__nobody__must_sign_in(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(NotSignedIn):
        booked(session, scene, actor=ANONYMOUS)


def test_book__no_such_resource__is_not_found(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(NotFound):
        booked(session, scene, scene.wish(resource_id=uuid4()))


def test_book__no_such_project__is_not_found(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(NotFound):
        booked(session, scene, scene.wish(project_id=uuid4()), actor=SYSTEM)


@pytest.mark.parametrize(
    ("start", "end"), [(60, 60), (60, 0), (0, 367 * 1440), (21 * 366 * 1440, 21 * 366 * 1440 + 60)]
)
def test_book__senseless_times__are_malformed(session: Session, start: int, end: int) -> None:
    scene = a_scene(session)

    with pytest.raises(Malformed) as caught:
        booked(session, scene, scene.wish(start, end))

    assert caught.value.violations[0].pointer in {"/starts_at", "/ends_at"}


def test_book__taken_time__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene)

    assert codes(session, scene, scene.wish(45, 105)) == {"taken"}


def test_book__touching_another__is_allowed(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene)

    assert booked(session, scene, scene.wish(60, 120)).starts_at == at(60)


def test_book__within_a_buffer_of_another__is_refused(session: Session) -> None:
    scene = a_scene(session, buffer_before_minutes=15, buffer_after_minutes=15)
    booked(session, scene)

    assert codes(session, scene, scene.wish(75, 120)) == {"taken"}
    booked(session, scene, scene.wish(90, 120))


def test_book__pool__counts_quantities(session: Session) -> None:
    scene = a_scene(session, capacity=4)
    booked(session, scene, scene.wish(quantity=3))

    assert codes(session, scene, scene.wish(quantity=2)) == {"taken"}
    booked(session, scene, scene.wish(quantity=1))
    assert codes(session, scene, scene.wish(90, 120, quantity=5)) == {"above_capacity"}


def test_book__many_rules_broken__lists_them_all(session: Session) -> None:
    scene = a_scene(
        session, maximum_minutes=30, qualification_needed=True, state=ResourceState.DRAFT
    )

    found = codes(session, scene, scene.wish(7, 67))

    assert found == {"not_published", "off_grid", "too_long", "not_qualified"}


def alternatives_to(session: Session, scene: Scene, new: NewBooking) -> list[tuple[str, str, str]]:
    with pytest.raises(RulesBroken) as caught:
        booked(session, scene, new)
    return [
        (each["resource_id"], each["starts_at"], each["ends_at"])
        for each in caught.value.beside["alternatives"]
    ]


def test_book__refused__names_the_nearest_times_here_and_elsewhere(session: Session) -> None:
    scene = a_scene(session)
    like = a_resource(session, scene.facility.id)
    a_resource(session, scene.facility.id, kind="another kind")
    a_resource(session, scene.facility.id, state=ResourceState.DRAFT)
    booked(session, scene)

    found = alternatives_to(session, scene, scene.wish())

    here = str(scene.resource.id)
    assert found == [
        (str(like.id), "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"),
        (here, "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z"),
        (here, "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"),
        (here, "2026-11-24T07:45:00Z", "2026-11-24T08:45:00Z"),
    ]


def test_book__alternative__can_be_booked(session: Session) -> None:
    scene = a_scene(session, lead_minutes=60, minimum_minutes=30)
    a_closure(session, scene.facility.id, at(-600), at(600))
    found = alternatives_to(session, scene, scene.wish())

    _, starts_at, ends_at = found[0]
    start, end = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    row = booked(session, scene, scene.wish(starts_at=start, ends_at=end))
    assert (row.starts_at, row.ends_at) == (start, end)


def test_book__refused_for_whom__offers_no_time_there(session: Session) -> None:
    scene = a_scene(session, qualification_needed=True)

    assert alternatives_to(session, scene, scene.wish()) == []


def test_book__in_the_past__offers_times_to_come(session: Session) -> None:
    scene = a_scene(session)

    found = alternatives_to(session, scene, scene.wish(-60 * 24 * 40, -60 * 24 * 40 + 60))

    assert found[0][1] == "2026-11-23T09:00:00Z"


def test_book__more_bookings__cost_no_more_queries(session: Session) -> None:
    scene = a_scene(session, capacity=50)
    first = count_statements(session, lambda: booked(session, scene))
    for start in range(20):
        a_booking(session, scene.resource, scene.project, at(start), at(start + 60))

    assert count_statements(session, lambda: booked(session, scene)) == first


def count_statements(session: Session, act: Any) -> int:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    connection = session.connection()
    listen.listen(connection, "before_cursor_execute", note)
    act()
    session.flush()
    listen.remove(connection, "before_cursor_execute", note)
    return len(seen)


def test_book_batch__all_fit__books_all_in_order(session: Session) -> None:
    scene = a_scene(session)
    every = [scene.wish(0, 60), scene.wish(60, 120)]

    made = book_batch(session, actor=scene.by_member, now=NOW, domain=DOMAIN, every=every)

    assert [each.starts_at for each in made] == [at(0), at(60)]


def test_book_batch__one_refused__books_none(session: Session) -> None:
    scene = a_scene(session)
    every = [scene.wish(0, 60), scene.wish(120, 180), scene.wish(30, 90), scene.wish(7, 22)]

    with pytest.raises(RulesBroken) as caught:
        book_batch(session, actor=scene.by_member, now=NOW, domain=DOMAIN, every=every)

    pointers = {(each.code, each.pointer) for each in caught.value.violations}
    assert pointers == {
        ("taken", "/bookings/2/starts_at"),
        ("off_grid", "/bookings/3/starts_at"),
        ("taken", "/bookings/3/starts_at"),
    }
    assert caught.value.beside["alternatives"]
    of_project = select(Booking).where(Booking.project_id == scene.project.id)
    assert session.exec(of_project).all() == []
    assert session.exec(select(Event).where(Event.facility_id == scene.facility.id)).all() == []


@pytest.mark.parametrize("capacity", [1, 2])
def test_insert_guarded__taken_behind_the_rules__inserts_nothing_and_goes_on(
    session: Session, capacity: int
) -> None:
    scene = a_scene(session, capacity=capacity)
    booking = booked(session, scene, scene.wish(quantity=capacity))
    again = Booking(**booking.model_dump(exclude={"id", "uid"}), uid=f"{uuid4()}@{DOMAIN}")

    assert insert_guarded(session, again, one_unit=capacity == 1) is None

    booked(session, scene, scene.wish(60, 120))
