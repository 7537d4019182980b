"""What every command needs: settings, a database, an actor, and a way to answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlmodel import Session

    from booking.db import Database
    from booking.errors import NotFound

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
        if database.missing_file is not None:
            refuse(
                f"There is no database at {database.missing_file}. "
                "Look at BENCHSHARE_DATABASE_URL, or make it: benchshare migrate"
            )
        return current(database.engine)
    finally:
        database.dispose()


def no_such_facility(session: "Session", slug: str) -> "NotFound":
    """Make the refusal that names the facilities with a name like the one written."""
    from difflib import get_close_matches

    from booking.errors import NotFound
    from booking.queries.catalogue import facility_slugs

    near = get_close_matches(slug, facility_slugs(session))
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return NotFound(
        f"There is no facility {slug!r}.{meant} To add it: benchshare facility add {slug} "
        "--name NAME --country KE --zone Africa/Nairobi"
    )


def answer(thing: dict[str, Any], *, as_json: bool, words: str) -> None:
    """Print `thing` as one JSON object, or `words` for a person."""
    typer.echo(json.dumps(thing) if as_json else words)
