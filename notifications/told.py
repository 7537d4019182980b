"""Which events anybody is told of."""

from collections.abc import Mapping
from typing import Any

from booking.engine.lifecycle import EventKind
from booking.engine.vocabulary import Participation
from notifications.sentences import MESSAGES


def is_told(kind: EventKind, payload: Mapping[str, Any]) -> bool:
    """Say whether there is a message about an event: of answers and bounces, only for some."""
    if kind is EventKind.ATTENDEE_ANSWERED:
        declined = payload.get("participation") == Participation.DECLINED
        return declined and not payload.get("by_holder")
    if kind is EventKind.MAIL_BOUNCED:
        return "bounced_to" in payload
    return kind in MESSAGES
