"""The programs of others, in their own environment, and one run of each of their suites."""

import ast
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from defusedxml.ElementTree import parse

from tests.interop.serving import PASSWORD, USERNAME

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENT: Final = ROOT / ".venv" / "interop"
FEATURES: Final = Path(__file__).with_name("features.json")
LONGEST_RUN_SECONDS: Final = 580
SERVER_NAME: Final = "Benchshare"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a suite ended: names of tests, and why some were skipped."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: dict[str, str]


def run(*command: str | Path, **given: Any) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment, and keep what it prints."""
    name, *arguments = command
    return subprocess.run(
        [ENVIRONMENT / "bin" / name, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_RUN_SECONDS,
        **given,
    )


def unpacked_suite(folder: Path) -> Path:
    """Unpack the source distribution of python-caldav, which holds its tests."""
    (archive,) = (ENVIRONMENT / "sources").glob("caldav-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (suite,) = folder.glob("caldav-*")
    return suite


def known_features() -> dict[str, str]:
    """Return how well each feature works, by the last accepted run of caldav-server-tester."""
    known: dict[str, str] = json.loads(FEATURES.read_text())
    return known


def server_entry(url: str) -> dict[str, Any]:
    """Describe our server to the suite, with the features that it has and lacks."""
    return {
        "type": "external",
        "enabled": True,
        "url": url,
        "username": USERNAME,
        "password": PASSWORD,
        "features": {
            name: {"support": support}
            for name, support in known_features().items()
            if support != "unknown"
        }
        | {"scheduling.calendar-user-address-set": {"support": "full"}},
    }


def run_suite(folder: Path, *, url: str | None) -> Outcome:
    """Run python-caldav's functional tests on our server, or on Radicale where `url` is None."""
    suite = unpacked_suite(folder)
    if url is not None:
        entry = {"test-servers": {SERVER_NAME: server_entry(url)}}
        # JSON is YAML.
        (suite / "tests" / "caldav_test_servers.yaml").write_text(json.dumps(entry))
    report = folder / "report.xml"
    run(
        "python", "-m", "pytest", "tests/test_caldav.py", "-q", "-p", "no:cacheprovider",
        "-k", f"TestForServer{SERVER_NAME if url else 'Radicale'}",
        "-o", "asyncio_default_fixture_loop_scope=function", f"--junitxml={report}",
        cwd=suite,
        env=os.environ
        | {"PYTHON_CALDAV_TEST_DOCKER": "0", "PYTHON_CALDAV_TEST_EMBEDDED": "0" if url else "1"},
    )  # fmt: skip
    return _outcome(report)


def _outcome(report: Path) -> Outcome:
    passed, failed, skipped = [], [], {}
    for case in parse(report).iter("testcase"):
        name = case.get("name", "")
        reason = case.find("skipped")
        if reason is not None:
            skipped[name] = reason.get("message", "")
        elif case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        else:
            passed.append(name)
    return Outcome(tuple(passed), tuple(failed), skipped)


def observed_features(url: str) -> dict[str, str]:
    """Return how well each feature works, by a run of caldav-server-tester."""
    ended = run(
        "caldav-server-tester", "--caldav-url", url, "--caldav-username", USERNAME,
        "--caldav-password", PASSWORD, "--format", "hints",
    )  # fmt: skip
    hints = ast.literal_eval(ended.stdout[ended.stdout.index("{") :])
    return {name: hint["support"] for name, hint in sorted(hints.items()) if "support" in hint}


def main() -> None:
    """Say how Radicale fares, for comparison: `python -m tests.interop.clients FOLDER`."""
    outcome = run_suite(Path(sys.argv[1]), url=None)
    print(f"{len(outcome.passed)} passed, failed: {outcome.failed}")  # noqa: T201
    for name, reason in outcome.skipped.items():
        print(f"skipped {name}: {reason}")  # noqa: T201


if __name__ == "__main__":
    main()
