"""One server with calendars in memory for each check."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.interop.clients import ENVIRONMENT, ROOT


@pytest.fixture
def memory_url() -> Iterator[str]:
    """The address of a fresh CalDAV server in memory, in a process of its own."""
    if not (ENVIRONMENT / "sources").is_dir():
        pytest.fail("The programs of others are not installed. Run: make interop")
    command = [sys.executable, "-m", "tests.interop.serving"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().strip()
        finally:
            serving.terminate()
