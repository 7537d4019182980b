"""Appeals: until when they are made, what may be said to be wrong, and what sets it right."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from booking.engine.violations import Violation
from booking.engine.vocabulary import AppealedFact
from booking.engine.wording import at_words

APPEAL_TIME: Final = timedelta(days=30)
LONGEST_WORDS: Final = 5000

FACT_WORDS: Final[Mapping[AppealedFact, str]] = {
    AppealedFact.GROUP: "the equity groups of the organisation",
    AppealedFact.MERIT: "the score, as it was recorded",
    AppealedFact.FAIR_SHARE: "the factor for past use",
    AppealedFact.REQUEST: "what was asked for, as it was read",
}

# Kinds of change, as the engine names them, that set each fact right.
CORRECTIONS: Final[Mapping[AppealedFact, frozenset[str]]] = {
    AppealedFact.GROUP: frozenset({"corrected_groups", "group_added", "group_removed"}),
    AppealedFact.MERIT: frozenset({"score"}),
    AppealedFact.FAIR_SHARE: frozenset({"fair_share"}),
    AppealedFact.REQUEST: frozenset({"more_alternatives", "session_length", "units"}),
}


def appeals_end(decided_at: datetime) -> datetime:
    """Return the instant after which no appeal is taken."""
    return decided_at + APPEAL_TIME


def in_time(now: datetime, decided_at: datetime) -> Violation | None:
    """Require an appeal within thirty days of publication; the last instant counts."""
    ends = appeals_end(decided_at)
    if now <= ends:
        return None
    return Violation(
        "appeal_late",
        f"Appeals on this decision were taken until {at_words(ends)}. Write to the facility if "
        "the mistake still matters to you, or correct it before you ask in the next round.",
    )


def worded(words: str, *, code: str, missing: str, pointer: str) -> Violation | None:
    """Require words, and not too many of them."""
    if not words.strip():
        return Violation(code, missing, pointer)
    if len(words) > LONGEST_WORDS:
        reason = f"Keep it to {LONGEST_WORDS} characters; these are {len(words)}."
        return Violation("too_long", reason, pointer)
    return None


def sets_right(fact: AppealedFact, kind: object) -> Violation | None:
    """Require a correction of the fact that the appeal is about."""
    if kind in CORRECTIONS[fact]:
        return None
    allowed = ", ".join(sorted(CORRECTIONS[fact]))
    return Violation(
        "other_fact",
        f"The appeal is about {FACT_WORDS[fact]}, so its correction is one of: {allowed}.",
        "/correction/kind",
    )
