"""`allocate` and `round` as a terminal meets them: output, exit codes, nothing half-written."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.__main__ import app
from booking.db import Database
from booking.errors import DomainError
from tests.rounds import a_round_scene, a_scored_round, an_open_round

PROBLEM: dict[str, Any] = {
    "format": "benchshare-allocation/1",
    "origin": "2027-01-04T00:00:00Z",
    "step_minutes": 60,
    "seed": "a seed",
    "ladder": [{"up_to": 1.0, "points": 600}],
    "facilities": [{"id": "f1", "reserved_share": {"ldc": 0.1}, "cap_share": None}],
    "resources": [
        {
            "id": "r1",
            "facility": "f1",
            "kind": "xrd",
            "capacity": 1,
            "rate": 1,
            "windows": [[0, 8]],
        }
    ],
    "organisations": [{"id": "o1", "fair_share": 1.0}, {"id": "o2", "fair_share": 1.0}],
    "requests": [
        {
            "id": f"q{number}",
            "organisation": f"o{number}",
            "groups": [],
            "merit": 500 + number,
            "sessions": [
                {
                    "steps": 6,
                    "quantity": 1,
                    "alternatives": [{"resource": "r1", "from": 0, "to": 8}],
                }
            ],
        }
        for number in (1, 2)
    ],
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def written(folder: Path, problem: Any) -> str:
    path = folder / "problem.json"
    path.write_text(json.dumps(problem), encoding="utf-8")
    return str(path)


def test_allocate__a_small_problem__writes_the_result_and_a_certificate(tmp_path: Path) -> None:
    output = tmp_path / "result.json"
    done = run("allocate", written(tmp_path, PROBLEM), "-o", str(output), "--json")
    assert done.exit_code == 0, done.output
    certificate = json.loads(done.stdout.splitlines()[-1])
    assert (certificate["granted"], certificate["not_granted"]) == (1, 1)
    result = json.loads(output.read_text(encoding="utf-8"))
    assert result["result_sha256"] == certificate["result_sha256"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["problem.json", "result.json"]


def test_allocate__as_json_without_a_file__ends_with_the_result_on_one_line(
    tmp_path: Path,
) -> None:
    done = run("allocate", written(tmp_path, PROBLEM), "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["format"] == "benchshare-allocation-result/1"
    assert [each["request"] for each in result["decisions"]]


def test_allocate__malformed__names_every_fault_by_its_path(tmp_path: Path) -> None:
    wrong = PROBLEM | {"step_minutes": 0, "more": 1}
    output = tmp_path / "result.json"
    done = run("allocate", written(tmp_path, wrong), "-o", str(output))
    assert done.exit_code == 1
    assert "step_minutes" in done.stderr
    assert "more" in done.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    "wrong", [("--scheduler", "tcp://here"), ("--gap", "1"), ("--workers", "0")]
)
def test_allocate__wrong_use__exits_with_two(tmp_path: Path, wrong: tuple[str, str]) -> None:
    assert run("allocate", written(tmp_path, PROBLEM), *wrong).exit_code == 2


def test_allocate__no_json__says_so(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text("{", encoding="utf-8")
    done = run("allocate", str(path))
    assert (done.exit_code, "is no JSON" in done.stderr) == (1, True)


@pytest.fixture
def installation(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BENCHSHARE_DATABASE_URL", database_url)
    return database_url


def test_round_run__in_review__publishes_and_its_bundle_verifies(
    installation: str, database: Database, tmp_path: Path
) -> None:
    del installation
    with database.writing() as session:
        a_scored_round(session, a_round_scene(session), 900, 400)
    bundle = tmp_path / "bundle.json"
    dry = run("round", "run", "spring", "--dry-run", "--json")
    assert json.loads(dry.stdout.splitlines()[-1])["published"] is False
    done = run("round", "run", "spring", "--bundle", str(bundle), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["granted"] == 1
    assert run("round", "verify", str(bundle)).exit_code == 0
    changed = json.loads(bundle.read_text(encoding="utf-8"))
    changed["result"]["objective"] += 1
    bundle.write_text(json.dumps(changed), encoding="utf-8")
    refused = run("round", "verify", str(bundle))
    assert refused.exit_code == 1
    assert "objective" in refused.stderr


def test_round_run__while_the_call_is_open__says_how_to_close_it(
    installation: str, database: Database
) -> None:
    del installation
    with database.writing() as session:
        an_open_round(session, a_round_scene(session))
    refused = run("round", "run", "spring")
    assert isinstance(refused.exception, DomainError)
    assert "benchshare round close spring" in refused.exception.message
    assert json.loads(run("round", "close", "spring", "--json").stdout)["state"] == "reviewing"
