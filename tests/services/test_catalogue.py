"""Facilities, resources, hours and closures: who may, what is kept, what is recorded."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import EventKind, ResourceState
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import ANONYMOUS, SYSTEM
from booking.errors import Malformed, NotFound, NotPermitted, NotSignedIn, RulesBroken, WrongState
from booking.models import Event, Facility, Resource
from booking.services import catalogue, closures
from booking.services.catalogue_export import ExportFormat, export_catalogue
from booking.services.catalogue_import import ImportFormat, import_catalogue
from booking.services.closures import ClosureChanges, NewClosure
from booking.services.closures_import import import_closures
from booking.services.opening_hours import set_opening_hours
from tests.builders import NOW, a_booking, a_facility, a_resource
from tests.scenes import Scene, a_scene, at

NINE_TO_FIVE = WeeklyHours(0, time(9), time(17))


def events(session: Session, subject: Facility | Resource) -> list[EventKind]:
    rows = session.exec(select(Event).where(Event.subject_id == subject.id).order_by(col(Event.id)))
    return [EventKind(each.kind) for each in rows]


def a_new_facility(session: Session, **given: Any) -> Facility:
    values = {"slug": "optics", "name": "Optics", "country": "ke", "zone": "Africa/Nairobi"}
    return catalogue.create_facility(session, actor=SYSTEM, now=NOW, **values | given)


def edited(session: Session, scene: Scene, **changes: Any) -> Resource:
    return catalogue.edit_resource(
        session,
        actor=scene.by_manager,
        now=NOW,
        resource_id=scene.resource.id,
        changes=changes,
    )


def codes(error: pytest.ExceptionInfo[Any]) -> set[str]:
    return {each.code for each in error.value.violations}


def test_create_facility__good_fields__is_recorded(session: Session) -> None:
    row = a_new_facility(session)
    assert row.country == "KE"
    assert events(session, row) == [EventKind.FACILITY_CREATED]


def test_create_facility__several_faults__names_all(session: Session) -> None:
    with pytest.raises(Malformed) as error:
        a_new_facility(session, slug="No Slug", country="ZZ", zone="Mars/One", name=" ")
    pointers = {each.pointer for each in error.value.violations}
    assert pointers == {"/slug", "/country", "/zone", "/name"}


def test_create_facility__slug_taken__is_refused(session: Session) -> None:
    a_new_facility(session)
    with pytest.raises(RulesBroken) as error:
        a_new_facility(session)
    assert codes(error) == {"slug_taken"}


def test_edit_facility__same_values__records_nothing(session: Session) -> None:
    row = a_new_facility(session)
    for name in ("Optics", "Light"):
        catalogue.edit_facility(
            session, actor=SYSTEM, now=NOW, facility_id=row.id, changes={"name": name}
        )
    assert events(session, row) == [EventKind.FACILITY_CREATED, EventKind.FACILITY_CHANGED]


def test_create_resource__published__records_both_steps(session: Session) -> None:
    row = catalogue.create_resource(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=a_facility(session).id,
        name="Lathe",
        kind="tool",
        state=ResourceState.PUBLISHED,
        values={"capacity": 2, "minimum_minutes": 15, "maximum_minutes": 15},
    )
    assert (row.state, row.capacity) == (ResourceState.PUBLISHED, 2)
    assert set(events(session, row)) == {
        EventKind.RESOURCE_CREATED,
        EventKind.RESOURCE_PUBLISHED,
    }


def test_create_resource__retired__is_no_state_to_begin_with(session: Session) -> None:
    with pytest.raises(WrongState):
        catalogue.create_resource(
            session,
            actor=SYSTEM,
            now=NOW,
            facility_id=a_facility(session).id,
            name="Lathe",
            kind="tool",
            state=ResourceState.RETIRED,
        )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grid_minutes": 0}, "field_invalid"),
        ({"country": "ZZ"}, "country_unknown"),
        ({"minimum_minutes": 31, "maximum_minutes": 30}, "minimum_above_maximum"),
        ({"maximum_minutes": 14}, "maximum_below_grid"),
        (
            {"concurrent_per_project": 3, "concurrent_per_organisation": 2},
            "project_above_organisation",
        ),
        ({"concurrent_per_project": 0}, "field_invalid"),
        ({"no_show_grace_minutes": 1441}, "field_invalid"),
        ({"approval_days": 0}, "field_invalid"),
        ({"colour": "red"}, "field_unknown"),
        ({"web_address": "javascript:alert(1)"}, "field_invalid"),
    ],
)
def test_edit_resource__faulty_field__is_refused(
    session: Session, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Malformed) as error:
        edited(session, a_scene(session), **changes)
    assert codes(error) == {code}


def test_edit_resource__as_many_for_a_project_as_for_its_organisation__is_in_order(
    session: Session,
) -> None:
    scene = a_scene(session, concurrent_per_organisation=2)
    assert edited(session, scene, concurrent_per_project=2).concurrent_per_project == 2
    with pytest.raises(Malformed) as error:
        edited(session, scene, concurrent_per_organisation=1)
    assert codes(error) == {"project_above_organisation"}
    assert edited(session, scene, concurrent_per_project=None, approval_days=3).approval_days == 3


def test_edit_resource__capacity_at_and_below_what_is_booked__only_below_is_refused(
    session: Session,
) -> None:
    scene = a_scene(session, capacity=5)
    for _ in range(2):
        a_booking(session, scene.resource, scene.project, at(0), at(60), quantity=2)
    assert edited(session, scene, capacity=4).capacity == 4
    with pytest.raises(RulesBroken, match="2026-11-24 09:00 UTC") as error:
        edited(session, scene, capacity=3)
    assert codes(error) == {"capacity_below_bookings"}


def test_flush_guarded__capacity_lowered_past_the_check__is_a_refusal(session: Session) -> None:
    scene = a_scene(session, capacity=5)
    a_booking(session, scene.resource, scene.project, at(0), at(60), quantity=2)
    scene.resource.capacity = 1
    with session.no_autoflush, pytest.raises(RulesBroken):
        catalogue.flush_guarded(session)


def test_publish_and_retire__each_once__a_third_step_is_refused(session: Session) -> None:
    scene = a_scene(session, state=ResourceState.DRAFT)
    given: dict[str, Any] = {
        "actor": scene.by_manager,
        "now": NOW,
        "resource_id": scene.resource.id,
    }
    assert catalogue.publish_resource(session, **given).state is ResourceState.PUBLISHED
    assert catalogue.retire_resource(session, **given).state is ResourceState.RETIRED
    with pytest.raises(WrongState):
        catalogue.publish_resource(session, **given)
    with pytest.raises(WrongState):
        catalogue.move_resource(session, **given, state=ResourceState.DRAFT)


def test_set_opening_hours__twice__the_second_replaces(session: Session) -> None:
    scene = a_scene(session)
    for hours in ([NINE_TO_FIVE, WeeklyHours(1, time(9), time(17))], [NINE_TO_FIVE]):
        rows = set_opening_hours(
            session,
            actor=scene.by_manager,
            now=NOW,
            facility_id=scene.facility.id,
            hours=hours,
        )
        assert len(rows) == len(hours)


def test_set_opening_hours__resource_of_another_facility__is_not_found(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(NotFound):
        set_opening_hours(
            session,
            actor=scene.by_manager,
            now=NOW,
            facility_id=scene.facility.id,
            resource_id=a_resource(session).id,
            hours=[],
        )


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (timedelta(hours=2), timedelta(hours=2), "ends_before_start"),
        (timedelta(hours=2), timedelta(hours=1), "ends_before_start"),
        (timedelta(0), timedelta(days=366, minutes=1), "closure_too_long"),
        (timedelta(hours=-2), timedelta(0), "closure_past"),
    ],
)
def test_add_closure__impossible_time__is_refused(
    session: Session, start: timedelta, end: timedelta, code: str
) -> None:
    scene = a_scene(session)
    with pytest.raises(RulesBroken) as error:
        closures.add_closure(
            session,
            actor=scene.by_manager,
            now=NOW,
            facility_id=scene.facility.id,
            new=NewClosure(None, NOW + start, NOW + end),
        )
    assert codes(error) == {code}


@pytest.mark.parametrize(
    ("start", "end"),
    [(timedelta(0), timedelta(days=366)), (timedelta(hours=-2), timedelta(minutes=1))],
)
def test_add_closure__at_the_boundary__is_taken(
    session: Session, start: timedelta, end: timedelta
) -> None:
    scene = a_scene(session)
    row = closures.add_closure(
        session,
        actor=scene.by_manager,
        now=NOW,
        facility_id=scene.facility.id,
        new=NewClosure(scene.resource.id, NOW + start, NOW + end),
    ).closure
    closures.edit_closure(
        session,
        actor=scene.by_manager,
        now=NOW,
        closure_id=row.id,
        changes=ClosureChanges(reason="laser"),
    )
    closures.remove_closure(session, actor=scene.by_manager, now=NOW, closure_id=row.id)
    with pytest.raises(NotFound):
        closures.remove_closure(session, actor=scene.by_manager, now=NOW, closure_id=row.id)


def _closure(session: Session, scene: Scene, actor: Any) -> Any:
    return closures.add_closure(
        session,
        actor=actor,
        now=NOW,
        facility_id=scene.facility.id,
        new=NewClosure(None, at(0), at(60)),
    ).closure


Act = Callable[[Session, Scene, Any], Any]
ACTS: dict[str, Act] = {
    "create_facility": lambda session, _, actor: catalogue.create_facility(
        session, actor=actor, now=NOW, slug="x", name="X", country="KE", zone="UTC"
    ),
    "edit_facility": lambda session, scene, actor: catalogue.edit_facility(
        session, actor=actor, now=NOW, facility_id=scene.facility.id, changes={}
    ),
    "create_resource": lambda session, scene, actor: catalogue.create_resource(
        session, actor=actor, now=NOW, facility_id=scene.facility.id, name="X", kind="x"
    ),
    "edit_resource": lambda session, scene, actor: catalogue.edit_resource(
        session, actor=actor, now=NOW, resource_id=scene.resource.id, changes={}
    ),
    "publish_resource": lambda session, scene, actor: catalogue.publish_resource(
        session, actor=actor, now=NOW, resource_id=scene.resource.id
    ),
    "retire_resource": lambda session, scene, actor: catalogue.retire_resource(
        session, actor=actor, now=NOW, resource_id=scene.resource.id
    ),
    "set_opening_hours": lambda session, scene, actor: set_opening_hours(
        session, actor=actor, now=NOW, facility_id=scene.facility.id, hours=[]
    ),
    "add_closure": _closure,
    "edit_closure": lambda session, scene, actor: closures.edit_closure(
        session,
        actor=actor,
        now=NOW,
        closure_id=_closure(session, scene, SYSTEM).id,
        changes=ClosureChanges(),
    ),
    "remove_closure": lambda session, scene, actor: closures.remove_closure(
        session, actor=actor, now=NOW, closure_id=_closure(session, scene, SYSTEM).id
    ),
    "import_catalogue": lambda session, scene, actor: import_catalogue(
        session,
        actor=actor,
        now=NOW,
        facility_id=scene.facility.id,
        content=b"Name\nX\n",
        form=ImportFormat.UNIQUIP,
    ),
    "import_closures": lambda session, scene, actor: import_closures(
        session, actor=actor, now=NOW, facility_id=scene.facility.id, content=b"starts_at,ends_at\n"
    ),
    "export_catalogue": lambda session, scene, actor: export_catalogue(
        session,
        actor=actor,
        facility_id=scene.facility.id,
        form=ExportFormat.JSON,
        base_url="https://bench.example.org",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_every_service__member_or_nobody__is_refused(session: Session, act: str) -> None:
    scene = a_scene(session)
    with pytest.raises(NotPermitted):
        ACTS[act](session, scene, scene.by_member)
    with pytest.raises(NotSignedIn):
        ACTS[act](session, scene, ANONYMOUS)


def test_edit_facility__another_language__renews_the_texts_of_what_is_to_come(
    session: Session,
) -> None:
    scene = a_scene(session)
    over = a_booking(session, scene.resource, scene.project, NOW - timedelta(hours=1), NOW)
    coming = a_booking(session, scene.resource, scene.project, at(0), at(60))

    def spoken(locale: str) -> str:
        row = catalogue.edit_facility(
            session,
            actor=scene.by_manager,
            now=NOW,
            facility_id=scene.facility.id,
            changes={"locale": locale},
        )
        session.expire_all()
        return row.locale

    assert [spoken(each) for each in ("fr", "fr")] == ["fr", "fr"]
    assert (coming.revision, over.revision) == (1, 0)
    assert (coming.sequence, coming.updated_at) == (0, NOW)
    with pytest.raises(Malformed) as error:
        spoken("tlh")
    assert codes(error) == {"language_unknown"}
