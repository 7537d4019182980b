"""Search by text, and by when things are free."""

from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState, RoundState
from booking.engine.permissions import ANONYMOUS, SYSTEM, Actor
from booking.errors import Malformed
from booking.models import OpeningHours, Round, RoundFacility
from booking.queries import catalogue
from booking.queries.availability import availability_of, free_resources, free_slots
from booking.queries.catalogue import Search, search_resources
from booking.queries.slot_batches import TimeWish
from booking.queries.timetable import RoundTime, timetable_of
from tests.builders import NOW, a_booking, a_closure, a_facility, a_resource, added
from tests.scenes import a_scene, at
from tests.statements import counted_statements

DAY = Interval(at(0), at(24 * 60))


def names(session: Session, viewer: Actor = ANONYMOUS, **search: Any) -> list[str]:
    page = search_resources(session, viewer=viewer, search=Search(**search), limit=50)
    return [each.name for each in page.items]


def starts(session: Session, wish: TimeWish, limit: int = 200) -> list[tuple[UUID, int]]:
    """List the free slots, page after page, as minutes after the scene's first instant."""
    found, cursor = [], None
    while True:
        page = free_slots(
            session,
            viewer=ANONYMOUS,
            search=Search(),
            wish=wish,
            now=NOW,
            limit=limit,
            cursor=cursor,
        )
        found += [
            (each.resource.id, (each.slot.start - at(0)).seconds // 60) for each in page.items
        ]
        cursor = page.next
        if cursor is None:
            return found


def test_search__all_words_in_any_column_and_case__are_found(session: Session) -> None:
    place = a_facility(session, name="Light House")
    a_resource(
        session, place.id, name="Élan", manufacturer="ZEISS", measured_variables=["chaleur é"]
    )
    a_resource(session, place.id, name="Other 100%_sure", description="x")
    assert names(session, q="élan zeiss light") == ["Élan"]
    assert names(session, q="CHALEUR É") == ["Élan"]
    assert names(session, q="élan missing") == []
    assert names(session, q="100%_s") == ["Other 100%_sure"]
    assert names(session, q="10%sure") == []


def test_search__kind_technique_country_facility__narrow(session: Session) -> None:
    place = a_facility(session, slug="alpha", country="KE")
    a_resource(session, place.id, name="A", kind="Laser", technique="cutting, welding")
    a_resource(session, place.id, name="B", kind="oven", country="UG")
    assert names(session, kind="laser") == ["A"]
    assert names(session, technique="weld") == ["A"]
    assert names(session, country="ke") == ["A"]
    assert names(session, country="UG") == ["B"]
    assert names(session, facility="alpha") == ["A", "B"]
    assert catalogue.kinds(session, viewer=ANONYMOUS) == [("Laser", 1), ("oven", 1)]
    assert catalogue.countries(session, viewer=ANONYMOUS) == [("KE", 1), ("UG", 1)]


def test_search__draft_and_retired__only_drafts_and_only_for_staff(session: Session) -> None:
    scene = a_scene(session, name="Draft", state=ResourceState.DRAFT)
    retired = a_resource(session, scene.facility.id, name="Old", state=ResourceState.RETIRED)
    other = a_resource(session, name="Elsewhere", state=ResourceState.DRAFT)
    assert names(session) == []
    assert names(session, scene.by_manager) == ["Draft"]
    assert names(session, SYSTEM, state=ResourceState.DRAFT) == ["Draft", "Elsewhere"]
    by_id = catalogue.resource_facts
    assert by_id(session, retired.id, viewer=ANONYMOUS) is not None
    assert by_id(session, scene.resource.id, viewer=ANONYMOUS) is None
    assert by_id(session, scene.resource.id, viewer=scene.by_manager) is not None
    assert by_id(session, other.id, viewer=scene.by_manager) is None


def test_search__page_by_page__gives_each_once(session: Session) -> None:
    place = a_facility(session)
    for name in ("b", "A", "a", "C", "a"):
        a_resource(session, place.id, name=name)
    found: list[str] = []
    cursor = None
    while True:
        page = search_resources(session, viewer=ANONYMOUS, search=Search(), limit=2, cursor=cursor)
        found += [each.name.lower() for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == ["a", "a", "a", "b", "c"]


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "WyJhIiwiYiJd", "WyJcdTAwMDAiLCJiIl0"])
def test_search__cursor_not_ours__is_malformed(session: Session, cursor: str) -> None:
    with pytest.raises(Malformed):
        search_resources(session, viewer=ANONYMOUS, search=Search(), limit=2, cursor=cursor)


