"""What a mail to the bookings' address says, once read: values, and which of two answers counts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from booking.engine.intervals import Interval
from booking.engine.vocabulary import Participation


class IncomingKind(StrEnum):
    """What an incoming mail is."""

    REPLY = "reply"
    COUNTER = "counter"
    REFRESH = "refresh"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """What the calendar part of a mail says of one event (RFC 5546).

    `sequence` and `stamp` are None where the sender's program left them out; `proposed` is the
    time that a COUNTER asks for.
    """

    uid: str
    attendee: str
    participation: Participation | None = None
    sequence: int | None = None
    stamp: datetime | None = None
    proposed: Interval | None = None


@dataclass(frozen=True, slots=True)
class Bounce:
    """That a mail could not be delivered: the ids it may have had, and what a server said."""

    message_ids: tuple[str, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail, read; nothing in it is proved by who it claims to come from.

    `digest` is the SHA-256 of its Message-ID, or of the whole where it has none. `tokens` are
    what follows a plus in the addresses it was sent to. `detail` says why it is what it is, with
    nobody's name.
    """

    kind: IncomingKind
    digest: str
    tokens: frozenset[str] = frozenset()
    answer: CalendarAnswer | None = None
    bounce: Bounce | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The SEQUENCE and DTSTAMP of the newest answer of an attendee; None before there is one."""

    sequence: int | None = None
    stamp: datetime | None = None


def is_newer(answer: CalendarAnswer, last: LastAnswer, *, sequence: int) -> bool:
    """Say whether an answer counts: it is about the booking as it is now, and not yet seen.

    `sequence` is the booking's. SEQUENCE decides, then DTSTAMP; the same answer again is no
    newer one. An answer without one of them is taken as being of now, and counts.
    Source: RFC 5546, 2.1.5.
    """
    if answer.sequence is not None and answer.sequence < sequence:
        return False
    own = sequence if answer.sequence is None else answer.sequence
    if last.sequence is None or own > last.sequence:
        return True
    if own < last.sequence:
        return False
    return answer.stamp is None or last.stamp is None or answer.stamp > last.stamp
