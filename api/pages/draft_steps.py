"""What else becomes of a draft round: deleted after a second look, or led by another facility."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.round_drafts import draft_seen, places_to_draft
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.errors import DomainError
from booking.queries.rounds import facilities
from booking.services.round_drafts import delete_draft, hand_over_lead

router = APIRouter()


@router.get("/manage/rounds/{slug}/delete")
def ask_to_delete(visit: Visiting, slug: str) -> Response:
    """Say what goes with the draft, and ask."""
    found, _ = draft_seen(visit, slug)
    return show(visit, "board/delete.html", found=found, refused=None)


@router.post("/manage/rounds/{slug}/delete")
def delete(visit: Submitting, slug: str) -> Response:
    """Delete the draft."""
    found, _ = draft_seen(visit, slug)
    name = found.name
    refused = visit.write(
        lambda session: delete_draft(session, actor=visit.actor, now=visit.now, key=slug)
    )
    if isinstance(refused, DomainError):
        status = STATUS[type(refused)]
        return show(visit, "board/delete.html", status=status, found=found, refused=refused)
    return go(visit, "/manage", f"The draft {name} is deleted.")


@router.get("/manage/rounds/{slug}/lead")
def choose_lead(visit: Visiting, slug: str) -> Response:
    """Show which facilities may lead the draft instead."""
    found, _ = draft_seen(visit, slug)
    return _leads(visit, found, typed({}))


@router.post("/manage/rounds/{slug}/lead")
def hand_over(visit: Submitting, slug: str, form: Form) -> Response:
    """Hand the lead over; who may do so runs rounds at both facilities."""
    found, _ = draft_seen(visit, slug)
    if form["facility"] not in {each.slug for each in places_to_draft(visit)}:
        form.fault("facility", "Choose the facility that is to lead.")
        return _leads(visit, found, form, form.refusal)

    def write(session: Session) -> Any:
        return hand_over_lead(
            session, actor=visit.actor, now=visit.now, key=slug, facility=form["facility"]
        )

    done = visit.write(write)
    if isinstance(done, DomainError):
        return _leads(visit, found, form, done)
    return go(visit, f"/manage/rounds/{slug}", "Another facility leads the round now.")


def _leads(visit: Visit, found: Any, form: Typed, refused: DomainError | None = None) -> Response:
    places = places_to_draft(visit)
    others = [(each.slug, each.name) for each in places if each.id != found.facility_id]
    lead = visit.read(lambda session: facilities(session, [found.facility_id]))
    return show(
        visit,
        "board/lead.html",
        status=200 if refused is None else STATUS[type(refused)],
        found=found,
        lead=lead[found.facility_id].name,
        places=others,
        typed=form,
        refused=refused,
        errors=errors_of(refused),
    )
