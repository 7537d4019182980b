"""Real `benchshare` processes on loopback, each in a process group of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Self

HERE: Final = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS: Final = 90
READY: Final = 200
LAST_WORDS: Final = 2000


@dataclass(frozen=True, slots=True)
class Installation:
    """What the processes of one installation share: a database and a folder of their own."""

    url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The settings, as variables of the environment."""
        return os.environ | {
            "PYTHONPATH": str(HERE),
            "BENCHSHARE_DATABASE_URL": self.url,
            "BENCHSHARE_SECRET_KEY": "for measuring alone, and long enough for that",
            "BENCHSHARE_MAIL": f"file:{self.folder / 'mail'}",
        }

    def answer_of(self, *words: str) -> str:
        """Run a command to its end, and return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "api", *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        ).stdout


@dataclass(slots=True)
class Running:
    """A command that runs until it is ended: `serve` on its own port, or `work`."""

    installation: Installation
    words: tuple[str, ...]
    port: int | None
    process: subprocess.Popen[bytes]

    @classmethod
    def serve(cls, installation: Installation, *, workers: int = 1) -> Self:
        """Start a server; it is not ready yet."""
        port = free_port()
        words = ("serve", "--port", str(port), "--workers", str(workers))
        return cls(installation, words, port, _start(installation, words))

    @classmethod
    def work(cls, installation: Installation) -> Self:
        """Start a process that runs jobs and deliveries."""
        return cls(installation, ("work",), None, _start(installation, ("work",)))

    def again(self) -> None:
        """Start anew after the process died, on the same port."""
        self.process = _start(self.installation, self.words)

    def children(self) -> list[int]:
        """List the processes that this one started and that serve."""
        found = []
        for each in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = int(each.read_text().rpartition(")")[2].split()[1])
                started = int(each.parent.name)
                if parent == self.process.pid and b"spawn_main" in _words_of(started):
                    found.append(started)
        return sorted(found)

    def kill(self) -> None:
        """Kill the process itself (-9), and nothing that it started."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End the process and all it started: asked first, killed in the end."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, sent)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)

    def wait_until_ready(self) -> float:
        """Wait until it answers that it is ready; return the seconds it took.

        Raises: RuntimeError if it ends, or is not ready in time.
        """
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_SECONDS:
            if self.process.poll() is not None:
                break
            if self.port is None or status_of(self.port, "/readyz") == READY:
                return time.monotonic() - began
            time.sleep(0.05)
        said = (self.installation.folder / "log").read_text(errors="replace")[-LAST_WORDS:]
        raise RuntimeError(f"benchshare {' '.join(self.words)} did not get ready:\n{said}")


def status_of(port: int, path: str) -> int | None:
    """Ask for a page, and return its status; None if nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def free_port() -> int:
    """Find a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Say whether somebody still listens on a port of loopback, answering or not."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _start(installation: Installation, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    with (installation.folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "api", *words],
            env=installation.environment,
            cwd=installation.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _words_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
