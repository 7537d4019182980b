"""The database that the figures of bookings are taken on, and a million bookings besides."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid4

import psycopg
from sqlmodel import Session

from booking.clock import utc_now
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import BookingSource, OrganisationKind
from booking.models import Booking, Project, Resource, TermsAcceptance, TermsVersion
from booking.queries.people import person
from migrations import upgrade
from tests.builders import (
    a_facility,
    a_resource,
    a_token,
    added,
    opening_hours,
)
from tests.policies import a_policy, a_policy_scene, of_kind
from tests.postgres import SUPERUSER, Cluster
from tests.scenes import a_scene

MONTH: Final = 100
RESOURCES: Final = 20
OF_EACH: Final = 112  # 2,240 in all
PLACES, EACH_HAS = 25, 20  # 500 resources to search for slots
MILLION: Final = 1_000_000
OTHERS: Final = 400  # resources that share the million
# Only here guards and keys are not looked at, for the time of filling.
FILL: Final = """
    INSERT INTO booking (id, uid, resource_id, project_id, person_id, starts_at, ends_at,
        quantity, exclusive, status, source, title, reason, sequence, revision, group_key,
        groups, waiver, created_at, updated_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
        'filled-' || lpad(number::text, 8, '0'), resource, %(project)s, %(person)s, start,
        start + interval '2 hours', 1, true, 'completed', 'instant', '', '', 0, 0, '', '[]', '',
        start, start
    FROM (
        SELECT resource, (place - 1) * %(each)s + step AS number,
            %(until)s - (%(each)s - step) * interval '3 hours' AS start
        FROM unnest(%(resources)s::uuid[]) WITH ORDINALITY AS each (resource, place),
            generate_series(1, %(each)s) AS step
        ORDER BY resource, step) AS filled"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the figures are taken: who works, on what, and from when on."""

    token: str
    project_id: UUID
    person_id: UUID
    empty: UUID
    full: UUID
    governed: UUID
    governed_project: UUID
    governed_token: str
    facility: str
    first: datetime
    others: tuple[UUID, ...]


def set_stage(url: str) -> Stage:
    """Fill a new database with all that is measured."""
    upgrade(url)
    tomorrow = datetime.combine(utc_now().date() + timedelta(days=1), time(), UTC)
    database = Database(url)
    with database.writing() as session:
        scene, other = a_scene(session), a_scene(session)
        _fill(session, other.resource, scene.project, tomorrow, MONTH, hours=7)
        place = a_facility(session)
        for _ in range(RESOURCES):
            one = a_resource(session, place.id)
            _fill(session, one, scene.project, tomorrow, OF_EACH, hours=6)
        governed = _governed(session)
        stage = Stage(
            token=a_token(session, scene.member),
            project_id=scene.project.id,
            person_id=scene.member.id,
            empty=scene.resource.id,
            full=other.resource.id,
            governed=governed[0].id,
            governed_project=governed[1].id,
            governed_token=governed[2],
            facility=place.slug,
            first=tomorrow,
            others=_others(session, scene.project, tomorrow),
        )
    database.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare_booking (LIKE booking INCLUDING INDEXES)")
        connection.execute("ANALYZE")
    return stage


def add_a_million(cluster: Cluster, name: str, stage: Stage) -> None:
    """Add a million bookings that are over, some of them of each resource that is measured."""
    resources = [stage.empty, stage.full, stage.governed, *stage.others]
    values = {
        "project": stage.project_id,
        "person": stage.person_id,
        "until": stage.first - timedelta(days=1),
        "each": MILLION // OTHERS,
        "resources": sorted(resources[:OTHERS]),
    }
    where = f"host=127.0.0.1 port={cluster.port} dbname={name} user={SUPERUSER}"
    with psycopg.connect(where, password=cluster.password, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(FILL, values)
        connection.execute("ANALYZE booking")


def _fill(
    session: Session, resource: Resource, project: Project, first: datetime, count: int, hours: int
) -> None:
    starts = (first + timedelta(hours=hours * number) for number in range(count))
    session.add_all(
        Booking(
            uid=f"{uuid4()}@benchshare.example",
            resource_id=resource.id,
            project_id=project.id,
            person_id=project.principal_investigator_id,
            starts_at=start,
            ends_at=start + timedelta(hours=2),
            status=BookingStatus.CONFIRMED,
            source=BookingSource.INSTANT,
            created_at=first,
            updated_at=first,
        )
        for start in starts
    )


def _governed(session: Session) -> tuple[Resource, Project, str]:
    """Make a resource under a policy with groups, quota, cap and terms, and a project there."""
    scene = a_policy_scene(session)
    groups = [of_kind(each, 20, each) for each in (OrganisationKind.STARTUP, OrganisationKind.SME)]
    scene.publish(session, a_policy(*groups, cap_share_ppm=900_000))
    terms = added(
        session,
        TermsVersion(
            facility_id=scene.facility.id, number=1, text="Be careful.", published_at=utc_now()
        ),
    )
    head = scene.sme.principal_investigator_id
    added(
        session,
        TermsAcceptance(
            terms_version_id=terms.id,
            project_id=scene.sme.id,
            person_id=head,
            accepted_at=utc_now(),
        ),
    )
    somebody = person(session, head)
    if somebody is None:
        raise RuntimeError("The project has nobody at its head.")
    return scene.resource, scene.sme, a_token(session, somebody)


def _others(session: Session, project: Project, first: datetime) -> tuple[UUID, ...]:
    """Make 500 resources that are open by day and booked now and then."""
    made = []
    for _ in range(PLACES):
        place = a_facility(session)
        opening_hours(session, place.id, time(8), time(18), weekdays=range(5))
        for _ in range(EACH_HAS):
            one = a_resource(session, place.id, kind="furnace")
            _fill(session, one, project, first, 5, hours=50)
            made.append(one.id)
    return tuple(made)
