"""Serve the calendars in memory on loopback: `python -m tests.interop.serving`.

It prints its address once it listens. The product itself never serves this backend.
"""

import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.dav.memory import MemoryAccounts
from api.dav.protocol import dav_router
from booking.config import Settings

PREFIX: Final = "/memory"
USERNAME: Final = "ada@example.org"
PASSWORD: Final = "a password of tests alone"


def app_at(base_url: str) -> FastAPI:
    """Wire the whole application with the memory backend beside it."""
    settings = Settings(
        _env_file=None,
        database_url="sqlite://",
        base_url=base_url,
        secret_key="a secret of tests alone",
    )
    app = create_app(settings)
    accounts = MemoryAccounts({USERNAME: PASSWORD, "bob": PASSWORD})
    app.include_router(dav_router(accounts.sign_in, prefix=PREFIX))
    return app


def main() -> None:
    """Listen on a free port and serve until the process is ended."""
    # Told that it is TCP, asyncio sends each answer at once instead of waiting for more.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(app_at(base_url), log_level="warning")
        listening.listen()
        print(f"{base_url}{PREFIX}/", flush=True)  # noqa: T201 - the address is the output
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
