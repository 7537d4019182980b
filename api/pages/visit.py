"""A person's visit to a page: who looks, and how a template is shown to them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, unquote

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session
from starlette.exceptions import HTTPException

from api.auth import COOKIE, check_csrf, csrf_token, identify
from api.deps import AppDatabase, AppSettings, CurrentActor, Now
from api.pages.wording import FILTERS, other_reasons
from api.problems import STATUS, TITLES
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database, undone
from booking.engine.identifiers import read_locale
from booking.engine.permissions import ANONYMOUS, Actor, Role
from booking.engine.violations import Violation
from booking.errors import DomainError, NotSignedIn
from booking.queries import people

T = TypeVar("T")
HERE: Final = Path(__file__).parent
NOTICE: Final = "benchshare_notice"
LANGUAGE: Final = "benchshare_language"
SHIPPED: Final = frozenset({"en"})
A_YEAR: Final = 365 * 24 * 3600
DESK_ROLES: Final = frozenset({Role.MANAGER, Role.OPERATOR, Role.REVIEWER, Role.OFFICER})


def _static(name: str) -> str:
    """Return the address of a static file; it changes with the file, so it can be cached."""
    return f"/static/{name}?v={int((HERE / 'static' / name).stat().st_mtime)}"


TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters.update(FILTERS)
TEMPLATES.globals["static"] = _static


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page: who looks, when, and at what."""

    request: Request
    settings: Settings
    database: Database
    actor: Actor
    person: Any
    now: datetime

    @property
    def zone(self) -> str:
        """The time zone the visitor reads times in."""
        return self.person.zone if self.person else "UTC"

    @property
    def language(self) -> str:
        """The language the page is in: the one asked for where it is shipped, else English."""
        asked = self.request.query_params.get("lang") or self.request.cookies.get(LANGUAGE, "")
        return asked if asked in SHIPPED else "en"

    @property
    def csrf(self) -> str:
        """The token that every form of this visitor must carry."""
        return csrf_token(self.settings, self.request.cookies.get(COOKIE, ""))

    def read(self, look: Callable[[Session], T]) -> T:
        """Return what `look` reads, in a session of its own."""
        with self.database.reading() as session:
            return look(session)

    def write(self, change: Callable[[Session], T]) -> T | DomainError:
        """Return what `change` did in one transaction, or the refusal that undid it."""
        try:
            with self.database.writing() as session:
                return change(session)
        except DomainError as refused:
            return refused

    def rehearse(self, change: Callable[[Session], T]) -> T | DomainError:
        """Return what `change` would do, or its refusal; nothing of it stays."""
        try:
            with self.database.writing() as session, undone(session):
                return change(session)
        except DomainError as refused:
            return refused

    def sign_in_first(self) -> None:
        """Return if somebody is signed in.

        Raises: NotSignedIn, which leads to the sign-in page.
        """
        if self.person is None:
            raise NotSignedIn("Sign in first.")


def _visit(
    request: Request, settings: AppSettings, database: AppDatabase, actor: CurrentActor, now: Now
) -> Visit:
    person = None
    if actor.person_id:
        with database.reading() as session:
            person = people.person(session, actor.person_id)
    return Visit(request, settings, database, actor, person, now)


Visiting = Annotated[Visit, Depends(_visit)]


def visit_of(request: Request) -> Visit:
    """Return the visit behind a request that a handler outside any route must answer."""
    state = request.app.state
    now = utc_now()
    return _visit(request, state.settings, state.database, _known_actor(request, now), now)


def trouble_page(request: Request, status: int, detail: str) -> Response:
    """Answer what went wrong on our side with the menu and what to do; never fails itself."""
    try:
        visit = visit_of(request)
    except Exception:  # noqa: BLE001 - whatever was broken may break the look at who visits too
        state = request.app.state
        visit = Visit(request, state.settings, state.database, ANONYMOUS, None, utc_now())
    return show(visit, "trouble.html", status=status, title=TITLES[status], detail=detail)


def _known_actor(request: Request, now: datetime) -> Actor:
    """Return who acts; nobody where that was refused, since then the page says why."""
    try:
        with request.app.state.database.reading() as session:
            return identify(request, session, now=now)
    except (DomainError, HTTPException):
        return ANONYMOUS


def _checked(visit: Visiting, csrf: Annotated[str, Form()] = "") -> Visit:
    check_csrf(visit.settings, visit.request, csrf)
    return visit


Submitting = Annotated[Visit, Depends(_checked)]
"""A visit that sent a form which carries this visitor's own token."""


def show(visit: Visit, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template for the visitor; a notice left by the page before is shown once."""
    notice = unquote(visit.request.cookies.get(NOTICE, ""))
    html = TEMPLATES.get_template(template).render(
        visit=visit,
        path=visit.request.url.path,
        person=visit.person,
        zone=visit.zone,
        now=visit.now,
        language=visit.language,
        csrf=visit.csrf,
        menu=_menu(visit),
        notice=notice,
        **context,
    )
    response = HTMLResponse(html, status)
    if notice:
        response.delete_cookie(NOTICE)
    if visit.person:
        response.headers["Cache-Control"] = "private, no-cache"
    _keep_language(visit, response)
    return response


def _keep_language(visit: Visit, response: Response) -> None:
    """Keep the language that the address asks for, also one that is not shipped yet."""
    asked = read_locale(visit.request.query_params.get("lang", ""))
    if not isinstance(asked, Violation):
        response.set_cookie(
            LANGUAGE,
            asked,
            max_age=A_YEAR,
            httponly=True,
            samesite="lax",
            secure=visit.settings.secure,
        )


def go(visit: Visit, where: str, notice: str = "") -> Response:
    """Lead the visitor to another page after a form, with a notice of what was done."""
    response = RedirectResponse(where, 303)
    if notice:
        response.set_cookie(
            NOTICE,
            quote(notice),
            max_age=60,
            httponly=True,
            samesite="lax",
            secure=visit.settings.secure,
        )
    return response


def _menu(visit: Visit) -> list[tuple[str, str]]:
    menu = [("/", "Find"), ("/rounds", "Rounds")]
    if visit.person is None:
        return [*menu, ("/sign-in", "Sign in")]
    menu.append(("/bookings", "My bookings"))
    if any(grant.role in DESK_ROLES for grant in visit.actor.grants):
        menu.append(("/manage", "Manager's desk"))
    return [*menu, ("/account", "Account")]


def refused_page(visit: Visit, refused: DomainError) -> Response:
    """Answer a refusal that no form shows: sign-in when nobody is, else a page that says why."""
    if isinstance(refused, NotSignedIn):
        target = visit.request.url.path if visit.request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?next={quote(target)}", 303)
    status = STATUS[type(refused)]
    return show(
        visit,
        "refused.html",
        status=status,
        title=TITLES[status],
        detail=refused.message,
        reasons=other_reasons(refused),
    )
