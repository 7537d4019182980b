"""Calendar feeds in a person's account: secret addresses that calendar programs read."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.vocabulary import FeedOf
from booking.errors import DomainError
from booking.queries import accounts
from booking.services import calendar_tokens

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
    )
    response.headers["Cache-Control"] = "no-store"
    return response
