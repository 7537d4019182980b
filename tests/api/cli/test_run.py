"""`serve`, `work`, `migrate` and `doctor` as somebody at a terminal meets them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "0123456789" * 4


def environment(url: str, folder: Path) -> dict[str, str]:
    here = str(Path(__file__).parents[3])
    return os.environ | {
        "PYTHONPATH": here,
        "BENCHSHARE_DATABASE_URL": url,
        "BENCHSHARE_SECRET_KEY": SECRET,
        "BENCHSHARE_MAIL": f"file:{folder}",
    }


def run(url: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api", *words],
        env=environment(url, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_serve__database_without_tables__names_migrate(empty_url: str, tmp_path: Path) -> None:
    refused = run(empty_url, tmp_path, "serve")
    assert refused.returncode == 1
    assert "benchshare migrate" in refused.stderr


@pytest.mark.only_on("sqlite")
def test_serve__several_workers_on_sqlite__is_wrong_use(database_url: str, tmp_path: Path) -> None:
    refused = run(database_url, tmp_path, "serve", "--workers", "2")
    assert refused.returncode == 2
    assert "--workers" in refused.stderr


def test_migrate_then_doctor__fresh_database__are_content(
    empty_url: str, database_kind: str, tmp_path: Path
) -> None:
    assert run(empty_url, tmp_path, "migrate").returncode == 0
    told = run(empty_url, tmp_path, "doctor", "--json")
    answer = json.loads(told.stdout.splitlines()[-1])
    wrong = [each["name"] for each in answer["checks"] if not each["ok"]]
    assert wrong == ([] if database_kind == "sqlite" else ["jobs"])
    assert told.returncode == (0 if not wrong else 1)


def test_work__asked_to_end__ends_well(database_url: str, tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "api", "work"],
        env=environment(database_url, tmp_path),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stderr is not None
        with worker.stderr as said:
            assert "Working" in said.readline()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=60) == 0
    finally:
        worker.kill()
        worker.wait()
