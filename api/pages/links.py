"""One-time links of mails: GET shows one button, POST does what it says; nobody signs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.limits import limit_opening_links
from api.pages.booking_words import STATUS_WORDS
from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS, TITLES
from booking.engine.vocabulary import LinkPurpose
from booking.errors import DomainError
from booking.services import action_links
from booking.services.action_links import LinkStanding, LinkUsed

router = APIRouter()
GONE: Final = 410
MOST_TOLD: Final = 2


@dataclass(frozen=True, slots=True)
class _Words:
    """What a page says of a link of one purpose; `done` once it was used."""

    title: str
    ask: str
    button: str
    done: str
    danger: bool = True


WORDS: Final[Mapping[LinkPurpose, _Words]] = {
    LinkPurpose.CONFIRM_CANCELLING: _Words(
        "Cancel this booking?",
        "Your calendar answered that you do not come. One more step: press the button, and the "
        "booking is cancelled. If you do nothing, it stands.",
        "Cancel the booking",
        "The booking is cancelled.",
    ),
    LinkPurpose.UNDO_CANCELLING: _Words(
        "Keep this booking?",
        "Your calendar program deleted this booking. One more step: press the button, and it "
        "stands again as it was. If you do nothing, it is cancelled.",
        "Keep the booking",
        "The booking stands again.",
        danger=False,
    ),
    LinkPurpose.CONFIRM_DELETIONS: _Words(
        "Cancel these bookings?",
        "Your calendar program deleted many bookings at once, which may be a slip, so they still "
        "stand. One more step: press the button, and they are cancelled. If you do nothing, they "
        "stay.",
        "Cancel these bookings",
        "What was asked for is done.",
    ),
}
CLOSED: Final = {
    LinkStanding.USED: "This link works once, and it was used. This is how the booking stands now.",
    LinkStanding.SETTLED: "There is nothing to do any more: this is how the booking stands now.",
    LinkStanding.EXPIRED: "This link is too old, so it does nothing any more. To change the "
    "booking, sign in and open it.",
}


@router.get("/links/{token}")
def ask(visit: Visiting, token: str) -> Response:
    """Show one button: programs that look into mails follow links, but press no buttons."""
    return _shown(visit, token)


@router.post("/links/{token}")
def use(visit: Submitting, token: str) -> Response:
    """Do what the link is for."""
    try:
        limit_opening_links(visit.request)
    except HTTPException as limited:
        return _too_many(visit, limited)
    done = visit.write(lambda session: action_links.use(session, token=token, now=visit.now))
    if isinstance(done, DomainError):
        return _shown(visit, token, done)
    response = go(visit, f"/links/{token}", _done(done))
    _keep_secret(response)
    return response


def _done(used: LinkUsed) -> str:
    if used.purpose is not LinkPurpose.CONFIRM_DELETIONS:
        return WORDS[used.purpose].done
    words = f"Cancelled: {used.changed}."
    return " ".join([words, *(f"Another stays: {each}" for each in used.refused[:MOST_TOLD])])


def _shown(visit: Visit, token: str, refused: DomainError | None = None) -> Response:
    link = visit.read(lambda session: action_links.look_at(session, token=token, now=visit.now))
    zone = link.seen.zone
    status = 200 if link.standing is LinkStanding.OPEN else GONE
    response = show(
        visit,
        "link/link.html",
        status=STATUS[type(refused)] if refused and status != GONE else status,
        refused=by_the_clock_of(refused, zone) if refused and status != GONE else None,
        token=token,
        link=link,
        words=WORDS[link.purpose],
        closed=CLOSED.get(link.standing),
        bookings=link.waiting or (link.seen,),
        states=STATUS_WORDS,
    )
    _keep_secret(response)
    return response


def _too_many(visit: Visit, limited: HTTPException) -> Response:
    response = show(
        visit,
        "refused.html",
        status=limited.status_code,
        title=TITLES[limited.status_code],
        detail=limited.detail,
        reasons=[],
    )
    response.headers.update(limited.headers or {})
    return response


def _keep_secret(response: Response) -> None:
    """Keep a page whose address holds a token out of caches."""
    response.headers["Cache-Control"] = "no-store"
