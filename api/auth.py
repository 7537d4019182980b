"""Who is acting: a bearer token or the session cookie, and what guards the cookie."""

import hmac
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import Request, Response
from sqlmodel import Session

from api.limits import limit_bad_tokens
from booking.config import Settings
from booking.engine.permissions import ANONYMOUS, Actor
from booking.engine.tokens import derived_token, token_hash
from booking.errors import NotPermitted, NotSignedIn
from booking.queries import people
from booking.services.sign_in import SESSION_LIFE

COOKIE = "benchshare_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def identify(request: Request, session: Session, *, now: datetime) -> Actor:
    """Return who acts; ANONYMOUS where the request carries neither token nor cookie.

    Raises: NotSignedIn for a bearer token that is not valid, HTTPException 429 after many;
    NotPermitted for a write with a cookie that comes from another site.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        actor = people.actor_of_token(session, token_hash(token.strip()), now=now)
        if actor is None:
            limit_bad_tokens(request)
            raise NotSignedIn("This token is unknown, revoked or expired; create a new one.")
        return actor
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return ANONYMOUS
    _refuse_other_sites(request)
    return people.actor_of_cookie(session, token_hash(cookie), now=now) or ANONYMOUS


def _refuse_other_sites(request: Request) -> None:
    """Refuse a write whose Origin is another host's."""
    origin = request.headers.get("origin")
    if request.method in SAFE_METHODS or not origin:
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise NotPermitted("This came from another site. Open our own page and try again.")


def set_cookie(response: Response, settings: Settings, cookie: str) -> None:
    """Let the browser keep who is signed in, out of scripts' reach."""
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.secure,
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Let the browser forget who was signed in."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=settings.secure)


def csrf_token(settings: Settings, cookie: str) -> str:
    """Return the token that every form of this browser must carry."""
    return derived_token(settings.secret_key, "form", cookie)


def check_csrf(settings: Settings, request: Request, given: str) -> None:
    """Refuse a form that another site sent, or that does not carry this browser's token.

    Raises: NotPermitted.
    """
    _refuse_other_sites(request)
    expected = csrf_token(settings, request.cookies.get(COOKIE, ""))
    if not hmac.compare_digest(expected, given):
        raise NotPermitted("This form is too old. Reload the page and send it again.")
