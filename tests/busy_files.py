"""Calendars of others, as text; and a server on this machine that they are fetched from."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from api.outside import Outside

CORPUS = Path(__file__).parent / "data" / "ics"
LOOPBACK = Outside(allowed=lambda address: address == "127.0.0.1", ports=None, seconds=5)


def an_event(*lines: str, uid: str = "one@elsewhere.example") -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""))


def a_calendar(*events: str) -> bytes:
    """Write events as one calendar; each is a whole one, or the lines of one."""
    head, end = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//X//X//EN\r\n", "END:VCALENDAR\r\n"
    return (head + "".join(events) + end).encode()


def an_hour(stamp: str, *lines: str, **given: str) -> str:
    """Write an event of one hour from `stamp` on, such as 20261201T090000Z."""
    return an_event(f"DTSTART:{stamp}", "DURATION:PT1H", *lines, **given)


@dataclass
class Server:
    """What a web server answers to the paths it knows, and what it was asked."""

    address: str = ""
    answers: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def serve(self, path: str, content: bytes = b"", *, status: int = 200, **headers: str) -> str:
        """Answer so at a path; return its address. `_` in a header's name is a hyphen."""

        def answer(handler: Any) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            if status not in {204, 304}:
                handler.wfile.write(content)

        self.answers[path] = answer
        return self.address + path


@contextmanager
def a_server() -> Iterator[Server]:
    known = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known.asked.append({name.lower(): value for name, value in self.headers.items()})
            try:
                known.answers[self.path](self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
