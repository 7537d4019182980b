"""The application on a free loopback port, for a browser to open."""

from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from threading import Event, Thread

import uvicorn
from fastapi import FastAPI


class _Announced(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve `app` and lend its address."""
    server = _Announced(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        assert server.listening.wait(30), "The server did not start."
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
