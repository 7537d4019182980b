"""What `benchshare doctor` notices."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.checks import examine
from api.jobs import Leadership
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.guards import guard_drops

KEY = "0123456789" * 4


def settings_for(url: str, folder: Path, *, secret_key: str = KEY, mail: str = "") -> Settings:
    return Settings(
        _env_file=None, database_url=url, secret_key=secret_key, mail=mail or f"file:{folder}"
    )


def wrong(settings: Settings, *, late: timedelta = timedelta()) -> list[str]:
    return [each.name for each in examine(settings, now=utc_now() + late) if not each.ok]


def test_examine__healthy_installation__finds_nothing(database: Database, tmp_path: Path) -> None:
    leader = Leadership(database)
    leader.seek()
    assert wrong(settings_for(database.url, tmp_path)) == []
    leader.release()


@pytest.mark.only_on("postgresql")
def test_examine__nobody_runs_the_jobs__says_so(database: Database, tmp_path: Path) -> None:
    assert wrong(settings_for(database.url, tmp_path)) == ["jobs"]


def test_examine__short_key_and_unknown_mail__are_named(database: Database, tmp_path: Path) -> None:
    found = wrong(settings_for(database.url, tmp_path, secret_key="short", mail="pigeon:1"))
    assert found[:2] == ["secret key", "mail"]


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("inbox", ["pop3:here", "maildir:/nowhere", "imap://u:p@127.0.0.1:1/INBOX"])
def test_examine__mailbox_that_cannot_be_read__is_named(
    database: Database, tmp_path: Path, inbox: str
) -> None:
    settings = settings_for(database.url, tmp_path).model_copy(update={"inbox": inbox})
    (found,) = [each for each in examine(settings, now=utc_now()) if not each.ok]
    assert found.name == "inbox"
    assert "BENCHSHARE_INBOX" in found.words


@pytest.mark.only_on("sqlite")
def test_examine__guards_taken_down_and_clock_off__are_named(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        for statement in guard_drops(database.dialect):
            session.connection().execute(text(statement))
    found = wrong(settings_for(database.url, tmp_path), late=timedelta(minutes=5))
    assert found == ["guards", "clock"]


def test_examine__database_without_tables__names_migrate(empty_url: str, tmp_path: Path) -> None:
    (check,) = [
        each for each in examine(settings_for(empty_url, tmp_path), now=utc_now()) if not each.ok
    ]
    assert "benchshare migrate" in check.words


def test_examine__no_database_there__names_the_setting(tmp_path: Path) -> None:
    nowhere = settings_for("postgresql://nobody:x@127.0.0.1:1/none", tmp_path)
    (check,) = [each for each in examine(nowhere, now=utc_now()) if not each.ok]
    assert "BENCHSHARE_DATABASE_URL" in check.words
