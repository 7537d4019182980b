"""The catalogue's commands, as a person types them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Any:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api", *words],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "BENCHSHARE_DATABASE_URL": database_url},
        )

    added = call(
        "facility",
        "add",
        "optics",
        "--name",
        "Optics",
        "--country",
        "KE",
        "--zone",
        "UTC",
        "--json",
    )
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["id"]
    (tmp_path / "a.csv").write_bytes("ID,Name\n1,Café\n2,UNKNOWN\n".encode("mac_roman"))
    return call


def test_catalogue__import_again_and_export(run: Any, tmp_path: Path) -> None:
    words = ("catalogue", "import", str(tmp_path / "a.csv"), "--facility", "optics")
    first = run(*words)
    assert first.returncode == 0, first.stderr
    assert "1 created, 0 updated, 0 unchanged, 1 refused (read as mac_roman)" in first.stdout
    again = json.loads(run(*words, "--json").stdout.splitlines()[-1])
    assert (again["unchanged"], again["rows"][1]["row"]) == (1, 3)
    out = run("catalogue", "export", "--facility", "optics", "--format", "uniquip").stdout
    assert out.splitlines() == ["ID,Name", "1,Café"]


def test_catalogue__nothing_to_import__exits_with_reasons(run: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("Name\nUNKNOWN\n")
    for file, facility in ((bad, "optics"), (tmp_path / "none", "optics"), (bad, "nowhere")):
        done = run("catalogue", "import", str(file), "--facility", facility)
        assert done.returncode == 1
        assert done.stderr
    assert run("catalogue", "import", str(bad), "--facility", "x", "--format", "y").returncode == 2


def test_closures__import__names_bad_rows(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "closures.csv"
    file.write_text(
        "resource,starts_at,ends_at,reason,severity\n"
        ",2999-12-24T00:00:00Z,2999-12-26T00:00:00Z,,\n"
        ",2999-12-26T00:00:00Z,2999-12-24T00:00:00Z,,\n"
    )
    done = run("closures", "import", str(file), "--facility", "optics", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["created"], found["refused"], found["rows"][1]["row"]) == (1, 1, 3)
    assert (found["displaced"], found["staying"]) == ([], [])


def test_closures__holidays__listed_and_adopted_once(run: Any) -> None:
    words = ("closures", "holidays", "--facility", "optics", "--year", "2098")
    listed = run(*words)
    assert listed.returncode == 0, listed.stderr
    assert "Christmas Day" in listed.stdout
    first = json.loads(run(*words, "--adopt", "--json").stdout.splitlines()[-1])
    assert "2098-12-25" in first["adopted"]
    assert {each["adopted"] for each in first["holidays"] if each["category"] == "public"} == {True}
    again = json.loads(run(*words, "--adopt", "--json").stdout.splitlines()[-1])
    assert again["adopted"] == []
    assert run(*words[:-1], "1850").returncode == 1
