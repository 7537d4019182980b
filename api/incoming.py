"""Mails that come in by any way, counted for whoever watches the installation."""

from typing import Final

from prometheus_client import Counter

from booking.engine.vocabulary import ReplyVia
from booking.services.answers import Received

MAILS: Final = Counter(
    "benchshare_incoming_mails",
    "Mails to the bookings' address that this process took in, by what became of them",
    ["outcome", "via"],
)


def count(received: Received, via: ReplyVia) -> None:
    """Count a mail that was taken in for the first time."""
    if not received.repeated:
        MAILS.labels(received.outcome, via).inc()
