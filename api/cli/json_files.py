"""JSON files as a command reads and writes them: named by their faults, written whole."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import typer

from booking.engine.json_text import KeysRepeatedError, parsed

DEEPEST: Final = 3
"""Objects within so many others are written on one line."""


def existing_file(path: Path) -> Path:
    """Return the path of a file that is there.

    Raises: BadParameter, which is wrong use, with the mend.
    """
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; name a file in it.")
    if not path.exists():
        raise typer.BadParameter(f"There is no file {path}; check its name and folder.")
    return path


def read_json(path: Path) -> Any:
    """Read a JSON file, or exit with 1 and what is wrong with it, by line or by path."""
    try:
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            typer.echo(f"{path}: is empty; name a file that holds something.", err=True)
            raise typer.Exit(1)
        return parsed(text)
    except UnicodeDecodeError as error:
        typer.echo(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8.", err=True)
    except OSError as error:
        typer.echo(
            f"{path}: cannot be read ({error.strerror}); check its name and rights.", err=True
        )
    except KeysRepeatedError as error:
        typer.echo(str(error), err=True)
    except json.JSONDecodeError as error:
        typer.echo(
            f"{path}: is no JSON at line {error.lineno}, column {error.colno} ({error.msg});"
            " mend it there.",
            err=True,
        )
    except (ValueError, RecursionError):
        typer.echo(
            f"{path}: holds a number too long or lists too deep to read; shorten them.", err=True
        )
    raise typer.Exit(1)


def check_writable(path: Path) -> None:
    """Return if `write_whole` can write there, which changes nothing; or exit with 2."""
    beside = _beside(path)
    try:
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        _say_unwritable(path, error)
        raise typer.Exit(2) from error


def write_whole(path: Path, thing: dict[str, Any]) -> None:
    """Write the file whole or not at all: beside it first, then in its place."""
    beside = _beside(path)
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(in_lines(thing))
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        _say_unwritable(path, error)
        raise typer.Exit(1) from error


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _say_unwritable(path: Path, error: OSError) -> None:
    typer.echo(f"{path}: cannot be written ({error.strerror}); choose another.", err=True)


def in_lines(thing: object) -> Iterator[str]:
    """Write JSON with each key, and each part of a list, on a line; never all text at once."""
    yield from _nested(thing, "\n")
    yield "\n"


def _nested(thing: object, line: str) -> Iterator[str]:
    inner = line + " "
    if isinstance(thing, list) and thing:
        between = "["
        for one in thing:
            yield f"{between}{inner}{json.dumps(one)}"
            between = ","
        yield f"{line}]"
    elif isinstance(thing, dict) and thing and len(line) <= DEEPEST:
        between = "{"
        for key, value in thing.items():
            yield f"{between}{inner}{json.dumps(key)}: "
            yield from _nested(value, inner)
            between = ","
        yield f"{line}}}"
    else:
        yield json.dumps(thing)
