"""Answer an offer by the link in its mail, without signing in."""

import hmac
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.permissions import Actor
from booking.engine.tokens import derived_token
from booking.errors import NotPermitted
from booking.queries import offered_time
from booking.queries.offered_time import OfferSeen
from booking.queries.people import actor_of
from booking.services import offers

PURPOSE: Final = "offer"


def offer_token(secret_key: str, offer_id: UUID) -> str:
    """Return the secret of the links that answer an offer."""
    return derived_token(secret_key, PURPOSE, str(offer_id))


def look_at(session: Session, *, offer_id: UUID, token: str, secret_key: str) -> OfferSeen:
    """Return the offer that a link is about.

    Raises: NotPermitted if the link is not one of ours, or its reader may not answer any more.
    """
    seen = offered_time.offer_seen(
        session, offer_id, viewer=_reader(session, offer_id, token, secret_key)
    )
    if seen is None:
        raise _no_link()
    return seen


def accept(
    session: Session, *, now: datetime, offer_id: UUID, token: str, secret_key: str
) -> OfferSeen:
    """Accept as whoever the offer was made to.

    Raises: NotPermitted for another link; as offers.accept.
    """
    actor = _reader(session, offer_id, token, secret_key)
    return offers.accept(session, actor=actor, now=now, offer_id=offer_id)


def decline(
    session: Session, *, now: datetime, offer_id: UUID, token: str, secret_key: str
) -> OfferSeen:
    """Decline as whoever the offer was made to.

    Raises: NotPermitted for another link; as offers.decline.
    """
    actor = _reader(session, offer_id, token, secret_key)
    return offers.decline(session, actor=actor, now=now, offer_id=offer_id)


def _reader(session: Session, offer_id: UUID, token: str, secret_key: str) -> Actor:
    """Return who may use the link: whoever the held booking is for."""
    person_id = offered_time.offered_to(session, offer_id)
    expected = offer_token(secret_key, offer_id)
    if person_id is None or not hmac.compare_digest(expected.encode(), token.encode()):
        raise _no_link()
    return actor_of(session, person_id)


def _no_link() -> NotPermitted:
    return NotPermitted(
        "This link answers no offer. Copy all of it from the mail, or sign in and open your "
        "waiting list."
    )
