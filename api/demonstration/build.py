"""Build the whole demonstration in an empty folder: database, round, mails, summary."""

import itertools
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlmodel import Session

from api import round_run
from api.cli.json_files import write_whole
from api.demonstration import calendars, calls, catalogue, people
from api.demonstration.people import ENTERED_AT, Cast
from booking.clock import ids_from
from booking.config import Settings
from booking.db import Database
from booking.engine.permissions import SYSTEM, Role
from booking.queries import catalogue as found
from booking.queries.requests import submitted_requests
from booking.queries.rounds import find_round
from booking.queries.tallies import Tallies, tallies
from booking.services.people import grant_role
from booking.services.sign_in import make_link
from migrations import upgrade
from notifications.dispatch import drain

SITES: Final = (
    "osg-university-of-oklahoma",
    "osg-university-of-michigan",
    "osg-purdue-university-west-lafayette",
)
INVITE: Final = b"Content-Type: text/calendar"
LINKS_LAST: Final = timedelta(days=7)
VERSION_7: Final = 0x7 << 76
VARIANT: Final = 0x2 << 62
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was built; `links` are (who, address) of the people of the tour.

    `mails` are those with an invite, `letters` those without: decisions on requests.
    """

    tallies: Tallies
    certificate: round_run.Certificate
    mails: int
    letters: int
    links: tuple[tuple[str, str], ...]


def settings_for(folder: Path, *, port: int) -> Settings:
    """Return settings that keep everything in `folder`."""
    return Settings(
        database_url=f"sqlite:///{folder / 'benchshare.db'}",
        base_url=f"http://127.0.0.1:{port}",
        secret_key=secrets.token_urlsafe(32),
        mail=f"file:{folder / 'mail'}",
        mail_from="",
    )


def build(folder: Path, settings: Settings, *, now: datetime, say: Say) -> Summary:
    """Build the demonstration; the same UTC day gives the same ids, timetable and certificate.

    `now` is the real time; the story's own day is that day at midnight UTC. `say` is told
    each step.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        with ids_from(_numbered(today)):
            cast, certificate = _story(folder, database, settings, today=today, say=say)
        say("Writing the mails")
        drain(database, settings, lambda: now)
        invites, letters = _sort_mails(folder)
        with database.writing() as session:
            links = _links(session, cast, settings, now=now)
        with database.reading() as session:
            counted = tallies(session)
        return Summary(counted, certificate, invites, letters, links)
    finally:
        database.dispose()


def _sort_mails(folder: Path) -> tuple[int, int]:
    """Leave the invites in `mail`, move letters into `letters`, and count both."""
    (folder / "letters").mkdir()
    invites = letters = 0
    for path in sorted((folder / "mail").glob("*.eml")):
        if INVITE in path.read_bytes():
            invites += 1
        else:
            path.rename(folder / "letters" / path.name)
            letters += 1
    return invites, letters


def _numbered(today: datetime) -> Callable[[], UUID]:
    """Return a source of UUIDv7 that all carry midnight of the day, numbered from 1."""
    stem = (int(today.timestamp() * 1000) << 80) | VERSION_7 | VARIANT
    numbers: Iterator[int] = itertools.count(1)
    return lambda: UUID(int=stem | next(numbers))


def _story(
    folder: Path, database: Database, settings: Settings, *, today: datetime, say: Say
) -> tuple[Cast, round_run.Certificate]:
    when = calls.calendar_of(today)
    say("Entering organisations and people")
    with database.writing() as session:
        cast = people.enter_everybody(session)
    say("Importing the catalogue")
    with database.writing() as session:
        laboratories = catalogue.add_instruments(session, now=ENTERED_AT)
        catalogue.add_osg(session, now=ENTERED_AT)
        _staff(session, cast, laboratories)
        clusters = _clusters(session)
        instruments = [row.id for each in laboratories for row in found.resources_of(session, each)]
        slugs = [_slug(session, each) for each in laboratories]
    say("Filling calendars")
    with database.writing() as session:
        calendars.fill_calendars(
            session,
            resource_ids=instruments,
            teams=cast.teams,
            now=today,
            domain=settings.host,
        )
    say("Holding the call")
    with database.writing() as session:
        calls.open_call(session, facilities=[*slugs, *SITES], when=when)
        calls.submit_requests(session, resource_ids=[*instruments, *clusters], cast=cast, when=when)
        request_ids = _submitted(session)
        calls.review_requests(session, request_ids=request_ids, cast=cast, when=when)
    say(f"Allocating {len(request_ids)} requests")
    certificate = round_run.allocate_round(database, actor=SYSTEM, now=today, key=calls.SLUG)
    say("Publishing")
    round_run.publish_round(database, actor=SYSTEM, now=today, settings=settings, key=calls.SLUG)
    write_whole(folder / "bundle.json", round_run.bundle_of(database, actor=SYSTEM, key=calls.SLUG))
    return cast, certificate


def _staff(session: Session, cast: Cast, laboratories: Sequence[UUID]) -> None:
    """Let the sample manager run the sample facilities, and the reviewer score there."""
    for facility_id in laboratories:
        for person_id, role in ((cast.manager_id, Role.MANAGER), (cast.reviewer_id, Role.REVIEWER)):
            grant_role(
                session,
                actor=SYSTEM,
                now=ENTERED_AT,
                person_id=person_id,
                role=role,
                facility_id=facility_id,
            )


def _clusters(session: Session) -> list[UUID]:
    sites = [found.facility_by_slug(session, slug) for slug in SITES]
    return [
        cluster_id
        for site in sites
        if site is not None
        for cluster_id in catalogue.give_nodes(session, site.id, now=ENTERED_AT)
    ]


def _slug(session: Session, facility_id: UUID) -> str:
    place = found.facility(session, facility_id)
    if place is None:
        raise ValueError(f"The facility {facility_id} was just added and is not there.")
    return place.slug


def _submitted(session: Session) -> list[UUID]:
    return [each.id for each in submitted_requests(session, find_round(session, calls.SLUG).id)]


def _links(
    session: Session, cast: Cast, settings: Settings, *, now: datetime
) -> tuple[tuple[str, str], ...]:
    tour = (
        ("manager", cast.manager_id),
        ("SME", cast.sme.person_id),
        ("researcher", cast.researcher.person_id),
    )
    return tuple(
        (who, f"{settings.base_url}/sign-in/{_token(session, person_id, settings, now=now)}")
        for who, person_id in tour
    )


def _token(session: Session, person_id: UUID, settings: Settings, *, now: datetime) -> str:
    return make_link(
        session,
        person_id=person_id,
        now=now,
        secret_key=settings.secret_key,
        valid_for=LINKS_LAST,
    )
