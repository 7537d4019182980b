"""What a letter about a granted request says of it: the times, and the points that won them."""

from typing import Final

from booking.engine.lifecycle import EventKind
from booking.queries.cards import DecisionCard
from booking.queries.decisions import Placement
from booking.queries.events import DueDelivery
from notifications.wording import same_clock, span_words

GRANTS: Final = frozenset({EventKind.REQUEST_GRANTED, EventKind.REQUEST_PARTLY_GRANTED})
MILLION: Final = 1_000_000


def granted_words(due: DueDelivery, card: DecisionCard) -> list[str]:
    """Word each granted time on the facility's clock and the reader's; none where refused."""
    return [_placed_words(each, card) for each in card.placements if due.kind in GRANTS]


def points_words(due: DueDelivery, card: DecisionCard) -> str:
    """Say with how many points per hour a request won; empty where refused or without a score."""
    if due.kind not in GRANTS or card.merit is None:
        return ""
    if card.fair_share_millionths == MILLION:
        return f"It won with its reviewers' score of {card.merit} points per hour."
    points = card.merit * card.fair_share_millionths // MILLION
    return (
        f"It won with {points} points per hour: its reviewers' score of {card.merit}, times "
        f"{card.fair_share_millionths / MILLION:.3f} for your organisation's past use."
    )


def _placed_words(placed: Placement, card: DecisionCard) -> str:
    often = f"{placed.quantity} x " if placed.quantity > 1 else ""
    starts_at, ends_at = placed.starts_at, placed.ends_at
    there = span_words(starts_at, ends_at, card.facility_zone)
    words = f"{often}{placed.resource_name}: {there}"
    if same_clock(starts_at, ends_at, card.facility_zone, card.person_zone):
        return words
    return f"{words}; your time: {span_words(starts_at, ends_at, card.person_zone)}"
