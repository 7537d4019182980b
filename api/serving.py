"""The application behind uvicorn, with secrets kept out of its log."""

import copy
import logging
import multiprocessing
import os
import re
import signal
import threading
from multiprocessing.process import BaseProcess
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from api import jobs
from api.app import create_app
from booking.config import Settings
from booking.db import Database

FACTORY: Final = "api.serving:app_from_environment"
# On a busy machine a worker needs long to start; killed for its silence it would never.
SILENT_SECONDS: Final = 60
_SECRET: Final = re.compile(
    r"/(feeds|links|sign-in|offers/[^/?#\s]+/(?:accept|decline))/[^/?#\s]+?(?=\.ics\b|[/?#\s]|$)"
)


def without_secrets(value: str) -> str:
    """Return the text with the tokens of feeds, offers and links struck out."""
    return _SECRET.sub(r"/\1/***", value)


class HideSecrets(logging.Filter):
    """Strikes the tokens of feeds, offers and links out of what is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without its secrets."""
        if isinstance(record.msg, str):
            record.msg = without_secrets(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_secrets(each) if isinstance(each, str) else each for each in record.args
            )
        return True


def app_from_environment() -> FastAPI:
    """Make the application from the environment; each worker process calls this."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    return create_app(Settings())


def _end_after(parent: BaseProcess) -> None:
    """End this worker once its parent died: an orphan keeps the port from the next start."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def serve_app(settings: Settings, *, host: str, port: int, workers: int = 1) -> None:
    """Serve until Ctrl-C or SIGTERM; on SQLite this process also runs the jobs.

    Several workers read their settings from the environment.
    Raises: ValueError for several workers on SQLite, which has one process.
    """
    database = Database(settings.database_url)
    if database.dialect != "sqlite":
        database.dispose()
        _run(settings, host=host, port=port, workers=workers)
        return
    if workers > 1:
        database.dispose()
        raise ValueError(
            "SQLite is for one process: leave --workers at 1, or set BENCHSHARE_DATABASE_URL "
            "to a PostgreSQL database."
        )
    running = jobs.start(settings, database)
    try:
        _run(settings, host=host, port=port, workers=1)
    finally:
        running.stop()
        database.dispose()


def _run(settings: Settings, *, host: str, port: int, workers: int) -> None:
    uvicorn.run(
        create_app(settings) if workers == 1 else FACTORY,
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        timeout_worker_healthcheck=SILENT_SECONDS,
        log_config=log_config(),
        server_header=False,
    )


def log_config() -> dict[str, Any]:
    """Return uvicorn's own settings of its log, with secrets struck out."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"secrets": {"()": "api.serving.HideSecrets"}}
    for handler in config["handlers"].values():
        handler["filters"] = ["secrets"]
    return config
