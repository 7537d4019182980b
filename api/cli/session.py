"""What every command needs: settings, a database, an actor, and a way to answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from booking.db import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, on the last line.")]


@contextmanager
def open_database() -> Iterator["Database"]:
    """Open the installation's database, and close it afterwards; it must be at head."""
    from booking.config import Settings
    from booking.db import Database

    url = Settings().database_url
    require_migrated(url)
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def require_migrated(url: str) -> None:
    """Exit with 1, and say why, unless the database can be reached and is at head."""
    from sqlalchemy.exc import DBAPIError

    from migrations import head

    try:
        found = _revision(url)
    except DBAPIError as error:
        refuse(f"The database cannot be reached; look at BENCHSHARE_DATABASE_URL. {error.orig}")
    else:
        if found != head():
            refuse(
                f"The database is at revision {found or 'none'}, not at {head()}. "
                "Run: benchshare migrate"
            )


def refuse(why: str) -> None:
    """Print `why` for a person, and exit with 1."""
    typer.echo(why, err=True)
    raise typer.Exit(1)


def _revision(url: str) -> str | None:
    """Return the revision a database is at; None before the first."""
    from booking.db import Database
    from migrations import current

    database = Database(url)
    try:
        return None if _would_be_created(database) else current(database.engine)
    finally:
        database.dispose()


def _would_be_created(database: "Database") -> bool:
    """Say whether connecting would leave an empty SQLite file where there was none."""
    name = database.engine.url.database
    if database.dialect != "sqlite" or not name:
        return False
    path = Path(name)
    return path.parent.is_dir() and not path.exists()


def answer(thing: dict[str, Any], *, as_json: bool, words: str) -> None:
    """Print `thing` as one JSON object, or `words` for a person."""
    typer.echo(json.dumps(thing) if as_json else words)
