"""What a letter about a granted request says of it: the times, and the points that won them."""

from typing import Final

from booking.engine.lifecycle import EventKind
from booking.queries.cards import DecisionCard
from booking.queries.decisions import Placement
from booking.queries.events import DueDelivery
from notifications.language import Language
from notifications.wording import both_spans

GRANTS: Final = frozenset({EventKind.REQUEST_GRANTED, EventKind.REQUEST_PARTLY_GRANTED})
MILLION: Final = 1_000_000


def granted_words(due: DueDelivery, card: DecisionCard, language: Language) -> list[str]:
    """Word each granted time on the facility's clock and the reader's; none where refused."""
    if due.kind not in GRANTS:
        return []
    return [_placed_words(each, card, language) for each in card.placements]


def points_words(due: DueDelivery, card: DecisionCard, language: Language) -> str:
    """Say with how many points per hour a request won; empty where refused or without a score."""
    if due.kind not in GRANTS or card.merit is None:
        return ""
    if card.fair_share_millionths == MILLION:
        return language.say(
            "It won with its reviewers' score of {score} points per hour.", score=card.merit
        )
    points = card.merit * card.fair_share_millionths // MILLION
    return language.say(
        "It won with {points} points per hour: its reviewers' score of {score}, times {factor} "
        "for your organisation's past use.",
        points=points,
        score=card.merit,
        factor=language.factor(card.fair_share_millionths / MILLION),
    )


def _placed_words(placed: Placement, card: DecisionCard, language: Language) -> str:
    often = f"{placed.quantity} x " if placed.quantity > 1 else ""
    clocks = card.facility_zone, card.person_zone
    when = both_spans(placed.starts_at, placed.ends_at, *clocks, language)
    return f"{often}{placed.resource_name}: {when}"