def test_free_slots__hours_closure_booking_and_buffer__are_left_out(session: Session) -> None:
    scene = a_scene(session, grid_minutes=60, buffer_after_minutes=60)
    # Tuesday 12:00 to 20:00 in Nairobi is 9:00 to 17:00 UTC, minutes 0 to 480 of the scene.
    added(
        session,
        OpeningHours(facility_id=scene.facility.id, weekday=1, opens=time(12), closes=time(20)),
    )
    a_closure(session, scene.facility.id, at(0), at(60))
    a_booking(session, scene.resource, scene.project, at(180), at(240))
    a_booking(
        session, scene.resource, scene.project, at(60), at(120), status=BookingStatus.CANCELLED
    )
    found = starts(session, TimeWish(DAY))
    assert [start for _, start in found] == [60, 300, 360, 420]
    assert starts(session, TimeWish(DAY), limit=1) == found


def test_free_slots__several_resources_page_by_page__gives_each_once(session: Session) -> None:
    place = a_facility(session)
    for name in ("a", "B", "c"):
        a_resource(session, place.id, name=name, grid_minutes=30)
    wish = TimeWish(Interval(at(0), at(120)), 60)
    every = starts(session, wish)
    assert len(every) == len(set(every)) == 9
    assert starts(session, wish, limit=2) == every


@pytest.mark.parametrize(
    ("resource", "wish", "count"),
    [
        ({}, TimeWish(Interval(at(0), at(60)), 60), 1),
        ({"maximum_minutes": 60}, TimeWish(DAY, 75), 0),
        ({"minimum_minutes": 75}, TimeWish(DAY, 60), 0),
        ({"capacity": 2}, TimeWish(Interval(at(0), at(15)), 15, 2), 1),
        ({"capacity": 2}, TimeWish(DAY, 15, 3), 0),
        ({"mode": BookingMode.ROUND_ONLY}, TimeWish(DAY, 60), 0),
        ({"lead_minutes": 24 * 60}, TimeWish(Interval(at(-60), at(15)), 15), 1),
        ({"horizon_days": 1}, TimeWish(Interval(at(0), at(120)), 15), 1),
        ({}, TimeWish(Interval(NOW - timedelta(hours=2), NOW), 15), 0),
    ],
)
def test_free_slots__rule_of_booking__is_kept(
    session: Session, resource: dict[str, Any], wish: TimeWish, count: int
) -> None:
    a_resource(session, **resource)
    assert len(starts(session, wish)) == count


def test_free_slots__round_shares_the_time_out__none_until_it_is_published(
    session: Session,
) -> None:
    found = a_resource(session)
    row = added(
        session,
        Round(
            slug="winter",
            name="Winter",
            facility_id=found.facility_id,
            state=RoundState.REVIEWING,
            call_opens_at=NOW,
            call_closes_at=at(0),
            decision_on=date(2026, 11, 20),
            access_starts_at=at(0),
            access_ends_at=at(60),
            seed="s",
            seed_hash="h",
            created_at=NOW,
            updated_at=NOW,
        ),
    )
    added(session, RoundFacility(round_id=row.id, facility_id=found.facility_id))
    wish = TimeWish(Interval(at(0), at(75)), 15)
    assert [start for _, start in starts(session, wish)] == [60]
    table = timetable_of(session, found.id, viewer=ANONYMOUS, within=DAY, now=NOW)
    assert table is not None
    until = NOW.replace(hour=0) + timedelta(days=1)
    assert table.rounds == [RoundTime(at(0), at(60), "Winter", until)]
    row.state = RoundState.PUBLISHED
    session.add(row)
    session.flush()
    assert len(starts(session, wish)) == 5


def test_free_resources__one_taken__leaves_the_other(session: Session) -> None:
    scene = a_scene(session, name="Taken")
    a_resource(session, scene.facility.id, name="Free")
    a_booking(session, scene.resource, scene.project, at(0), at(60))
    page = free_resources(
        session,
        viewer=ANONYMOUS,
        search=Search(),
        wish=TimeWish(Interval(at(0), at(60)), 30),
        now=NOW,
        limit=10,
    )
    assert [each.name for each in page.items] == ["Free"]


def test_availability__however_many_resources__costs_four_queries(session: Session) -> None:
    for _ in range(5):
        scene = a_scene(session)
        a_booking(session, scene.resource, scene.project, at(0), at(60))
    page = search_resources(session, viewer=ANONYMOUS, search=Search(), limit=50)
    with counted_statements(session) as said:
        found = availability_of(session, page.items, within=DAY, now=NOW)
    assert len(said) == 4
    assert all(len(each.holds) == 1 for each in found.values())
