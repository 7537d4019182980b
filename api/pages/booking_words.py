"""The states of a booking, in words."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from api.pages.visit import Visit
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import CalendarMail, Participation

HEARD_BY: Final[Mapping[CalendarMail, str]] = {
    CalendarMail.INVITE: "We are sending a calendar invitation.",
    CalendarMail.DIGEST: "Your calendar feed and your next digest show it.",
    CalendarMail.FEED: "Your calendar feed shows it.",
}
STATUS_WORDS: Final[Mapping[BookingStatus, tuple[str, str, str]]] = {
    BookingStatus.HELD: ("held for you", "warn", "The time is kept until you confirm it."),
    BookingStatus.PENDING: (
        "waiting for the facility",
        "warn",
        "A manager answers it; the time is held for you meanwhile, and you get a mail.",
    ),
    BookingStatus.CONFIRMED: ("confirmed", "good", "The time is yours."),
    BookingStatus.IN_USE: ("in use", "good", "Somebody has checked in."),
    BookingStatus.COMPLETED: ("completed", "", "The time was used."),
    BookingStatus.CANCELLING: (
        "being cancelled",
        "warn",
        "It was deleted in a calendar program. Its time is kept for a quarter of an hour.",
    ),
    BookingStatus.CANCELLED: ("cancelled", "bad", "The time is free for others again."),
    BookingStatus.REJECTED: ("not approved", "bad", "The facility did not approve it."),
    BookingStatus.NO_SHOW: ("missed", "bad", "Nobody checked in."),
    BookingStatus.DISPLACED: (
        "displaced by a closure",
        "bad",
        "The facility had to close for that time. You can book another.",
    ),
    BookingStatus.EXPIRED: ("expired", "bad", "It was not answered or confirmed in time."),
}
ANSWER_WORDS: Final[Mapping[Participation, tuple[str, str]]] = {
    Participation.NEEDS_ACTION: ("no answer yet", ""),
    Participation.ACCEPTED: ("comes", "good"),
    Participation.TENTATIVE: ("may come", "warn"),
    Participation.DECLINED: ("does not come", "bad"),
}
OF_OTHERS: Final[Mapping[BookingStatus, tuple[str, str, str]]] = {
    BookingStatus.HELD: ("held", "warn", "The time is kept until it is confirmed."),
    BookingStatus.PENDING: (
        "waiting for the facility",
        "warn",
        "A manager answers it; the time is held meanwhile.",
    ),
    BookingStatus.CONFIRMED: ("confirmed", "good", "The time is booked for {name}."),
    BookingStatus.DISPLACED: (
        "displaced by a closure",
        "bad",
        "The facility had to close for that time.",
    ),
}


def words_of(status: BookingStatus, *, mine: bool, name: str) -> tuple[str, str, str]:
    """Say a state to the one whose booking it is, or to others: a tag, its tone, a sentence."""
    if mine or status not in OF_OTHERS:
        return STATUS_WORDS[status]
    tag, tone, sentence = OF_OTHERS[status]
    return tag, tone, sentence.format(name=name)


def hears(visit: Visit, holder_id: UUID) -> str:
    """Say how the visitor hears of a booking; one that is made for others is mailed to them."""
    own = visit.person is not None and visit.person.id == holder_id
    return HEARD_BY[visit.person.calendar_mail if own else CalendarMail.INVITE]
