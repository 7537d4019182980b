"""A facility's mails: those that could not be sent, and what came back in answer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.delivery_words import failure_in_words
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Scope, may
from booking.engine.vocabulary import DeliveryState, ReplyOutcome
from booking.errors import DomainError, NotFound
from booking.queries.answers import incoming_counts
from booking.queries.deliveries import DeliverySeen, count_failed, deliveries_seen, delivery_seen
from booking.services import deliveries
from notifications.sentences import MESSAGES, About

router = APIRouter()
MOST_SHOWN: Final = 100
COUNTED_DAYS: Final = 30
OUTCOMES: Final[Mapping[ReplyOutcome, str]] = {
    ReplyOutcome.NOTED: "answers noted",
    ReplyOutcome.CONFIRMATION_ASKED: "asked to confirm that they cancel",
    ReplyOutcome.COUNTER_DECLINED: "proposed times, answered with a link",
    ReplyOutcome.OUTDATED: "out of date: a newer answer or state was there",
    ReplyOutcome.BOUNCED: "mails that came back",
    ReplyOutcome.AUTOMATIC: "absence notes and other automatic mails",
    ReplyOutcome.UNMATCHED: "matched no booking: junk, or words that nobody reads",
    ReplyOutcome.UNREADABLE: "could not be read",
}


@router.get("/manage/facilities/{slug}/mail")
def mails(visit: Visiting, slug: str) -> Response:
    """Show the mails that failed, and how many answers came in."""
    return _shown(visit, managed(visit, slug, Action.DELIVERY_SEE))


@router.post("/manage/facilities/{slug}/mail/resend")
def resend_all(visit: Submitting, slug: str) -> Response:
    """Send every mail that failed again."""
    facility = managed(visit, slug, Action.DELIVERY_RESEND)
    done = visit.write(
        lambda session: deliveries.retry_all(
            session, actor=visit.actor, facility_id=facility.id, now=visit.now
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, done)
    words = "1 mail" if done == 1 else f"{done} mails"
    return go(visit, f"/manage/facilities/{slug}/mail", f"{words} will be sent again in a moment.")


@router.post("/manage/facilities/{slug}/mail/{delivery_id:uuid}/resend")
def resend(visit: Submitting, slug: str, delivery_id: UUID) -> Response:
    """Send a mail that failed again."""
    facility = managed(visit, slug, Action.DELIVERY_RESEND)
    seen = visit.read(lambda session: delivery_seen(session, delivery_id, viewer=visit.actor))
    if seen is None or seen.facility_id != facility.id:
        raise NotFound("There is no such mail here; look at the list of those that failed.")
    done = visit.write(
        lambda session: deliveries.retry(
            session, actor=visit.actor, delivery_id=delivery_id, now=visit.now
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, done)
    words = "The mail will be sent again in a moment."
    return go(visit, f"/manage/facilities/{slug}/mail", words)


def _shown(visit: Visit, facility: Any, refused: DomainError | None = None) -> Response:
    failed = visit.read(
        lambda session: deliveries_seen(
            session,
            viewer=visit.actor,
            facility_id=facility.id,
            state=DeliveryState.FAILED,
            limit=MOST_SHOWN,
        )
    )
    since = visit.now - timedelta(days=COUNTED_DAYS)
    return show(
        visit,
        "manage/mail.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        failed=[(each, _subject(each), _page_of(each)) for each in failed.items],
        failures=visit.read(lambda session: count_failed(session, facility.id)),
        why=failure_in_words,
        counts=visit.read(lambda session: incoming_counts(session, facility.id, since=since)),
        outcomes=OUTCOMES,
        days=COUNTED_DAYS,
        resends=may(visit.actor, Action.DELIVERY_RESEND, Scope(facility_id=facility.id)),
        **around(visit, facility, "/mail"),
    )


def _subject(seen: DeliverySeen) -> str:
    """Word what a mail says, as its subject begins."""
    message = MESSAGES.get(EventKind(seen.kind))
    return seen.kind if message is None else message.subject


def _page_of(seen: DeliverySeen) -> str:
    message = MESSAGES.get(EventKind(seen.kind))
    about_booking = message is not None and message.about is About.BOOKING
    return f"/bookings/{seen.subject_id}" if about_booking else ""
