"""The manager's desk: what its forms do, refuse, and keep."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from booking.db import Database
from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState
from booking.models import Booking, Closure, Membership, OpeningHours, Resource
from tests.builders import a_booking, a_person
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import TOMORROW, Scene, a_scene


@pytest.fixture
def scene(database: Database) -> Scene:
    with database.writing() as session:
        return a_scene(session, mode=BookingMode.APPROVAL)


@pytest.fixture
def manager(visitor: Visitor, database: Database, scene: Scene) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, scene.manager))


def _desk(scene: Scene, end: str = "") -> str:
    return f"/manage/facilities/{scene.facility.slug}{end}"


def _resource(**given: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": "Furnace",
        "kind": "furnace",
        "capacity": 2,
        "unit_label": "chamber",
        "rate": "2.5",
        "grid_minutes": 15,
        "lead_minutes": 0,
        "horizon_days": 365,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "mode": "instant",
        "access_by": "physical",
        "do": "publish",
    }
    return fields | given


def test_desk__signed_out__leads_to_sign_in(visitor: Visitor) -> None:
    assert visitor.get("/manage").status_code == 303


def test_desk__nobody_of_a_facility__told_whom_to_ask(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    with database.writing() as session:
        visitor.signed_in(a_browser_of(session, scene.member))
    answer = visitor.get("/manage")
    assert (answer.status_code, "give you a role" in text_of(answer)) == (403, True)


def _pending(database: Database, scene: Scene) -> Booking:
    with database.writing() as session:
        return a_booking(
            session,
            scene.resource,
            scene.project,
            TOMORROW,
            TOMORROW + timedelta(hours=1),
            status=BookingStatus.PENDING,
        )


def _status(database: Database, booking: Booking) -> BookingStatus:
    with database.reading() as session:
        return session.get_one(Booking, booking.id).status


def test_approve__pending_booking__confirmed(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _pending(database, scene)
    page = text_of(manager.get("/manage"))
    for words in ("Approve", scene.facility.name, scene.member.name, "Answer by"):
        assert words in page
    assert manager.send(f"/manage/bookings/{booking.id}/approve").status_code == 303
    assert _status(database, booking) is BookingStatus.CONFIRMED


def test_cancel__of_somebody_else__names_whose_it_is(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _pending(database, scene)
    page = text_of(manager.get(f"/bookings/{booking.id}/cancel"))
    assert f"It is the booking of {scene.member.name}" in page


def test_reject__without_a_reason__asked_for_one(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _pending(database, scene)
    assert manager.send(f"/manage/bookings/{booking.id}/reject").status_code == 422
    assert _status(database, booking) is BookingStatus.PENDING


def test_reject__with_a_reason__rejected(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _pending(database, scene)
    path = f"/manage/bookings/{booking.id}/reject"
    assert manager.send(path, reason="The lamp is broken.").status_code == 303
    assert _status(database, booking) is BookingStatus.REJECTED


def test_add_resource__all_in_order__published(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    answer = manager.send(_desk(scene, "/resources/new"), **_resource())
    assert answer.status_code == 303, text_of(answer)
    with database.reading() as session:
        row = session.exec(select(Resource).where(Resource.name == "Furnace")).one()
    assert (row.state, row.rate_thousandths) == (ResourceState.PUBLISHED, 2500)


@pytest.mark.parametrize(
    ("name", "value"), [("capacity", "0"), ("rate", "a"), ("maximum_minutes", "5"), ("name", "")]
)
def test_add_resource__field_at_fault__told_there_and_kept(
    manager: Visitor, scene: Scene, name: str, value: str
) -> None:
    answer = manager.send(_desk(scene, "/resources/new"), **_resource(**{name: value}))
    assert answer.status_code in {409, 422}
    assert f'id="{name}-error"' in answer.text
    assert 'value="chamber"' in answer.text


def test_edit_resource__new_name__saved(manager: Visitor, database: Database, scene: Scene) -> None:
    path = _desk(scene, f"/resources/{scene.resource.id}")
    assert "X-ray diffractometer" in text_of(manager.get(path))
    assert manager.send(path, **_resource(do="save")).status_code == 303
    with database.reading() as session:
        assert session.get_one(Resource, scene.resource.id).name == "Furnace"


def test_retire_resource__published__retired(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    path = _desk(scene, f"/resources/{scene.resource.id}")
    assert manager.send(path, do="retire").status_code == 303
    assert manager.send(path, do="retire").status_code == 409
    with database.reading() as session:
        assert session.get_one(Resource, scene.resource.id).state is ResourceState.RETIRED


def test_hours__two_windows_on_monday__saved(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    fields = {"opens-0-0": "08:00", "closes-0-0": "12:00", "windows": 2}
    fields |= {"opens-0-1": "13:00", "closes-0-1": "18:00"}
    assert manager.send(_desk(scene, "/hours"), **fields).status_code == 303
    with database.reading() as session:
        assert len(session.exec(select(OpeningHours)).all()) == 2
    assert 'value="13:00"' in manager.get(_desk(scene, "/hours")).text


def test_hours__of_one_resource__saved_and_reached_from_its_form(
    manager: Visitor, scene: Scene, database: Database
) -> None:
    form = _desk(scene, f"/resources/{scene.resource.id}")
    assert f'href="{form}/hours"' in manager.get(form).text
    fields = {"opens-0-0": "10:00", "closes-0-0": "12:00", "windows": 2, "do": "save"}
    assert manager.send(f"{form}/hours", **fields).status_code == 303
    assert 'value="10:00"' in manager.get(f"{form}/hours").text
    assert 'value="10:00"' not in manager.get(_desk(scene, "/hours")).text
    manager.send(f"{form}/hours", windows=2, do="save")
    with database.reading() as session:
        own = select(OpeningHours).where(OpeningHours.resource_id == scene.resource.id)
        assert session.exec(own).all() == []


def test_hours__of_a_resource_elsewhere__not_found(manager: Visitor, scene: Scene) -> None:
    assert manager.get(_desk(scene, f"/resources/{UUID(int=1)}/hours")).status_code == 404


def test_hours__opening_without_closing__told_at_its_field(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    answer = manager.send(_desk(scene, "/hours"), **{"opens-0-0": "08:00", "windows": 2})
    assert (answer.status_code, 'id="closes-0-0-error"' in answer.text) == (422, True)
    with database.reading() as session:
        assert not session.exec(select(OpeningHours)).all()


def test_closure__entered_and_taken_away__gone(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    path = _desk(scene, "/closures")
    fields = {"starts_at": "2026-12-01T09:00", "ends_at": "2026-12-01T12:00", "kind": "outage"}
    assert manager.send(path, **fields).status_code == 303
    with database.reading() as session:
        row = session.exec(select(Closure)).one()
    assert f"{row.starts_at:%H:%M}" == "06:00"
    assert manager.send(f"{path}/{row.id}/remove").status_code == 303
    with database.reading() as session:
        assert not session.exec(select(Closure)).all()


def test_closure__that_ends_before_it_starts__refused_and_kept(
    manager: Visitor, scene: Scene
) -> None:
    fields = {"starts_at": "2026-12-01T12:00", "ends_at": "2026-12-01T09:00", "kind": "outage"}
    answer = manager.send(_desk(scene, "/closures"), **fields)
    assert answer.status_code == 409
    assert 'value="2026-12-01T12:00"' in answer.text


def test_import__tried_out__reports_rows_and_writes_nothing(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    own = manager.get(_desk(scene, "/export/json"))
    assert own.status_code == 200
    token = manager.get(_desk(scene, "/import")).text.split('name="csrf" value="')[1].split('"')[0]
    answer = manager.client.post(
        _desk(scene, "/import"),
        data={"csrf": token, "form": "json", "do": "try"},
        files={"file": ("own.json", own.content)},
    )
    assert answer.status_code == 200, text_of(answer)
    assert "Nothing was written" in text_of(answer)
    with database.reading() as session:
        assert len(session.exec(select(Resource)).all()) == 1


def test_import__no_file__told(manager: Visitor, scene: Scene) -> None:
    answer = manager.send(_desk(scene, "/import"), form="json", do="import")
    assert (answer.status_code, "Choose a file" in text_of(answer)) == (422, True)


def test_terms__published__next_version_offered(manager: Visitor, scene: Scene) -> None:
    assert manager.send(_desk(scene, "/terms"), text="Cite us.").status_code == 303
    assert "Publish version 2" in text_of(manager.get(_desk(scene, "/terms")))
    assert manager.send(_desk(scene, "/terms"), text="").status_code == 422


def test_details__unknown_zone__told_at_its_field(manager: Visitor, scene: Scene) -> None:
    fields = {"name": "Lab", "country": "KE", "zone": "Nairobi"}
    answer = manager.send(_desk(scene, "/details"), **fields)
    assert (answer.status_code, 'id="zone-error"' in answer.text) == (422, True)


def test_staff__role_given_and_taken__as_before(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    with database.writing() as session:
        email = a_person(session).email
    assert manager.send(_desk(scene, "/staff"), email=email, role="reviewer").status_code == 303
    with database.reading() as session:
        row = session.exec(select(Membership).where(Membership.role == "reviewer")).one()
    assert manager.send(_desk(scene, f"/staff/{row.id}/remove")).status_code == 303


def test_staff__unknown_address__told(manager: Visitor, scene: Scene) -> None:
    answer = manager.send(_desk(scene, "/staff"), email="nobody@example.org", role="reviewer")
    assert answer.status_code == 404
    assert 'value="nobody@example.org"' in answer.text


def test_report__no_round_published__says_what_to_do(visitor: Visitor) -> None:
    assert "has been published" in text_of(visitor.get("/reports/equity"))


def test_report__period_upside_down__told_at_its_field(visitor: Visitor) -> None:
    answer = visitor.get("/reports/equity?from=2027-01-02&to=2027-01-02")
    assert (answer.status_code, 'id="to-error"' in answer.text) == (422, True)
