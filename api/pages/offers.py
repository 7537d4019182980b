"""An offer of time: what it is, how long it is held, and its two answers."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Action, may
from booking.engine.vocabulary import OfferState
from booking.engine.waitlist_words import standing_words
from booking.errors import DomainError, NotFound
from booking.queries.offered_time import OfferSeen, offer_seen
from booking.services import offer_links, offers

router = APIRouter()
Answer = Literal["accept", "decline"]
OFFER_WORDS: Final[Mapping[OfferState, tuple[str, str, str]]] = {
    OfferState.MADE: ("held for you", "warn", "It is yours if you take it in time."),
    OfferState.ACCEPTED: ("taken", "good", "It was taken in time."),
    OfferState.DECLINED: ("let go", "", "It was let go, for others to have."),
    OfferState.EXPIRED: ("ended", "bad", "Nobody answered it in time."),
}
APPROVAL: Final = "It was taken in time. The facility has yet to approve it."


@router.get("/offers/{offer_id:uuid}")
def offer(visit: Visiting, offer_id: UUID) -> Response:
    """Show an offer, with its two answers to those who may give them."""
    visit.sign_in_first()
    return _shown(visit, offer_id)


@router.post("/offers/{offer_id:uuid}/{answer}")
def answer_offer(visit: Submitting, offer_id: UUID, answer: Answer) -> Response:
    """Take the offered time, or let it go."""
    visit.sign_in_first()
    service = offers.accept if answer == "accept" else offers.decline
    done = visit.write(
        lambda session: service(session, actor=visit.actor, now=visit.now, offer_id=offer_id)
    )
    if isinstance(done, DomainError):
        return _shown(visit, offer_id, done)
    if answer == "accept":
        return go(visit, f"/bookings/{done.seen.booking.id}", _taken(done))
    return go(visit, "/waiting-list", "Let go. The time is there for others.")


@router.get("/offers/{offer_id:uuid}/{answer}/{token}")
def ask_by_link(visit: Visiting, offer_id: UUID, answer: Answer, token: str) -> Response:
    """Show one button: programs that look into mails follow links, but press no buttons."""
    return _link_shown(visit, offer_id, answer, token)


@router.post("/offers/{offer_id:uuid}/{answer}/{token}")
def answer_by_link(visit: Submitting, offer_id: UUID, answer: Answer, token: str) -> Response:
    """Answer as whoever the mail was for."""
    service = offer_links.accept if answer == "accept" else offer_links.decline
    done = visit.write(
        lambda session: service(
            session,
            now=visit.now,
            offer_id=offer_id,
            token=token,
            secret_key=visit.settings.secret_key,
        )
    )
    if isinstance(done, DomainError):
        return _link_shown(visit, offer_id, answer, token, done)
    words = _taken(done) if answer == "accept" else "Let go. The time is there for others."
    response = go(visit, f"/offers/{offer_id}/{answer}/{token}", words)
    _keep_secret(response)
    return response


def _taken(done: OfferSeen) -> str:
    if done.seen.booking.status is BookingStatus.PENDING:
        return "Taken. The facility has yet to approve it, and keeps it for you until then."
    return "Taken. The booking is yours, and the calendar invitation follows."


def _shown(visit: Visit, offer_id: UUID, refused: DomainError | None = None) -> Response:
    seen = visit.read(lambda session: offer_seen(session, offer_id, viewer=visit.actor))
    if seen is None:
        raise NotFound("There is no such offer, or it is not yours to see. Look at your list.")
    return show(
        visit,
        "offer/offer.html",
        why=standing_words(seen.offer.standing),
        answers=may(visit.actor, Action.BOOKING_CHANGE, seen.seen.scope),
        **_words(visit, seen, refused),
    )


def _link_shown(
    visit: Visit,
    offer_id: UUID,
    answer: Answer,
    token: str,
    refused: DomainError | None = None,
) -> Response:
    seen = visit.read(
        lambda session: offer_links.look_at(
            session, offer_id=offer_id, token=token, secret_key=visit.settings.secret_key
        )
    )
    response = show(
        visit,
        "offer/answer.html",
        answer=answer,
        token=token,
        **_words(visit, seen, refused),
    )
    _keep_secret(response)
    return response


def _words(visit: Visit, seen: OfferSeen, refused: DomainError | None) -> dict[str, Any]:
    """Say what both pages show: the offer, its state, and how long is left."""
    name, tone, words = OFFER_WORDS[seen.offer.state]
    if seen.seen.booking.status is BookingStatus.PENDING:
        words = APPROVAL
    return {
        "status": 200 if refused is None else STATUS[type(refused)],
        "refused": None if refused is None else by_the_clock_of(refused, seen.seen.zone),
        "offer": seen.offer,
        "seen": seen.seen,
        "booking": seen.seen.booking,
        "state": (name, tone),
        "words": words,
        "is_open": seen.offer.state is OfferState.MADE and visit.now < seen.offer.deadline_at,
        "minutes_left": (seen.offer.deadline_at - visit.now) // MINUTE,
    }


def _keep_secret(response: Response) -> None:
    """Keep a page whose address holds a token out of caches.

    Other sites never learn the address, by the Referrer-Policy that every page has. A stricter
    one would take the Origin from our own form too, which is then refused.
    """
    response.headers["Cache-Control"] = "no-store"
