"""The history leads from an empty database to the tables in the code, and back."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from booking.db import Database
from booking.guards import guard_drops, missing_guards
from migrations import config_for, downgrade, upgrade
from tests.databases import opened


def revisions() -> list[str]:
    """Every revision, oldest first."""
    script = ScriptDirectory.from_config(config_for("sqlite://"))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def missing_at(url: str) -> tuple[str, ...]:
    with opened(url) as database, database.reading() as session:
        return missing_guards(session)


def tables_at(url: str) -> set[str]:
    with opened(url) as database:
        return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_upgrade__from_empty__puts_up_every_guard(empty_url: str) -> None:
    upgrade(empty_url)

    assert missing_at(empty_url) == ()


def test_upgrade__at_head__changes_nothing(database_url: str) -> None:
    before = tables_at(database_url)

    upgrade(database_url)

    assert tables_at(database_url) == before
    assert missing_at(database_url) == ()


def test_upgrade__at_head__leaves_tables_as_the_code_has_them(database_url: str) -> None:
    command.check(config_for(database_url))


def test_downgrade__by_one_and_up_again__puts_guards_back(database_url: str) -> None:
    before = tables_at(database_url)

    downgrade(database_url, "-1")
    upgrade(database_url)

    assert tables_at(database_url) == before
    assert missing_at(database_url) == ()


def test_downgrade__at_each_revision_but_the_first__keeps_the_guards(database_url: str) -> None:
    for revision in revisions()[-2::-1]:
        downgrade(database_url, revision)

        assert missing_at(database_url) == (), revision


def test_downgrade__to_the_beginning__leaves_no_table(database_url: str) -> None:
    downgrade(database_url, "base")

    assert tables_at(database_url) == set()


def test_revisions__in_their_order__have_one_head() -> None:
    script = ScriptDirectory.from_config(config_for("sqlite://"))

    assert len(script.get_heads()) == 1


def test_missing_guards__taken_down__are_named(database: Database) -> None:
    with database.writing() as session:
        for statement in guard_drops(database.dialect):
            session.connection().exec_driver_sql(statement)

    with database.reading() as session:
        missing = missing_guards(session)

    assert "capacity_keeps_bookings" in missing
    assert any(name.startswith("booking_fits") for name in missing)
