"""What mail says of an appeal: to whoever made it, and to the officers who answer it."""

from dataclasses import dataclass
from typing import Final

from booking.engine.appeals import FACT_WORDS
from booking.engine.lifecycle import EventKind
from booking.queries.appeals import AppealCard
from booking.queries.events import DueDelivery
from notifications.language import Language
from notifications.sentences import About, Message

LONGEST_GROUNDS: Final = 600
_NEXT: Final = {
    EventKind.APPEAL_MADE: "An officer who is not of the applicants looks at the facts and "
    "answers in words. What was published stays meanwhile.",
    EventKind.APPEAL_UPHELD: "The round is being solved again with the corrected fact, to show "
    "the difference; the page has it within minutes. Published bookings do not change by that "
    "alone: the round's board may offer you time, or say why it cannot.",
    EventKind.APPEAL_DISMISSED: "The decision stands. If you can show something new, you may "
    "appeal again within the thirty days.",
}
_TO_OFFICER: Final = Message(
    About.APPEAL,
    "To answer: an appeal",
    "An applicant asks for a review of a fact behind a decision.",
    "To look at the facts and answer, open:",
)


@dataclass(frozen=True, slots=True)
class AppealWords:
    """The message as its reader gets it, with where it leads."""

    message: Message
    rows: list[tuple[str, str]]
    link: str


def appeal_words(
    due: DueDelivery, message: Message, card: AppealCard, base: str, language: Language
) -> AppealWords:
    """Word an appeal for its reader: the applicant, or an officer who is to answer."""
    to_officer = due.person_id is not None and due.person_id != card.person_id
    rows = [
        ("Request", card.request_title),
        ("Round", card.round_name),
        ("About", language.say(FACT_WORDS[card.fact])),
        ("Grounds", _shortened(card.grounds) if due.kind is EventKind.APPEAL_MADE else ""),
        ("Answer", card.answer if due.kind is not EventKind.APPEAL_MADE else ""),
        ("What follows", "" if to_officer else language.say(_NEXT[due.kind])),
    ]
    return AppealWords(
        message=_TO_OFFICER if to_officer else message,
        rows=[(language.say(name), words) for name, words in rows if words],
        link=f"{base}/manage/appeals/{card.id}"
        if to_officer
        else f"{base}/rounds/{card.round_slug}/requests/{card.request_id}",
    )


def _shortened(grounds: str) -> str:
    if len(grounds) <= LONGEST_GROUNDS:
        return grounds
    return f"{grounds[: LONGEST_GROUNDS - 1].rstrip()}…"
