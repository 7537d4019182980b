"""What programs and calendars use in a person's name: API tokens and calendar feeds."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.vocabulary import FeedOf
from booking.errors import DomainError
from booking.queries import accounts
from booking.services import calendar_tokens, tokens

router = APIRouter()
SCOPES: Final = (
    ("", "all that I may do"),
    ("read", "look only"),
    ("book", "look, book and hand in requests"),
    ("manage", "all but administering people and tokens"),
)
LIVES: Final = ((30, "30 days"), (90, "90 days"), (365, "a year"), (1825, "five years"))


@router.get("/account/tokens")
def api_tokens(visit: Visiting, address: Address) -> Response:
    """Show a person's API tokens and the form that creates one."""
    visit.sign_in_first()
    return _tokens_shown(visit, address)


@router.post("/account/tokens")
def create_token(visit: Submitting, form: Form) -> Response:
    """Create a token and show it once."""
    visit.sign_in_first()
    name, days = form.line("name", longest=100), form.whole("days", least=1, most=1825)
    form.needed("name", "Give it a name, such as the program that will use it.")
    if form.refusal:
        return _tokens_shown(visit, form, form.refusal)
    made = visit.write(
        lambda session: tokens.create_token(
            session,
            actor=visit.actor,
            now=visit.now,
            person_id=visit.person.id,
            name=name,
            scopes=[form["scope"]] if form["scope"] else [],
            expires_at=visit.now + timedelta(days=days or 365),
        )
    )
    if isinstance(made, DomainError):
        return _tokens_shown(visit, form, made)
    return _tokens_shown(visit, Typed({}), token=made[1])


@router.post("/account/tokens/{token_id:uuid}/revoke")
def revoke_token(visit: Submitting, token_id: UUID, form: Form) -> Response:
    """Revoke a token."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: tokens.revoke_token(
            session, actor=visit.actor, now=visit.now, token_id=token_id
        )
    )
    if isinstance(done, DomainError):
        return _tokens_shown(visit, form, done)
    return go(visit, "/account/tokens", "The token is revoked. It opens nothing any more.")


@router.get("/account/calendars")
def calendars(visit: Visiting, address: Address) -> Response:
    """Show a person's calendar feeds and the form that creates one."""
    visit.sign_in_first()
    return _feeds_shown(visit, address)


@router.post("/account/calendars")
def create_feed(visit: Submitting, form: Form) -> Response:
    """Create a feed and show its address once."""
    visit.sign_in_first()
    wanted = _wanted_feed(form)
    if wanted is None:
        return _feeds_shown(visit, form, form.refusal)
    of, subject_id = wanted
    made = visit.write(
        lambda session: calendar_tokens.create_feed(
            session,
            actor=visit.actor,
            now=visit.now,
            name=form.line("name", longest=100) or "calendar",
            of=of,
            subject_id=subject_id,
        )
    )
    if isinstance(made, DomainError):
        return _feeds_shown(visit, form, made)
    url = f"{visit.settings.base_url.rstrip('/')}/feeds/{made[1]}.ics"
    return _feeds_shown(visit, Typed({}), url=url)


@router.post("/account/calendars/{token_id:uuid}/revoke")
def revoke_feed(visit: Submitting, token_id: UUID, form: Form) -> Response:
    """Revoke a feed."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: calendar_tokens.revoke_feed(
            session, actor=visit.actor, now=visit.now, token_id=token_id
        )
    )
    if isinstance(done, DomainError):
        return _feeds_shown(visit, form, done)
    return go(visit, "/account/calendars", "The feed is revoked. Its address is dead.")


def _wanted_feed(form: Typed) -> tuple[FeedOf, UUID | None] | None:
    """Read what a feed shows, from `me` or a kind and an id such as `project:0190…`."""
    kind, _, text = form["shows"].partition(":")
    read = Typed({"of": kind, "id": text})
    of, subject_id = read.word("of", FeedOf), read.key("id")
    missing = of is not FeedOf.ME and subject_id is None
    if of is None or read.faults or missing:
        form.fault("shows", "Choose what the feed shows.")
        return None
    return of, subject_id


def _tokens_shown(
    visit: Visit, values: Typed, refused: DomainError | None = None, *, token: str = ""
) -> Response:
    rows = visit.read(
        lambda session: tokens.list_tokens(session, actor=visit.actor, person_id=visit.person.id)
    )
    return _shown(
        visit,
        "account/tokens.html",
        values,
        refused,
        rows=rows,
        token=token,
        scopes=SCOPES,
        lives=LIVES,
        scope_words=dict(SCOPES),
    )


def _feeds_shown(
    visit: Visit, values: Typed, refused: DomainError | None = None, *, url: str = ""
) -> Response:
    feeds, projects = visit.read(
        lambda session: (
            accounts.feeds_of(session, visit.actor),
            accounts.projects_of(session, visit.actor),
        )
    )
    choices = [("me", "My bookings"), *((f"project:{p.id}", f"{p.name}") for p in projects)]
    named = values["shows"]
    if named and named not in dict(choices):
        choices.append((named, values["of_name"] or "What you came from"))
    return _shown(
        visit, "account/calendars.html", values, refused, feeds=feeds, choices=choices, url=url
    )


def _shown(
    visit: Visit, template: str, values: Typed, refused: DomainError | None, **context: Any
) -> Response:
    response = show(
        visit,
        template,
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        **context,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
