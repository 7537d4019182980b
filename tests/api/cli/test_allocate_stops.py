"""`allocate` as it is run for real: stopped by a signal, on a cluster, a worker killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from distributed import Client
from typer.testing import CliRunner, Result

from api.__main__ import app
from api.cli.allocate import MOST_DOUBTS
from api.cli.cluster import dask_cluster, differences, versions
from api.cli.watching import LINE_EVERY, PlainLines
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.progress import Progress
from booking.engine.allocation.run import allocate
from booking.engine.allocation.verification import verify
from tests.strategies_allocation import TINY, Size, changed, drawn_round

SEVERAL = Size(facilities=6, resources=18, requests=120, days=7, spread=16)
HARD = Size(facilities=2, resources=20, requests=320, days=14, spread=40, pools=0.5)
EASY = drawn_round(1, TINY)
DASK = (sys.executable, "-W", "ignore", "-m")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def written(folder: Path, problem: dict[str, Any]) -> Path:
    path = folder / "problem.json"
    path.write_text(json.dumps(problem), encoding="utf-8")
    return path


@contextmanager
def started(*command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a process and see that it is gone afterwards."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is true, and fail if it never is."""
    for _ in range(int(seconds * 20)):
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"It took longer than {seconds} seconds.")


def catches(process: int, number: signal.Signals) -> bool:
    """Tell whether a process has put a handler of its own on a signal."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def children(process: int) -> list[int]:
    """List a process's children: its workers, and one that tracks what they share."""
    return [
        int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_allocate__a_signal_while_it_solves__ends_with_the_best_so_far(
    tmp_path: Path, number: signal.Signals, workers: int
) -> None:
    path, watched = written(tmp_path, drawn_round(1, HARD)), tmp_path / "result.json"
    command = (sys.executable, "-m", "api", "allocate", str(path), "--gap", "0")
    more = ("--workers", str(workers), "--json", "-o", str(watched))
    with started(*command, *more, start_new_session=True) as process:
        until(lambda: catches(process.pid, signal.SIGTERM))
        until(lambda: workers == 1 or len(children(process.pid)) > workers)
        os.killpg(process.pid, number)
        output, words = process.communicate(timeout=30)
    assert process.returncode == 0, words
    assert json.loads(output.splitlines()[-1])["stopped"]
    assert "Stopping" in words
    assert "Traceback" not in words
    result = json.loads(watched.read_text(encoding="utf-8"))
    assert verify(read_problem(json.loads(path.read_text(encoding="utf-8"))), result) == ()
    assert result["gap"] < 0.3


def test_allocate__killed_itself__leaves_no_worker_behind(tmp_path: Path) -> None:
    path = str(written(tmp_path, drawn_round(1, HARD)))
    command = (sys.executable, "-m", "api", "allocate", path, "--gap", "0", "--workers", "2")
    with started(*command) as process:
        until(lambda: len(children(process.pid)) > 2)
        workers = children(process.pid)
        process.kill()
        process.wait(10)
        until(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))
    assert process.returncode == -signal.SIGKILL


def test_allocate__a_time_limit__ends_with_a_true_certificate(tmp_path: Path) -> None:
    path = written(tmp_path, drawn_round(1, HARD))
    done = run("allocate", str(path), "--gap", "0", "--time-limit", "1", "--json")
    assert done.exit_code == 0
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["stopped"]
    assert "Stopped" in done.stderr
    assert verify(read_problem(drawn_round(1, HARD)), result) == ()


