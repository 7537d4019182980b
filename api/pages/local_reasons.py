"""Refusals with their times by a facility's clock: rules word instants in UTC."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from api.pages.wording import local as local_words
from api.pages.wording import plain_zone, span
from booking.errors import DomainError

_AT: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d"
_SAME_DAY: Final = re.compile(rf"({_AT})-(\d\d:\d\d) UTC", re.ASCII)
_DAYS: Final = re.compile(rf"({_AT}) to ({_AT}) UTC", re.ASCII)
_INSTANT: Final = re.compile(rf"({_AT}) UTC", re.ASCII)


def by_the_clock_of(refused: DomainError, zone: str) -> DomainError:
    """Return the same refusal with every time in its sentences by the zone's clock."""
    return type(refused)(
        in_zone(refused.message, zone),
        [replace(each, reason=in_zone(each.reason, zone)) for each in refused.violations],
        beside=refused.beside,
    )


def in_zone(sentence: str, zone: str) -> str:
    """Put the times of a sentence, as engine/wording writes them, into a zone."""
    place = plain_zone(zone)

    def interval(first: str, last: str) -> str:
        return f"{span(_read(first), _read(last), zone)} ({place})"

    sentence = _SAME_DAY.sub(lambda m: interval(m[1], f"{m[1][:11]}{m[2]}"), sentence)
    sentence = _DAYS.sub(lambda m: interval(m[1], m[2]), sentence)
    return _INSTANT.sub(lambda m: f"{local_words(_read(m[1]), zone)} ({place})", sentence)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
