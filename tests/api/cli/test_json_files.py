"""JSON files on the command line: each fault is named with its mend, before any work."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.__main__ import app
from api.cli.allocate import MOST_DOUBTS
from tests.api.cli.test_rounds import PROBLEM
from tests.strategies_allocation import changed

COMMANDS = pytest.mark.parametrize("command", [("allocate",), ("round", "verify")])


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, list(arguments))


@COMMANDS
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; name a file that holds something."),
        (b" \n", "is empty; name a file that holds something."),
        (b'{"a":\n 1,}', "is no JSON at line 2, column 4 (Expecting property name"),
        (b'{"a": "\xff"}', "is not UTF-8 at byte 7; save it as UTF-8."),
        (b"[" * 100_000, "lists too deep to read; shorten them."),
    ],
)
def test_read_json__no_json_file__is_refused_with_the_mend(
    tmp_path: Path, command: tuple[str, ...], content: bytes, words: str
) -> None:
    path = tmp_path / "problem.json"
    path.write_bytes(content)
    done = run(*command, str(path))
    assert done.exit_code == 1
    assert done.stderr.startswith(f"{path}: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@COMMANDS
def test_read_json__a_key_twice__is_refused_by_its_path(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "problem.json"
    text = json.dumps(PROBLEM).replace('"merit": 501', '"merit": 501, "merit": 900')
    path.write_text(text, encoding="utf-8")
    done = run(*command, str(path))
    assert done.exit_code == 1
    assert done.stderr == (
        "requests[0].merit: is written twice in the same object; keep the one that is meant.\n"
    )


@COMMANDS
def test_existing_file__a_folder_or_nothing__is_wrong_use(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    folder = run(*command, str(tmp_path))
    assert (folder.exit_code, "is a folder; name a file in it." in folder.stderr) == (2, True)
    nothing = run(*command, str(tmp_path / "x.json"))
    assert (nothing.exit_code, "There is no file" in nothing.stderr) == (2, True)


def test_allocate__a_list__says_what_the_whole_file_is_to_be(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text("[]", encoding="utf-8")
    done = run("allocate", str(path))
    assert done.exit_code == 1
    assert done.stderr.startswith("the whole file: is []; a problem is one object in braces")


def test_allocate__requests_above_their_cap__are_named_and_counted_in_the_summary(
    tmp_path: Path,
) -> None:
    asked: Any = PROBLEM["requests"]
    small = asked[0]["sessions"][0] | {"steps": 2}
    several = [asked[1] | {"id": f"q{at}"} for at in range(MOST_DOUBTS + 2)]
    first = asked[0] | {"id": "small", "groups": ["lcd"], "sessions": [small]}
    problem = changed(PROBLEM, "requests", [first, *several])
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(changed(problem, "facilities.0.cap_share", 0.5)), encoding="utf-8")
    done = run("allocate", str(path), "-o", str(tmp_path / "result.json"))
    assert done.exit_code == 0
    assert "22 not (22 above their cap, the first requests[1]);" in done.stdout
    lines = done.stderr.splitlines()
    assert lines[0].startswith("requests[0].groups[0]: names 'lcd'")
    assert lines[1].startswith("requests[1]: asks for at least 6 credits at 'f1', where the cap")
    assert lines[-1] == "... and 2 more of this kind."
