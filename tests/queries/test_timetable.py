"""What a calendar of a resource or of a facility shows, and what it costs."""

from dataclasses import replace
from datetime import time
from uuid import uuid4

import pytest
from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus, ResourceState
from booking.engine.permissions import ANONYMOUS, Actor
from booking.queries.timetable import ClosedTime, OpenTime, timetable_of, timetables_of
from tests.builders import NOW, a_booking, a_closure, a_resource, opening_hours
from tests.scenes import Scene, a_scene, at
from tests.statements import counted_statements

DAY = Interval(at(0), at(24 * 60))


def seen(session: Session, scene: Scene, viewer: Actor = ANONYMOUS) -> list[tuple[str, int]]:
    """List each resource of the scene's facility by name, with how many bookings it has."""
    page = timetables_of(session, scene.facility.slug, viewer=viewer, within=DAY, now=NOW, limit=50)
    assert page is not None
    return [(each.resource_name, len(each.calendar.bookings)) for each in page.items]


def test_timetable__of_a_booking__tells_its_title_to_those_who_may_know(session: Session) -> None:
    scene = a_scene(session)
    row = a_booking(session, scene.resource, scene.project, at(0), at(60), title="Secret")
    shown = {}
    for name, viewer in (("member", scene.by_member), ("nobody", ANONYMOUS)):
        table = timetable_of(session, scene.resource.id, viewer=viewer, within=DAY, now=NOW)
        assert table is not None
        shown[name] = [(each.id, each.title) for each in table.bookings]
    assert shown == {"member": [(row.id, "Secret")], "nobody": [(None, None)]}


def test_timetable__closures_and_hours__are_the_facilitys_and_its_own(session: Session) -> None:
    scene = a_scene(session)
    place, other = scene.facility.id, a_resource(session, scene.facility.id)
    # Nairobi is three hours ahead of UTC: at(0) is noon there.
    opening_hours(session, place, time(12), time(13))
    opening_hours(session, place, time(12), time(14), resource_id=other.id)
    of_all = a_closure(session, place, at(10), at(20))
    of_other = a_closure(session, place, at(0), at(5), resource_id=other.id)
    a_closure(session, place, at(10), at(20), resource_id=scene.resource.id)
    table = timetable_of(session, other.id, viewer=ANONYMOUS, within=DAY, now=NOW)
    assert table is not None
    assert table.open == [OpenTime(at(0), at(120))]
    assert table.closures == [
        ClosedTime(at(0), at(5), of_other.id, of_other.kind, of_other.reason),
        ClosedTime(at(10), at(20), of_all.id, of_all.kind, of_all.reason),
    ]


@pytest.mark.parametrize(
    ("start", "end", "count"), [(-60, 0, 0), (-60, 1, 1), (1439, 1500, 1), (1440, 1500, 0)]
)
def test_timetable__booking_at_its_edge__is_in_where_it_touches(
    session: Session, start: int, end: int, count: int
) -> None:
    scene = a_scene(session)
    a_booking(session, scene.resource, scene.project, at(start), at(end))
    a_booking(session, scene.resource, scene.project, at(0), at(60), status=BookingStatus.CANCELLED)
    assert seen(session, scene) == [(scene.resource.name, count)]


def test_timetable__draft__is_for_those_who_may_see_it(session: Session) -> None:
    scene = a_scene(session, state=ResourceState.DRAFT)
    for viewer, known in ((ANONYMOUS, False), (scene.by_manager, True)):
        table = timetable_of(session, scene.resource.id, viewer=viewer, within=DAY, now=NOW)
        assert (table is not None) is known
        assert bool(seen(session, scene, viewer)) is known
    assert timetable_of(session, uuid4(), viewer=ANONYMOUS, within=DAY, now=NOW) is None


def test_timetables__of_a_facility__are_paged_by_name_without_the_retired(
    session: Session,
) -> None:
    scene = a_scene(session, name="b")
    for name in ("C", "a"):
        a_resource(session, scene.facility.id, name=name)
    a_resource(session, scene.facility.id, name="old", state=ResourceState.RETIRED)
    a_booking(session, scene.resource, scene.project, at(0), at(60))
    assert seen(session, scene) == [("a", 0), ("b", 1), ("C", 0)]
    names, cursor = [], None
    while True:
        page = timetables_of(
            session,
            str(scene.facility.id),
            viewer=ANONYMOUS,
            within=DAY,
            now=NOW,
            limit=2,
            cursor=cursor,
        )
        assert page is not None
        names += [each.resource_name for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert names == ["a", "b", "C"]
    assert timetables_of(session, "x", viewer=ANONYMOUS, within=DAY, now=NOW, limit=2) is None


@pytest.mark.parametrize("count", [1, 40])
def test_timetables__however_many_bookings__cost_two_queries(session: Session, count: int) -> None:
    scene = a_scene(session)
    others = [a_resource(session, scene.facility.id) for _ in range(count)]
    for number in range(count):
        for each in others[:3]:
            a_booking(session, each, scene.project, at(number), at(number + 1))
    viewer = replace(scene.by_member, project_ids=frozenset())
    with counted_statements(session) as said:
        timetable_of(session, others[0].id, viewer=viewer, within=DAY, now=NOW)
    assert len(said) == 2
    with counted_statements(session) as said:
        found = seen(session, scene, viewer)
    assert len(said) == 2
    assert sum(bookings for _, bookings in found) == count * len(others[:3])
