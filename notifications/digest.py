"""The digest of the day: what changed of somebody's bookings, and what is coming."""

from collections.abc import Sequence
from typing import Any, Final

from booking.engine.lifecycle import EventKind
from booking.queries.digests import DigestCard, DigestLine
from notifications.language import Language
from notifications.sentences import MESSAGES, TO_ATTENDEE_ALONE, About
from notifications.wording import at_words, both_spans

_UNLISTED: Final = (EventKind.BOOKING_ALARM_SET,)
TOLD: Final = frozenset(
    kind
    for kind, message in MESSAGES.items()
    if message.about is About.BOOKING and kind not in {*TO_ATTENDEE_ALONE, *_UNLISTED}
)
MOST_LISTED: Final = 50


def digest_words(card: DigestCard, language: Language, base_url: str) -> dict[str, Any]:
    """Return what the template of a digest shows; long lists are cut, and say so."""
    return {
        "since": at_words(card.since, card.person_zone, language),
        "changed": _worded(card.changed, card, language),
        "coming": _worded(card.coming, card, language),
        "more_changed": len(card.changed[MOST_LISTED:]),
        "more_coming": len(card.coming[MOST_LISTED:]),
        "link": f"{base_url}/bookings",
        "account": f"{base_url}/account",
    }


def _worded(
    lines: Sequence[DigestLine], card: DigestCard, language: Language
) -> list[tuple[str, str]]:
    return [_line(each, card, language) for each in lines[:MOST_LISTED]]


def _line(line: DigestLine, card: DigestCard, language: Language) -> tuple[str, str]:
    """Word a booking: what it is, with what happened to it, and when."""
    clocks = line.facility_zone, card.person_zone
    when = both_spans(line.starts_at, line.ends_at, *clocks, language)
    what = ", ".join(filter(None, (line.title, line.resource_name, line.facility_name)))
    if line.kind is None:
        return what, when
    happened = language.say(MESSAGES[line.kind].subject)
    return language.say("{name}: {value}", name=happened, value=what), when
