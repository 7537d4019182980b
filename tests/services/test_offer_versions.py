"""Whatever changes what a facility offers raises its offer version."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import time

import pytest
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import OrganisationKind
from booking.models import Facility, Resource
from booking.services import catalogue, closures
from booking.services.catalogue_import import ImportFormat, import_catalogue
from booking.services.opening_hours import set_opening_hours
from tests.builders import NOW, a_closure, a_resource
from tests.policies import a_policy, a_policy_scene, hour, of_kind

Change = Callable[[Session, Resource], object]


def edit_capacity(session: Session, resource: Resource) -> None:
    catalogue.edit_resource(
        session, actor=SYSTEM, now=NOW, resource_id=resource.id, changes={"capacity": 4}
    )


def retire(session: Session, resource: Resource) -> None:
    catalogue.retire_resource(session, actor=SYSTEM, now=NOW, resource_id=resource.id)


def create(session: Session, resource: Resource) -> None:
    catalogue.create_resource(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=resource.facility_id,
        name="Another",
        kind=resource.kind,
        state=ResourceState.PUBLISHED,
    )


def change_zone(session: Session, resource: Resource) -> None:
    catalogue.edit_facility(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=resource.facility_id,
        changes={"zone": "Asia/Kathmandu"},
    )


def change_hours(session: Session, resource: Resource) -> None:
    set_opening_hours(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=resource.facility_id,
        hours=[WeeklyHours(0, time(8), time(18))],
    )


def close(session: Session, resource: Resource) -> None:
    closures.add_closure(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=resource.facility_id,
        new=closures.NewClosure(None, hour(0), hour(24)),
    )


def open_again(session: Session, resource: Resource) -> None:
    row = a_closure(session, resource.facility_id, hour(0), hour(24))
    closures.remove_closure(session, actor=SYSTEM, now=NOW, closure_id=row.id)


def import_one(session: Session, resource: Resource) -> None:
    rows = [{"name": "Imported", "kind": "microscope"}]
    content = json.dumps({"format": "benchshare-catalogue/1", "resources": rows}).encode()
    import_catalogue(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=resource.facility_id,
        content=content,
        form=ImportFormat.JSON,
    )


@pytest.mark.parametrize(
    "change",
    [
        edit_capacity,
        retire,
        create,
        change_zone,
        change_hours,
        close,
        open_again,
        import_one,
    ],
)
def test_change_of_the_offer__any__raises_its_version(session: Session, change: Change) -> None:
    resource = a_resource(session)
    facility = session.get_one(Facility, resource.facility_id)

    change(session, resource)

    session.refresh(facility)
    assert facility.offer_version >= 1


def test_book__closure_after_a_booking_was_decided__reckons_with_it(database: Database) -> None:
    with database.writing() as session:
        scene = a_policy_scene(session)
        scene.publish(session, a_policy(of_kind(OrganisationKind.STARTUP, 50)))
    with database.writing() as session:
        scene.book(session, scene.sme, 0, 60)
    with database.writing() as session:
        closures.add_closure(
            session,
            actor=SYSTEM,
            now=NOW,
            facility_id=scene.facility.id,
            new=closures.NewClosure(None, hour(120), hour(168)),
        )

    with database.writing() as session:
        assert scene.codes(session, scene.sme, 60, 1) == {"quota"}


def test_book__closure_that_was_undone__leaves_nothing_behind(database: Database) -> None:
    with database.writing() as session:
        scene = a_policy_scene(session)
        scene.publish(session, a_policy(of_kind(OrganisationKind.STARTUP, 50)))
    closing = closures.NewClosure(None, hour(120), hour(168))
    facility_id = scene.facility.id
    with suppress(ZeroDivisionError), database.writing() as session:
        closures.add_closure(session, actor=SYSTEM, now=NOW, facility_id=facility_id, new=closing)
        assert scene.codes(session, scene.sme, 0, 61) == {"quota"}
        raise ZeroDivisionError
    with database.writing() as session:
        # Another change, so that the version which was undone is reached again.
        edit_capacity(session, scene.resource)

    with database.writing() as session:
        scene.book(session, scene.sme, 0, 84, quantity=4)
