"""Feeds and calendar accounts in a person's account: what calendar programs open."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.vocabulary import CalendarAccess, FeedOf
from booking.errors import DomainError
from booking.queries import accounts
from booking.services import calendar_tokens
from booking.services.calendar_tokens import NewAccount

router = APIRouter()


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


@router.post("/account/calendars/accounts")
def create_account(visit: Submitting, form: Form) -> Response:
    """Create a calendar account and show its username and password once."""
    visit.sign_in_first()
    access = form.word("access", CalendarAccess) or CalendarAccess.READ_ONLY
    wanted = _wanted_feed(form, "account_shows")
    if wanted is None:
        return _feeds_shown(visit, form, form.refusal)
    of, subject_id = wanted
    made = visit.write(
        lambda session: calendar_tokens.create_account(
            session,
            actor=visit.actor,
            now=visit.now,
            name=form.line("account_name", longest=100) or "calendar",
            of=of,
            subject_id=subject_id,
            access=access,
        )
    )
    if isinstance(made, DomainError):
        return _feeds_shown(visit, form, made)
    return _feeds_shown(visit, Typed({}), account=made)


@router.get("/account/calendars/set-up")
def set_up(visit: Visiting) -> Response:
    """Say how each calendar program is set up, and what it can do."""
    return show(visit, "account/set_up.html", base=visit.settings.base_url.rstrip("/"))


@router.post("/account/calendars/{token_id:uuid}/revoke")
def revoke_feed(visit: Submitting, token_id: UUID, form: Form) -> Response:
    """Revoke a feed or a calendar account."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: calendar_tokens.revoke_feed(
            session, actor=visit.actor, now=visit.now, token_id=token_id
        )
    )
    if isinstance(done, DomainError):
        return _feeds_shown(visit, form, done)
    return go(visit, "/account/calendars", "It is revoked. No program can read it any more.")


def _wanted_feed(form: Typed, name: str = "shows") -> tuple[FeedOf, UUID | None] | None:
    """Read what a calendar shows, from `me` or a kind and an id such as `project:0190…`."""
    kind, _, text = form[name].partition(":")
    read = Typed({"of": kind, "id": text})
    of, subject_id = read.word("of", FeedOf), read.key("id")
    missing = of is not FeedOf.ME and subject_id is None
    if of is None or read.faults or missing:
        form.fault(name, "Choose what the calendar shows.")
        return None
    return of, subject_id


def _feeds_shown(
    visit: Visit,
    values: Typed,
    refused: DomainError | None = None,
    *,
    url: str = "",
    account: NewAccount | None = None,
) -> Response:
    feeds, projects = visit.read(
        lambda session: (
            accounts.feeds_of(session, visit.actor),
            accounts.projects_of(session, visit.actor),
        )
    )
    choices = [("me", "My bookings"), *((f"project:{p.id}", f"{p.name}") for p in projects)]
    named = values["shows"] or values["account_shows"]
    if named and named not in dict(choices):
        choices.append((named, values["of_name"] or "What you came from"))
    response = show(
        visit,
        "account/calendars.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        feeds=feeds,
        choices=choices,
        url=url,
        account=account,
        base=visit.settings.base_url.rstrip("/"),
    )
    response.headers["Cache-Control"] = "no-store"
    return response