@contextmanager
def a_cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """Start a scheduler and two workers of one thread, each a process of its own, in that order."""
    where = folder / "scheduler.json"
    common = ("--host", "127.0.0.1", "--scheduler-file", str(where), "--no-dashboard")
    one = ("--no-nanny", "--nthreads", "1", "--local-directory", str(folder))
    with (
        started(*DASK, "distributed.cli.dask_scheduler", "--port", "0", *common) as scheduler,
        started(*DASK, "distributed.cli.dask_worker", *common, *one) as first,
        started(*DASK, "distributed.cli.dask_worker", *common, *one) as second,
    ):
        until(lambda: where.exists() and where.read_text(encoding="utf-8").endswith("}"))
        address = json.loads(where.read_text(encoding="utf-8"))["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=20)
        yield address, [scheduler, first, second]


def test_allocate__on_a_cluster_whose_worker_dies__gives_the_same_result(tmp_path: Path) -> None:
    problem = read_problem(drawn_round(1, SEVERAL))
    seen: list[Progress] = []
    with a_cluster(tmp_path) as (address, (scheduler, worker, _)):

        def kill_one(now: Progress) -> None:
            seen.append(now)
            if now.done == 1:
                worker.kill()

        with dask_cluster(address) as cluster:
            result = allocate(
                problem,
                workers=cluster.workers,
                executor=cluster.executor,
                losses=cluster.losses,
                progress=kill_one,
            )
            assert not cluster.is_lost()
            scheduler.kill()
            until(cluster.is_lost)
    assert result["work"]["workers"] == 2
    assert seen[-1].done == 6
    assert result["result_sha256"] == allocate(problem)["result_sha256"]


def test_scheduler__the_extra_is_missing__names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run("allocate", str(written(tmp_path, EASY)), "--scheduler", "127.0.0.1:8786")
    assert (done.exit_code, "benchshare[cluster]" in done.stderr) == (1, True)


def test_scheduler__nobody_answers__says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.cluster.ANSWER_WITHIN", "0.3s")
    done = run("allocate", str(written(tmp_path, EASY)), "--scheduler", "tcp://127.0.0.1:1")
    assert (done.exit_code, "No Dask scheduler answers" in done.stderr) == (1, True)


def test_differences__another_solver_on_one_worker__is_named_alone() -> None:
    here = versions()
    assert differences(here, {"tcp://a": here, "tcp://b": here}) == []
    wrong = differences(here, {"tcp://a": here, "tcp://b": here | {"highspy": "0.1"}})
    assert len(wrong) == 1
    assert "tcp://b has highspy 0.1" in wrong[0]


def test_allocate__a_start_outside_the_windows__is_named_and_the_rest_is_run(
    tmp_path: Path,
) -> None:
    asked = {"resource": "r0", "starts": [3, *range(10_000, 10_030)]}
    session = {"steps": 2, "quantity": 1, "alternatives": [asked]}
    request = EASY["requests"][0] | {"sessions": [session]}
    path = written(tmp_path, changed(EASY, "requests", [request]))
    done = run("allocate", str(path), "--json")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    here = "requests[0].sessions[0].alternatives[0].starts"
    assert all(line.startswith(here) for line in lines[:-1])
    assert len(lines) == MOST_DOUBTS + 1
    assert json.loads(done.stdout.splitlines()[-1])["stopped"] is False


@pytest.mark.parametrize("wrong", [("--workers", "2", "--scheduler", "h:1"), ("--workers", "0")])
def test_allocate__wrong_use__exits_with_two(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    assert run("allocate", str(written(tmp_path, EASY)), *wrong).exit_code == 2


@pytest.mark.parametrize(
    ("place", "why"),
    [("missing/x.json", "No such file"), ("problem.json/x.json", "Not a directory")],
)
def test_allocate__nowhere_to_write__is_said_before_any_work(
    tmp_path: Path, place: str, why: str
) -> None:
    path = written(tmp_path, {"no": "problem"})
    done = run("allocate", str(path), "-o", str(tmp_path / place))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{tmp_path / place}: cannot be written ({why}")
    assert len(done.stderr.splitlines()) == 1


def test_allocate__to_write_in_place_of_a_folder__exits_with_two(tmp_path: Path) -> None:
    done = run("allocate", str(written(tmp_path, EASY)), "-o", str(tmp_path))
    assert done.exit_code == 2


def test_allocate__a_problem_refused__leaves_what_was_written_before(tmp_path: Path) -> None:
    path, output = written(tmp_path, {"no": "problem"}), tmp_path / "result.json"
    output.write_text("before", encoding="utf-8")
    assert run("allocate", str(path), "-o", str(output)).exit_code == 1
    assert output.read_text(encoding="utf-8") == "before"
    assert {each.name for each in tmp_path.iterdir()} == {"problem.json", "result.json"}


@pytest.mark.parametrize(
    ("seconds", "lines"),
    [
        (LINE_EVERY - 0.01, []),
        (LINE_EVERY, ["1 of 4 parts done, gap 10.00%", "2 of 4 parts done, gap 5.00%"]),
    ],
)
def test_progress__without_a_terminal__is_a_line_now_and_then_and_what_was_told_last(
    seconds: float, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, seconds, seconds, seconds, seconds])
    shown = PlainLines(lambda: next(times))
    shown.watch(Progress(1, 4, 90.0, 100.0))
    shown.watch(Progress(2, 4, 94.0, 100.0))
    shown.watch(Progress(2, 4, 95.0, 100.0))
    shown.end()
    shown.end()
    assert capsys.readouterr().err.splitlines() == lines
