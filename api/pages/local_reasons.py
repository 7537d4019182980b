"""Refusals with their times by a facility's clock: rules word instants in UTC."""

from dataclasses import replace

from api.pages.wording import local as local_words
from api.pages.wording import plain_zone, span
from booking.engine.wording import with_times
from booking.errors import DomainError


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
    return with_times(
        sentence,
        interval=lambda start, end: f"{span(start, end, zone)} ({place})",
        instant=lambda at: f"{local_words(at, zone)} ({place})",
    )
