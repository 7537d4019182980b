"""Search by time: what a project may book, page after page, and what it costs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from booking.engine.booking_rules import broken_rules
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode
from booking.engine.permissions import ANONYMOUS
from booking.models import Qualification, TermsVersion
from booking.queries import availability
from booking.queries.availability import FreeSlot, free_resources, free_slots
from booking.queries.booking_facts import Wish, booking_facts
from booking.queries.catalogue import Search
from booking.queries.slot_batches import TimeWish
from booking.queries.slots_for_project import Team
from tests.builders import NOW, a_booking, a_resource, added
from tests.scenes import Scene, a_scene, at
from tests.statements import counted_statements

HOURS = Interval(at(0), at(120))


def team_of(scene: Scene) -> Team:
    return Team(scene.project.id, scene.member.id)


def found(session: Session, team: Team | None, limit: int = 200, **search: Any) -> list[FreeSlot]:
    """List the free slots of an hour, page after page."""
    slots: list[FreeSlot] = []
    cursor = None
    while True:
        page = free_slots(
            session,
            viewer=ANONYMOUS,
            search=Search(**search),
            wish=TimeWish(HOURS, 60),
            now=NOW,
            limit=limit,
            cursor=cursor,
            team=team,
        )
        slots += page.items
        cursor = page.next
        if cursor is None:
            return slots


def resources(slots: list[FreeSlot]) -> set[UUID]:
    return {each.resource.id for each in slots}


def test_slots__for_a_project__are_what_its_rules_let(session: Session) -> None:
    scene = a_scene(session, name="open to all")
    place = scene.facility.id
    taught, lapsed, untaught = (
        a_resource(session, place, name=name, qualification_needed=True)
        for name in ("taught", "lapsed", "untaught")
    )
    a_resource(session, place, name="rounds", mode=BookingMode.ROUND_ONLY)
    few = a_resource(session, place, name="few", concurrent_per_project=1)
    a_booking(session, few, scene.project, at(600), at(660))
    for each, until in ((taught, at(90)), (lapsed, at(59))):
        added(
            session,
            Qualification(
                person_id=scene.member.id,
                resource_id=each.id,
                granted_by=scene.manager.id,
                granted_at=NOW,
                expires_at=until,
            ),
        )
    everybody, mine = found(session, None), found(session, team_of(scene))
    assert resources(everybody) == {scene.resource.id, taught.id, lapsed.id, untaught.id, few.id}
    assert resources(mine) == {scene.resource.id, taught.id}
    # The qualification ends at minute 90, so that the last hour begins at minute 30.
    assert [each.slot.start for each in mine if each.resource.id == taught.id] == [
        at(0),
        at(15),
        at(30),
    ]


def test_slots__for_a_project__are_none_where_terms_are_not_accepted(session: Session) -> None:
    scene, other = a_scene(session), a_scene(session)
    added(
        session,
        TermsVersion(
            facility_id=other.facility.id,
            number=1,
            text="Terms",
            published_at=NOW,
        ),
    )
    assert resources(found(session, team_of(scene))) == {scene.resource.id}


def test_slots__for_a_project__keep_every_rule_page_after_page(session: Session) -> None:
    scene = a_scene(session, grid_minutes=5, buffer_after_minutes=10)
    a_resource(session, scene.facility.id, lead_minutes=24 * 60 + 20)
    a_booking(session, scene.resource, scene.project, at(70), at(80))
    slots = found(session, team_of(scene), limit=2)
    assert slots == found(session, team_of(scene))
    assert len(slots) == 1 + 3
    wish = Wish(scene.project.id, scene.member.id, HOURS, 1, by_manager=False)
    facts = booking_facts(session, scene.resource, wish, now=NOW)
    for each in slots[:1]:
        assert broken_rules(replace(facts, wanted=each.slot)) == ()


def test_free_resources__for_a_project__are_those_it_may_book(session: Session) -> None:
    scene = a_scene(session)
    a_resource(session, scene.facility.id, qualification_needed=True)
    page = free_resources(
        session,
        viewer=ANONYMOUS,
        search=Search(),
        wish=TimeWish(HOURS, 60),
        now=NOW,
        limit=10,
        team=team_of(scene),
    )
    assert [each.id for each in page.items] == [scene.resource.id]


@pytest.mark.parametrize(("looker", "cost"), [("anybody", 2), ("team", 4)])
def test_slots__however_many_resources_and_bookings__cost_the_same(
    session: Session, looker: str, cost: int
) -> None:
    scene = a_scene(session)
    team = team_of(scene) if looker == "team" else None
    for number in range(5):
        with counted_statements(session) as said:
            assert found(session, team)
        assert len(said) == cost
        other = a_resource(session, scene.facility.id)
        start = at(0) + timedelta(hours=number)
        a_booking(session, other, scene.project, start, start + timedelta(hours=1))


def test_slots__more_resources_than_a_batch__are_all_found(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = a_scene(session, name="a")
    expected = {scene.resource.id} | {
        a_resource(session, scene.facility.id, name=name).id for name in "bBcde"
    }
    for name in ("FIRST_BATCH", "BATCH", "BATCH_FOR_TEAM"):
        monkeypatch.setattr(availability, name, 2)
    for team in (None, team_of(scene)):
        slots = found(session, team, limit=7)
        assert resources(slots) == expected
        assert len(slots) == len(expected) * 5
