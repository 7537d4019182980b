"""Was everything kept? Bookings against what clients were told, mails against events.

Reads by plain drivers and from the mail folder, nothing of Benchshare's code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from benchmarks._load import Promises, Shown
from benchmarks._sweep import broken_file, missing_guards, overbooked, rows

# What these clients do, and what somebody is told of by mail.
TOLD: Final = ("booking.confirmed", "booking.moved", "booking.cancelled")
BOOKINGS: Final = "SELECT id, status, starts_at, title FROM booking"
EVENTS: Final = "SELECT id, subject_id, kind FROM event"
DELIVERIES: Final = "SELECT event_id, message_id, state FROM delivery"


def broken_under_load(url: str, promises: Promises) -> list[str]:
    """List what is wrong while clients go on: lost bookings, overlaps, guards, the file."""
    acknowledged = promises.so_far()
    there = {key for key, *_ in _bookings(url)}
    return [
        *(
            f"booking {each} was acknowledged and is gone"
            for each in acknowledged
            if each not in there
        ),
        *overbooked(url),
        *(f"guard {each} is missing" for each in missing_guards(url)),
        *broken_file(url),
    ]


def broken_at_rest(url: str, promises: Promises, mails: Path) -> list[str]:
    """List what is wrong when all is said and sent."""
    found = _bookings(url)
    shown: dict[UUID, Shown] = {key: (status, starts_at) for key, status, starts_at, _ in found}
    titles = Counter(title for *_, title in found)
    return [
        *broken_under_load(url, promises),
        *(
            f"booking {key} is {shown.get(key)}, where {sorted(allowed)} was acknowledged"
            for key, allowed in promises.states.items()
            if shown.get(key) not in allowed
        ),
        *(f"a wish was booked {count} times" for count in titles.values() if count > 1),
        *_without_event(url, shown),
        *_untold(url, mails),
    ]


def untold(url: str) -> int:
    """Count the events whose message has not left yet."""
    sent = {event_id for event_id, _, state in rows(url, DELIVERIES) if state == "sent"}
    return sum(kind in TOLD and key not in sent for key, _, kind in rows(url, EVENTS))


def _without_event(url: str, shown: dict[UUID, Shown]) -> list[str]:
    """List the bookings whose last event does not tell the state that they are in."""
    kinds: dict[UUID, set[str]] = defaultdict(set)
    for _, subject_id, kind in rows(url, EVENTS):
        kinds[UUID(str(subject_id))].add(kind)
    return [
        f"booking {key} is {status} without an event"
        for key, (status, _) in shown.items()
        if f"booking.{status}" not in kinds[key]
    ]


def _untold(url: str, mails: Path) -> list[str]:
    """List the events whose message is not in the folder under its one Message-ID."""
    message_ids: dict[Any, set[str]] = defaultdict(set)
    for event_id, message_id, _ in rows(url, DELIVERIES):
        message_ids[event_id].add(message_id)
    arrived = _arrived(mails.glob("*.eml"))
    wrongs = []
    for event_id, _, kind in rows(url, EVENTS):
        if kind not in TOLD:
            continue
        if len(message_ids[event_id]) != 1:
            wrongs.append(f"event {event_id} has {len(message_ids[event_id])} Message-IDs")
        wrongs += [
            f"event {event_id}: no whole mail {each}"
            for each in message_ids[event_id]
            if not arrived[each]
        ]
    return wrongs


def _arrived(files: Iterable[Path]) -> Counter[str]:
    """Count whole mails by Message-ID: those whose last part is closed."""
    counted: Counter[str] = Counter()
    for each in files:
        content = each.read_bytes()
        mail = message_from_bytes(content)
        boundary = mail.get_boundary()
        if boundary and content.rstrip().endswith(f"--{boundary}--".encode()):
            counted[str(mail["Message-ID"])] += 1
    return counted


def _bookings(url: str) -> list[tuple[UUID, str, datetime, str]]:
    return [
        (UUID(str(key)), status, _instant(starts_at), title)
        for key, status, starts_at, title in rows(url, BOOKINGS)
    ]


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(value).replace(tzinfo=UTC)
