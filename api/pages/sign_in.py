"""Signing in by a link that is sent by mail, and out again."""

from typing import Final
from urllib.parse import quote, unquote

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.auth import COOKIE, clear_cookie, set_cookie
from api.limits import limit_asking_for_links, limit_opening_links
from api.pages.fields import Address, Form, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS, TITLES
from booking.errors import DomainError
from booking.services import sign_in

router = APIRouter()
NEXT: Final = "benchshare_next"
NEXT_SECONDS: Final = 3600
LONGEST_NEXT: Final = 500


def local_path(text: str) -> str:
    """Return a path on this site, or the bookings where `text` leads elsewhere."""
    elsewhere = not text.startswith("/") or text.startswith(("//", "/\\", "/sign-"))
    odd = len(text) > LONGEST_NEXT or not text.isascii() or not text.isprintable() or "\\" in text
    return "/bookings" if elsewhere or odd else text


@router.get("/sign-in")
def ask(visit: Visiting, address: Address) -> Response:
    """Show the form that asks for a link."""
    if visit.person is not None:
        return go(visit, local_path(address["next"]))
    return show(visit, "sign_in/ask.html", typed=address, refused=None, errors={})


@router.post("/sign-in")
def send_link(visit: Submitting, form: Form) -> Response:
    """Send a link; the answer is the same whether or not the address is known."""
    try:
        limit_asking_for_links(visit.request, form["email"])
    except HTTPException as limited:
        return _too_many(visit, limited)
    sent = visit.write(
        lambda session: sign_in.ask_for_link(
            session, email=form["email"], now=visit.now, secret_key=visit.settings.secret_key
        )
    )
    if isinstance(sent, DomainError):
        return show(
            visit,
            "sign_in/ask.html",
            status=STATUS[type(sent)],
            typed=form,
            refused=sent,
            errors=errors_of(sent),
        )
    minutes = int(sign_in.LINK_LIFE.total_seconds()) // 60
    response = show(visit, "sign_in/sent.html", email=form["email"].strip(), minutes=minutes)
    response.set_cookie(
        NEXT,
        quote(local_path(form["next"])),
        max_age=NEXT_SECONDS,
        httponly=True,
        samesite="lax",
        secure=visit.settings.secure,
    )
    return response


@router.get("/sign-in/{token}")
def offer_to_open(visit: Visiting, token: str) -> Response:
    """Show one button: programs that look into mails follow links, but press no buttons."""
    response = show(visit, "sign_in/open.html", token=token)
    _keep_secret(response)
    return response


@router.post("/sign-in/{token}")
def open_link(visit: Submitting, token: str) -> Response:
    """Use the link up and sign this browser in."""
    try:
        limit_opening_links(visit.request)
    except HTTPException as limited:
        return _too_many(visit, limited)
    opened = visit.write(lambda session: sign_in.open_link(session, token=token, now=visit.now))
    if isinstance(opened, DomainError):
        return show(visit, "sign_in/stale.html", status=STATUS[type(opened)], reason=opened.message)
    cookie, person = opened
    target = local_path(unquote(visit.request.cookies.get(NEXT, "")))
    words = f"Welcome, {person.name}. You are signed in."
    if person.zone == "UTC":
        words += " Times are shown in UTC: choose your own time zone on the account page."
    response = go(visit, target, words)
    set_cookie(response, visit.settings, cookie)
    response.delete_cookie(NEXT)
    _keep_secret(response)
    return response


@router.post("/sign-out")
def sign_out(visit: Submitting) -> Response:
    """End this browser's session."""
    cookie = visit.request.cookies.get(COOKIE, "")
    visit.write(lambda session: sign_in.sign_out(session, cookie=cookie))
    response = go(visit, "/", "You are signed out.")
    clear_cookie(response, visit.settings)
    return response


def _too_many(visit: Visit, limited: HTTPException) -> Response:
    title = TITLES[limited.status_code]
    response = show(
        visit,
        "refused.html",
        status=limited.status_code,
        title=title,
        detail=limited.detail,
        reasons=[],
    )
    response.headers.update(limited.headers or {})
    return response


def _keep_secret(response: Response) -> None:
    """Keep a page whose address holds a token out of caches."""
    response.headers["Cache-Control"] = "no-store"
