"""What every command needs: settings, a database, an actor, and a way to answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from booking.db import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, on the last line.")]


@contextmanager
def open_database() -> Iterator["Database"]:
    """Open the installation's database, and close it afterwards."""
    from booking.config import Settings
    from booking.db import Database

    database = Database(Settings().database_url)
    try:
        yield database
    finally:
        database.dispose()


def answer(thing: dict[str, Any], *, as_json: bool, words: str) -> None:
    """Print `thing` as one JSON object, or `words` for a person."""
    typer.echo(json.dumps(thing) if as_json else words)
