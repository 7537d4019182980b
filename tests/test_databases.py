"""The databases that tests run on are what the tests take them for."""

from contextlib import suppress
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import Session

from booking.db import Database
from booking.engine.vocabulary import OrganisationKind
from booking.guards import missing_guards
from booking.models import Organisation
from tests.databases import Databases, opened
from tests.postgres import Cluster

COUNT = text("SELECT count(*) FROM organisation")


def organisation(now: datetime) -> Organisation:
    return Organisation(name="Optics", country="NP", kind=OrganisationKind.SME, created_at=now)


def counted(session: Session) -> int:
    count: int = session.connection().execute(COUNT).scalar_one()
    return count


def test_session__committed__is_undone_for_the_next(
    databases: Databases, database_kind: str, now: datetime
) -> None:
    with databases.session(database_kind) as first:
        first.add(organisation(now))
        first.commit()
        assert counted(first) == 1

    with databases.session(database_kind) as second:
        assert counted(second) == 0


def test_session__failed__is_undone_for_the_next(
    databases: Databases, database_kind: str, now: datetime
) -> None:
    with suppress(ZeroDivisionError), databases.session(database_kind) as first:
        first.add(organisation(now))
        first.commit()
        raise ZeroDivisionError

    with databases.session(database_kind) as second:
        assert counted(second) == 0


def test_migrated__written_to__leaves_the_next_copy_empty(
    databases: Databases, database_kind: str, now: datetime
) -> None:
    with (
        databases.migrated(database_kind) as url,
        opened(url) as written,
        written.writing() as session,
    ):
        session.add(organisation(now))

    with databases.migrated(database_kind) as url, opened(url) as fresh, fresh.reading() as session:
        assert counted(session) == 0


def test_migrated__copied__keeps_the_guards(database: Database) -> None:
    with database.reading() as session:
        assert missing_guards(session) == ()


def test_database__opened__is_of_the_kind_asked_for(database: Database, database_kind: str) -> None:
    assert database.dialect == database_kind


@pytest.mark.only_on("postgresql")
def test_postgresql__owner__is_no_superuser(database: Database) -> None:
    with database.reading() as session:
        role = session.connection().execute(
            text("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = user")
        )
        assert tuple(role.one()) == (False, False, False)


@pytest.mark.only_on("postgresql")
@pytest.mark.usefixtures("database_kind")
def test_postgresql__wrong_password__is_refused(databases: Databases) -> None:
    stranger = Cluster(port=databases.cluster().port, password="guess")

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(stranger.url_of("postgres"))
