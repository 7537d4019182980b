"""`serve`, `work`, `migrate` and `doctor` as somebody at a terminal meets them."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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


@pytest.mark.parametrize("words", [("doctor",), ("token", "create", "ann@lab.example")])
def test_any_command__no_file_of_the_database__names_it_and_leaves_none(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "mistyped.db"
    refused = run(f"sqlite:///{file}", tmp_path, *words)
    assert refused.returncode == 1
    assert f"here is no database at {file}" in refused.stdout + refused.stderr
    assert "benchshare migrate" in refused.stdout + refused.stderr
    assert not file.exists()


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


@pytest.mark.parametrize(
    "words",
    [
        ("facility", "add", "lab", "--name", "Lab", "--country", "KE", "--zone", "Africa/Nairobi"),
        ("user", "add", "a@example.org", "--role", "auditor"),
        ("catalogue", "import", "rows.csv", "--facility", "lab"),
        ("round", "run", "spring"),
    ],
)
def test_command__database_without_tables__says_what_serve_says(
    empty_url: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "rows.csv").write_text("name\n", encoding="utf-8")
    refused = run(empty_url, tmp_path, *words)
    assert refused.returncode == 1
    assert refused.stderr == run(empty_url, tmp_path, "serve").stderr
    assert "benchshare migrate" in refused.stderr


@pytest.mark.parametrize(
    "words", [("serve",), ("user", "add", "a@example.org", "--role", "auditor")]
)
def test_command__no_database_file__leaves_none_behind(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = run("sqlite:///benchshare.db", tmp_path, *words)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "benchshare migrate" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_command__folder_of_the_database_missing__names_the_setting(tmp_path: Path) -> None:
    refused = run("sqlite:///nowhere/b.db", tmp_path, "user", "add", "a@b.org", "--role", "auditor")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "BENCHSHARE_DATABASE_URL" in refused.stderr


@pytest.mark.only_on("postgresql")
def test_serve__two_workers_and_their_parent_killed__all_end(
    database_url: str, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "api", "serve", "--workers", "2", "--port", str(free_port())],
        env=environment(database_url, tmp_path),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert parent.stdout is not None
        with parent.stdout as said:
            for _ in range(2):
                assert any("startup complete" in line for line in said)
            parent.kill()
            with ThreadPoolExecutor(1) as pool:
                # The end of what they say comes when the last of them has ended.
                everything = pool.submit(said.read)
                try:
                    assert everything.result(timeout=30)
                finally:
                    end_all_of(parent)
    finally:
        end_all_of(parent)
        parent.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def end_all_of(leader: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
