"""Join the waiting list and leave it: who, when, and when it would be in vain."""

from datetime import time, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.permissions import Actor, Role
from booking.engine.vocabulary import OfferState, WaitlistState
from booking.errors import Malformed, NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import WaitlistEntry
from booking.queries.offered_time import EVERY_OFFER, offers_seen
from booking.queries.people import actor_of
from booking.services.booking_changes import cancel
from booking.services.offering import offer_freed
from booking.services.waiting_list import NewEntry, join, leave
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_person,
    a_project,
    a_role,
    an_entry,
    opening_hours,
)
from tests.events import kinds_about
from tests.scenes import DOMAIN, Scene, a_scene, at


def taken_scene(session: Session, **resource: Any) -> Scene:
    """A resource whose hour after `at(0)` somebody else has."""
    scene = a_scene(session, **resource)
    a_booking(
        session,
        scene.resource,
        a_project(session),
        at(0),
        at(60),
        quantity=scene.resource.capacity,
    )
    return scene


def joined(
    session: Session,
    scene: Scene,
    start: int = 0,
    end: int = 60,
    *,
    actor: Actor | None = None,
    **given: Any,
) -> WaitlistEntry:
    wanted: dict[str, Any] = {
        "resource_id": scene.resource.id,
        "project_id": scene.project.id,
        "starts_at": at(start),
        "ends_at": at(end),
    }
    new = NewEntry(**wanted | given)
    return join(session, actor=actor or scene.by_member, now=NOW, new=new)


def refusal(session: Session, scene: Scene, *span: int, **given: Any) -> RulesBroken:
    with pytest.raises(RulesBroken) as caught:
        joined(session, scene, *span, **given)
    return caught.value


def codes(refused: RulesBroken) -> list[str]:
    return [each.code for each in refused.violations]


def test_join__taken_hour__waits_for_all_of_the_window(session: Session) -> None:
    entry = joined(session, taken_scene(session), title="Run 7")

    assert (entry.minutes, entry.quantity, entry.title) == (60, 1, "Run 7")
    assert entry.state is WaitlistState.WAITING
    assert kinds_about(session, entry.id) == ["waitlist.joined"]


def test_join__manager__waits_in_the_name_of_the_investigator(session: Session) -> None:
    scene = taken_scene(session)
    entry = joined(session, scene, actor=scene.by_manager)
    assert entry.person_id == scene.project.principal_investigator_id


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER])
def test_join__other_staff__is_not_permitted(session: Session, role: Role) -> None:
    scene = taken_scene(session)
    person = a_person(session)
    a_role(session, person.id, role, facility_id=scene.facility.id)
    with pytest.raises(NotPermitted):
        joined(session, scene, actor=actor_of(session, person.id))


def test_join__stranger__is_not_permitted(session: Session) -> None:
    scene = taken_scene(session)
    with pytest.raises(NotPermitted):
        joined(session, scene, actor=scene.by_stranger)


def test_join__unknown_resource__is_not_found(session: Session) -> None:
    scene = taken_scene(session)
    with pytest.raises(NotFound):
        joined(session, scene, resource_id=scene.project.id)


def test_join__free_time__is_refused_with_the_slot_to_book(session: Session) -> None:
    scene = taken_scene(session)

    refused = refusal(session, scene, 0, 135, minutes=60)

    assert codes(refused) == ["free_now"]
    assert refused.beside["alternatives"] == [
        {
            "resource_id": str(scene.resource.id),
            "starts_at": "2026-11-24T10:00:00Z",
            "ends_at": "2026-11-24T11:00:00Z",
        }
    ]


@pytest.mark.parametrize(("end", "waits"), [(119, True), (120, False)])
def test_join__window_around_taken_time__waits_until_it_fits_beside(
    session: Session, end: int, *, waits: bool
) -> None:
    scene = taken_scene(session)
    if waits:
        assert joined(session, scene, 0, end, minutes=60).minutes == 60
    else:
        assert codes(refusal(session, scene, 0, end, minutes=60)) == ["free_now"]


def test_join__again_for_time_that_touches__is_refused(session: Session) -> None:
    scene = taken_scene(session)
    a_booking(session, scene.resource, a_project(session), at(60), at(120))
    joined(session, scene)

    assert codes(refusal(session, scene, 45, 105)) == ["already_waiting"]
    assert joined(session, scene, 60, 120).state is WaitlistState.WAITING


def test_join__after_leaving__waits_again(session: Session) -> None:
    scene = taken_scene(session)
    entry = joined(session, scene)
    leave(session, actor=scene.by_member, now=NOW, entry_id=entry.id)

    assert joined(session, scene).id != entry.id


