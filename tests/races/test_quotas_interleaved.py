"""Two contest the last hours of a quota, or of a cap: the rival waits, and is told why not."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import OrganisationKind
from booking.errors import RulesBroken
from booking.models import Project
from booking.services.bookings import NewBooking, book_batch
from tests.builders import NOW, a_person, a_project, a_resource
from tests.policies import DOMAIN, PolicyScene, a_policy, a_policy_scene, hour, of_kind

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20
Deed = Callable[[Session], object]
CHARGED = "SELECT SUM(credit_thousandths) FROM ledgerentry"


def undecided_then_rival(database: Database, first: Deed, rival: Deed) -> Future[None]:
    """Do `first`, let `rival` try and wait, and commit the first; return the rival's fate."""

    def attempt() -> None:
        with database.writing() as session:
            rival(session)

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first(session)
            fate = pool.submit(attempt)
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        wait([fate], timeout=PATIENCE_SECONDS)
    return fate


def refusal_codes(fate: Future[None]) -> list[str]:
    error = fate.exception()
    assert isinstance(error, RulesBroken)
    return [each.code for each in error.violations]


def test_book__last_hours_of_a_quota_undecided__waits_and_is_refused(database: Database) -> None:
    with database.writing() as session:
        scene = a_policy_scene(session, capacity=4)
        scene.publish(session, a_policy(of_kind(OrganisationKind.STARTUP, 50)))
        scene.book(session, scene.sme, 0, 160, quantity=2)  # 320 of the 336 that are open

    fate = undecided_then_rival(
        database,
        lambda session: scene.book(session, scene.sme, 0, 16),
        lambda session: scene.book(session, scene.sme, 20, 1),
    )

    assert refusal_codes(fate) == ["quota"]
    assert credits_charged(database) == 336_000


def a_capped_scene(session: Session) -> tuple[PolicyScene, UUID]:
    """Make two resources with 336 hours a week, of which an organisation may have 42."""
    scene = a_policy_scene(session)
    other = a_resource(session, scene.facility.id)
    scene.publish(session, a_policy(cap_share_ppm=125_000))
    return scene, other.id


def test_book__cap_over_two_resources_undecided__waits_and_is_refused(database: Database) -> None:
    with database.writing() as session:
        scene, other_id = a_capped_scene(session)

    fate = undecided_then_rival(
        database,
        lambda session: scene.book(session, scene.sme, 0, 30),
        lambda session: scene.book(session, scene.sme, 0, 30, resource_id=other_id),
    )

    assert refusal_codes(fate) == ["cap_reached"]


def test_book__cap_over_two_projects_undecided__waits_and_is_refused(database: Database) -> None:
    with database.writing() as session:
        scene, other_id = a_capped_scene(session)
        organisation_id = scene.sme.organisation_id
        sister = a_project(session, a_person(session), organisation_id=organisation_id)

    fate = undecided_then_rival(
        database,
        lambda session: scene.book(session, scene.sme, 0, 30),
        lambda session: scene.book(session, sister, 0, 30, resource_id=other_id),
    )

    assert refusal_codes(fate) == ["cap_reached"]


@pytest.mark.only_on("postgresql")
def test_book__another_organisation_undecided__does_not_wait(database: Database) -> None:
    with database.writing() as session:
        scene, other_id = a_capped_scene(session)

    with database.writing() as first:
        scene.book(first, scene.sme, 0, 30)
        with database.writing() as rival:
            refuse_to_wait(rival)
            scene.book(rival, scene.startup, 0, 30, resource_id=other_id)

    assert credits_charged(database) == 60_000


@pytest.mark.only_on("postgresql")
def test_book__facility_without_a_cap_undecided__does_not_wait(database: Database) -> None:
    with database.writing() as session:
        scene = a_policy_scene(session)
        other_id = a_resource(session, scene.facility.id).id
        scene.publish(session, a_policy(of_kind(OrganisationKind.STARTUP, 50)))

    with database.writing() as first:
        scene.book(first, scene.sme, 0, 30)
        with database.writing() as rival:
            refuse_to_wait(rival)
            scene.book(rival, scene.sme, 0, 30, resource_id=other_id)

    assert credits_charged(database) == 60_000


def refuse_to_wait(session: Session) -> None:
    """Let waiting for a lock be an error, where it would go on for ever."""
    session.connection().execute(text(f"SET LOCAL lock_timeout = '{MOMENT_SECONDS}s'"))


def credits_charged(database: Database) -> int:
    """Sum up what all bookings are charged, in thousandths."""
    with database.reading() as session:
        return int(session.connection().execute(text(CHARGED)).scalar_one())


@pytest.mark.only_on("postgresql")
def test_book_batch__two_organisations_in_opposite_order__wait_and_do_not_lock_up(
    database: Database,
) -> None:
    with database.writing() as session:
        scene, other_id = a_capped_scene(session)
    both = [scene.startup, scene.sme]

    def books(session: Session, projects: list[Project], resource_id: UUID) -> None:
        every = [
            NewBooking(resource_id, each.id, hour(10 * number), hour(10 * number + 1))
            for number, each in enumerate(projects)
        ]
        book_batch(session, actor=SYSTEM, now=NOW, domain=DOMAIN, every=every)

    fate = undecided_then_rival(
        database,
        lambda session: books(session, both, scene.resource.id),
        lambda session: books(session, both[::-1], other_id),
    )

    assert fate.exception() is None
