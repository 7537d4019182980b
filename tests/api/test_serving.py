"""What the server's log may hold, and what is refused before it starts."""

import logging
import logging.config

import pytest

from api.serving import HideSecrets, log_config, serve_app, without_secrets
from booking.config import Settings


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/feeds/abc-_123.ics", "/feeds/***.ics"),
        ("/feeds/abc", "/feeds/***"),
        ("GET /sign-in/abc?next=/bookings HTTP/1.1", "GET /sign-in/***?next=/bookings HTTP/1.1"),
        ("/sign-in", "/sign-in"),
        ("POST /links/s-_1 HTTP/1.1", "POST /links/*** HTTP/1.1"),
        ("GET /offers/0193-a/accept/s-_1 HTTP/1.1", "GET /offers/0193-a/accept/*** HTTP/1.1"),
        ("/offers/0193-a/decline/s-_1?x=1", "/offers/0193-a/decline/***?x=1"),
        ("/offers/0193-a/accept", "/offers/0193-a/accept"),
        ("/resources/abc/freebusy.ifb", "/resources/abc/freebusy.ifb"),
    ],
)
def test_log__path_with_a_secret__is_struck_out(path: str, logged: str) -> None:
    assert without_secrets(path) == logged


def test_log__access_line__keeps_all_but_the_secret() -> None:
    args = ("127.0.0.1:1", "GET", "/feeds/secret.ics", "1.1", 200)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, "%s", args, None)
    assert HideSecrets().filter(record)
    assert record.args == ("127.0.0.1:1", "GET", "/feeds/***.ics", "1.1", 200)


def test_log__configuration__filters_every_handler() -> None:
    config = log_config()
    assert all(each["filters"] == ["secrets"] for each in config["handlers"].values())


def test_serve__several_workers_on_sqlite__are_refused() -> None:
    settings = Settings(_env_file=None, database_url="sqlite:///:memory:", secret_key="x" * 40)
    with pytest.raises(ValueError, match="--workers"):
        serve_app(settings, host="127.0.0.1", port=1, workers=2)