@pytest.mark.parametrize(
    ("start", "end", "minutes", "code"),
    [
        (0, 60, 61, "window_too_short"),
        (0, 31 * 1440 + 1, 60, "window_too_long"),
        (-2 * 1440, -1440, 60, "window_over"),
        (0, 60, 20, "never_open"),
    ],
)
def test_join__window_that_cannot_be__is_refused(
    session: Session, start: int, end: int, minutes: int, code: str
) -> None:
    scene = taken_scene(session)
    refused = refusal(session, scene, start, end, minutes=minutes)
    assert codes(refused) == [code]


def test_join__end_before_start__is_malformed(session: Session) -> None:
    with pytest.raises(Malformed):
        joined(session, taken_scene(session), 60, 0)


def test_join__never_open_then__is_refused(session: Session) -> None:
    scene = taken_scene(session)
    opening_hours(session, scene.facility.id, time(0), time(6))
    assert codes(refusal(session, scene)) == ["never_open"]


def test_join__under_a_closure__waits_for_it_to_go(session: Session) -> None:
    scene = a_scene(session)
    a_closure(session, scene.facility.id, at(0), at(60))
    assert joined(session, scene).state is WaitlistState.WAITING


@pytest.mark.parametrize(
    ("given", "wish", "code"),
    [
        ({"state": ResourceState.DRAFT}, {}, "not_published"),
        ({"mode": BookingMode.ROUND_ONLY}, {}, "round_only"),
        ({"qualification_needed": True}, {}, "not_qualified"),
        ({"minimum_minutes": 75}, {}, "too_short"),
        ({"maximum_minutes": 45}, {}, "too_long"),
        ({}, {"quantity": 2}, "above_capacity"),
    ],
)
def test_join__what_waiting_does_not_mend__is_refused(
    session: Session, given: dict[str, Any], wish: dict[str, Any], code: str
) -> None:
    scene = taken_scene(session, **given)
    assert codes(refusal(session, scene, **wish)) == [code]


def test_leave__waiting__is_closed(session: Session) -> None:
    scene = taken_scene(session)
    entry = joined(session, scene)

    leave(session, actor=scene.by_member, now=NOW, entry_id=entry.id)

    assert entry.state is WaitlistState.WITHDRAWN
    assert kinds_about(session, entry.id) == ["waitlist.joined", "waitlist.left"]
    with pytest.raises(WrongState):
        leave(session, actor=scene.by_member, now=NOW, entry_id=entry.id)


def test_leave__manager__may(session: Session) -> None:
    scene = taken_scene(session)
    entry = joined(session, scene)
    leave(session, actor=scene.by_manager, now=NOW, entry_id=entry.id)
    assert entry.state is WaitlistState.WITHDRAWN


def test_leave__stranger__does_not_find_it(session: Session) -> None:
    scene = taken_scene(session)
    entry = joined(session, scene)
    with pytest.raises(NotFound):
        leave(session, actor=scene.by_stranger, now=NOW, entry_id=entry.id)


def test_leave__operator__is_not_permitted(session: Session) -> None:
    scene = taken_scene(session)
    entry = joined(session, scene)
    person = a_person(session)
    a_role(session, person.id, Role.OPERATOR, facility_id=scene.facility.id)
    with pytest.raises(NotPermitted):
        leave(session, actor=actor_of(session, person.id), now=NOW, entry_id=entry.id)


def test_leave__with_an_open_offer__lets_the_next_have_it(session: Session) -> None:
    scene = a_scene(session)
    other = a_project(session)
    booking = a_booking(session, scene.resource, a_project(session), at(0), at(60))
    first = an_entry(session, scene.resource, scene.project, at(0), at(60))
    second = an_entry(
        session,
        scene.resource,
        other,
        at(0),
        at(60),
        entered_at=NOW + timedelta(minutes=1),
    )
    cancel(session, actor=scene.by_manager, now=NOW, booking_id=booking.id)
    offer_freed(session, now=NOW, domain=DOMAIN)

    leave(session, actor=scene.by_member, now=NOW, entry_id=first.id)
    offer_freed(session, now=NOW, domain=DOMAIN)

    found = offers_seen(session, viewer=scene.by_manager, only=EVERY_OFFER, limit=9)
    assert {each.offer.entry_id: each.offer.state for each in found.items} == {
        first.id: OfferState.DECLINED,
        second.id: OfferState.MADE,
    }
    assert first.state is WaitlistState.WITHDRAWN
