"""What the command line says of itself."""

import re
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from api.__main__ import app


def every_command() -> dict[str, Any]:
    """Give each command by its words, groups included."""
    found: dict[str, Any] = {}
    left: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while left:
        words, command = left.pop()
        found[words] = command
        context = typer.Context(command)
        if hasattr(command, "list_commands"):
            names = command.list_commands(context)
            left += [
                (f"{words} {name}".strip(), command.get_command(context, name)) for name in names
            ]
    return found


COMMANDS = every_command()


def test_every_command__as_found__is_more_than_the_groups() -> None:
    assert {"", "allocate", "round", "round verify", "token create"} <= set(COMMANDS)


@pytest.mark.parametrize("words", list(COMMANDS))
def test_help__of_every_command__shows_no_types_of_options_and_explains_each(words: str) -> None:
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*words.split(), "--help"])
    assert done.exit_code == 0, done.output
    rows = [line.strip("│* ") for line in done.output.splitlines()]
    options = [row for row in rows if row.startswith("--")]
    assert re.fullmatch("--help +Show this message and exit. *", options[-1])
    assert not [row for row in options if re.search("<[a-z]", row)]
    assert not [each.name for each in COMMANDS[words].params if not each.help]


@pytest.mark.parametrize("words", list(COMMANDS))
def test_help__of_every_command__fills_its_lines(words: str) -> None:
    narrow = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*words.split(), "--help"]).output
    prose = narrow.partition("Usage:")[2].partition("╭")[0]
    for part in re.split(r"\n\s*\n", prose)[1:]:
        lines = [line.strip() for line in part.strip().splitlines()]
        for line, after in pairwise(lines):
            assert len(f"{line} {after.split()[0]}") > 72, part


def test_version__as_installed__is_said() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"benchshare {version('benchshare')}\n")


def test_allocate_help__what_is_refused_and_what_is_only_named__are_told_apart() -> None:
    words = " ".join(CliRunner().invoke(app, ["allocate", "--help"]).output.split())
    assert "then nothing is run, and the exit code is 1" in words
    assert "and the rest is run: starts outside" in words
    assert "Ctrl-C or SIGTERM ends it early" in words
