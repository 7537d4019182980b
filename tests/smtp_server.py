"""A real SMTP server that misbehaves to order, and keeps what it took."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

CUT, LOST = "cut", "lost"
HOST = "127.0.0.1"


@dataclass
class Server:
    """What it does at MAIL, RCPT or DATA: answers a code, cuts the line, or answers nothing.

    `LOST` at DATA keeps the mail and cuts the line before it says so.
    """

    url: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)
    extensions: tuple[str, ...] = ()
    tries: int = 0

    @property
    def message_ids(self) -> list[str]:
        return [str(message_from_bytes(each)["Message-ID"]) for each in self.taken]

    def answer(self, at: str, server: Any) -> str:
        said = self.faults.get(at, "250 ok")
        if said in {CUT, LOST}:
            server.transport.abort()
        return "250 ok" if said in {CUT, LOST} else said

    async def handle_EHLO(  # noqa: N802 - the server's own names
        self, _server: SMTP, session: Any, _envelope: Any, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        return [*answers[:-1], *self.extensions, answers[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.tries += 1
        envelope.mail_from = address
        return self.answer("MAIL", server)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answer("RCPT", server)

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.faults.get("DATA", LOST) == LOST:
            self.taken.append(envelope.content)
        return self.answer("DATA", server)


@contextmanager
def an_smtp_server(*, host: str = HOST) -> Iterator[Server]:
    """Serve on a free port of a loopback address."""
    keeper = Server()
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    controller = Controller(keeper, hostname=host, port=port)
    controller.start()
    keeper.url = f"smtp://{host}:{port}"
    try:
        yield keeper
    finally:
        controller.stop()


@contextmanager
def a_silent_server() -> Iterator[str]:
    """Listen, and never say a word."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen()
        yield f"smtp://{HOST}:{listening.getsockname()[1]}"
