"""Every sentence of mails and calendars, and a mail of every kind, for tests of languages."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import notifications
from booking.engine.appeals import FACT_WORDS
from booking.engine.displacement import WHY_CLOSED
from booking.engine.lifecycle import BookingMode, BookingStatus, EventKind
from booking.engine.vocabulary import (
    AppealedFact,
    AppealState,
    CalendarMail,
    ChangedBy,
    Participation,
)
from booking.queries.account_cards import AccountCard
from booking.queries.appeals import AppealCard
from booking.queries.attendees import AttendeeSeen
from booking.queries.busy_cards import BusyCard
from booking.queries.cards import BookingCard, EntryCard, SignInCard
from booking.queries.decisions import Placement
from booking.queries.digests import DigestCard, DigestLine
from booking.queries.nearest import NearSlot
from notifications.digest import MOST_LISTED, TOLD
from notifications.invited import INVITED
from notifications.mail import Mail
from notifications.messages import Card, compose
from notifications.sentences import HANDED_ON, MESSAGES, TO_ATTENDEE_ALONE, About
from tests.notifications.cards import a_card
from tests.notifications.test_messages import SETTINGS, a_decision, due

FOLDER: Final = Path(notifications.__file__).parent
START, END = datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 2, 10, tzinfo=UTC)
# Greek for all that people write, so that a Latin word is one of ours.
NAMES: Final[dict[str, Any]] = {
    "title": "Τίτλος",
    "resource_name": "Μικροσκόπιο",
    "resource_location": "Αίθουσα",
    "facility_name": "Εργαστήριο",
    "project_name": "Νερό",
    "person_name": "Αμίνα",
    "contact_name": "Επαφή",
    "person_zone": "Europe/Athens",
}
TIME: Final = {
    "resource_name": "Τόρνος",
    "facility_name": "Εργαστήριο",
    "zone": "Africa/Nairobi",
    "starts_at": START.isoformat(),
    "ends_at": END.isoformat(),
}
WAS: Final = {
    "starts_at": "2026-10-30T08:00:00+00:00",
    "ends_at": "2026-10-30T10:00:00+00:00",
    "quantity": 2,
    "status": "pending",
}
OFFER: Final = {"offer_id": str(UUID(int=7)), "deadline_at": START.isoformat()}
VARIANTS: Final[tuple[dict[str, Any], ...]] = (
    {},
    *({"by": by, "was": WAS, "was_on": "Τόρνος"} for by in ChangedBy),
    {"was": {"status": "held"}, "alternatives": [TIME]},
    {"offered": TIME, "alternatives": [TIME, TIME | {"quantity": 2}]},
    {**OFFER, "entry_id": str(UUID(int=8))},
    {**OFFER, "displaced_id": str(UUID(int=6))},
    {"status": "pending"},
    {"link_id": str(UUID(int=9)), "until": END.isoformat()},
)


def literals() -> set[str]:
    """List the sentences that the code and the templates say by themselves."""
    found: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                taken = {"say": 1, "count": 2}.get(node.func.attr, 0)
                found |= {
                    each.value
                    for each in node.args[:taken]
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    for path in (FOLDER / "templates").iterdir():
        found |= set(re.findall(r'\b(?:say|count)\("([^"]*)"', path.read_text()))
    return found


def of_messages() -> set[str]:
    """List the sentences of the tables of messages."""
    every = (*MESSAGES.values(), *INVITED.values(), HANDED_ON)
    said = {part for each in every for part in (each.subject, each.headline, each.then)}
    return said | set(FACT_WORDS.values()) | set(WHY_CLOSED.values())


def every_mail(locale: str) -> Iterator[Mail]:
    """Write a mail of every kind, in all its ways, to a reader of that language."""
    for kind, message in MESSAGES.items():
        for card, payload in _about(message.about, kind, locale):
            yield compose(replace(due(kind), payload=payload), card, SETTINGS)


def _about(about: About, kind: EventKind, locale: str) -> Iterator[tuple[Card, dict[str, Any]]]:
    ours = {"person_locale": locale, "facility_locale": locale}
    if about is About.BOOKING:
        yield from _bookings(kind, ours)
    elif about is About.DECISION:
        yield from ((replace(each, **ours), {}) for each in _decisions())
    elif about is About.APPEAL:
        yield from _appeals(ours)
    elif about is About.ENTRY:
        yield from ((_entry(minutes, ours), {}) for minutes in (90, 1440, 2880))
    elif about is About.ACCOUNT:
        yield from _accounts(kind, locale)
    elif about is About.BUSY_CALENDAR:
        yield from _busy_calendars(ours)
    elif about is About.DIGEST:
        yield from ((each, {}) for each in _digests(locale))
    else:
        shared = {name: NAMES[name] for name in ("person_name", "person_zone")}
        card = SignInCard(
            id=UUID(int=1),
            expires_at=END,
            person_email="a@b.example",
            person_locale=locale,
            **shared,
        )
        yield card, {}


def _bookings(
    kind: EventKind, ours: dict[str, Any]
) -> Iterator[tuple[BookingCard, dict[str, Any]]]:
    for reason in ("", *WHY_CLOSED.values()):
        yield from _bookings_because(kind, reason, ours)


def _bookings_because(
    kind: EventKind, reason: str, ours: dict[str, Any]
) -> Iterator[tuple[BookingCard, dict[str, Any]]]:
    status = MESSAGES[kind].status or BookingStatus.CONFIRMED
    card = a_card(
        **NAMES | ours,
        ends_at=END,
        quantity=3,
        status=status,
        expires_at=END,
        no_show_grace_minutes=15,
        reason=f"{reason}: Λόγος" if reason else "",
    )
    if kind not in TO_ATTENDEE_ALONE:
        for payload in VARIANTS:
            yield card, {"person_id": str(UUID(int=4)), **payload}
        handed = {"person_id": str(UUID(int=3)), "was": {"person_id": str(UUID(int=4))}}
        yield card, handed
        yield replace(card, calendar_mail=CalendarMail.FEED), {}
    if kind in INVITED and not reason:
        for on_project in (False, True):
            for name in ("", "Άννα"):
                invited = replace(card, person_name=name, attendee=_attendee(on_project=on_project))
                yield invited, {}
                yield invited, {"status": "pending", "was": WAS}


def _attendee(*, on_project: bool) -> AttendeeSeen:
    return AttendeeSeen(
        id=UUID(int=11),
        booking_id=UUID(int=1),
        person_id=None,
        address="amina@sme.example",
        name="Άννα",
        participation=Participation.NEEDS_ACTION,
        answered_sequence=None,
        added_at=START,
        removed_at=None,
        invited_by="Νίκος",
        zone=None,
        locale=None,
        on_project=on_project,
    )


def _decisions() -> Iterator[Any]:
    placement = Placement(
        session=0,
        resource_id=UUID(int=2),
        resource_name="Τόρνος",
        starts_at=START,
        ends_at=END,
        quantity=2,
    )
    names = {each: NAMES[each] for each in ("title", "facility_name", "person_name", "person_zone")}
    near = [
        NearSlot(
            session=0,
            resource=UUID(int=2),
            resource_name="Τόρνος",
            facility_name="Εργαστήριο",
            zone="Africa/Nairobi",
            mode=mode,
            starts_at=START,
            ends_at=END,
            quantity=2,
        )
        for mode in BookingMode
    ]
    decided = a_decision(**names, round_name="Γύρος", reasons=(), advice=())
    yield decided
    for share in (1_000_000, 930_000):
        yield replace(decided, placements=(placement,), merit=800, fair_share_millionths=share)
    reasons = tuple(f"Λόγος {each}, 10:00" for each in range(8))
    yield replace(decided, nearest=tuple(near), reasons=reasons, advice=("Συμβουλή",))


def _digests(locale: str) -> Iterator[DigestCard]:
    lines = tuple(
        DigestLine(
            booking_id=UUID(int=1),
            kind=kind,
            resource_name="Τόρνος",
            facility_name="Εργαστήριο",
            facility_zone="Africa/Nairobi",
            title="Τίτλος",
            starts_at=START,
            ends_at=END,
        )
        for kind in sorted(TOLD)
    )
    empty = DigestCard(
        id=UUID(int=4),
        since=START,
        changed=(),
        coming=(),
        person_name=NAMES["person_name"],
        person_email="a@b.example",
        person_zone="Europe/Athens",
        person_locale=locale,
    )
    yield empty
    coming = (replace(lines[0], kind=None),) * (MOST_LISTED + 1)
    yield replace(empty, changed=lines * 3, coming=coming)


def _accounts(kind: EventKind, locale: str) -> Iterator[tuple[AccountCard, dict[str, Any]]]:
    card = AccountCard(
        id=UUID(int=1),
        account_name="Τηλέφωνο",
        person_name=NAMES["person_name"],
        person_email="a@b.example",
        person_zone="Europe/Athens",
        person_locale=locale,
        organiser="bookings@bench.example",
    )
    if kind is EventKind.DELETIONS_HELD_BACK:
        yield card, {"link_id": str(UUID(int=9)), "until": END.isoformat()}
        return
    refused = {"reasons": ["Λόγος"], "alternatives": [TIME]}
    yield card, {**refused, "booking_id": None, "wanted": [START.isoformat(), END.isoformat()]}
    ours = {**refused, "booking_id": str(UUID(int=1)), "booking": TIME}
    yield card, {**ours, "wanted": None}
    yield card, {**ours, "deleting": True}


def _busy_calendars(ours: dict[str, Any]) -> Iterator[tuple[BusyCard, dict[str, Any]]]:
    card = BusyCard(
        id=UUID(int=1),
        calendar_name="Ημερολόγιο",
        organiser="bookings@bench.example",
        person_name=NAMES["person_name"],
        person_email="a@b.example",
        **ours,
    )
    yield card, {"problem": "Λόγος"}
    here = {"resource_name": NAMES["resource_name"], "facility_name": NAMES["facility_name"]}
    yield replace(card, resource_id=UUID(int=2), facility_slug="a", **here), {"problem": "Λόγος"}


def _entry(minutes: int, ours: dict[str, Any]) -> EntryCard:
    card = a_card(**NAMES | ours)
    shared = {
        name: getattr(card, name)
        for name in EntryCard.__dataclass_fields__
        if name in BookingCard.__dataclass_fields__
    }
    return EntryCard(**shared, earliest_at=START, latest_at=END, minutes=minutes)


def _appeals(ours: dict[str, Any]) -> Iterator[tuple[AppealCard, dict[str, Any]]]:
    for fact in AppealedFact:
        for asked_by in (UUID(int=4), UUID(int=5)):
            yield (
                AppealCard(
                    id=UUID(int=1),
                    request_id=UUID(int=2),
                    request_title="Τίτλος",
                    round_slug="round",
                    round_name="Γύρος",
                    fact=fact,
                    grounds="Λόγοι",
                    state=AppealState.OPEN,
                    answer="Απάντηση",
                    person_id=asked_by,
                    facility_name=NAMES["facility_name"],
                    facility_zone="Africa/Nairobi",
                    person_name=NAMES["person_name"],
                    person_email="a@b.example",
                    person_zone="Europe/Athens",
                    organiser="bookings@bench.example",
                    **ours,
                ),
                {},
            )
