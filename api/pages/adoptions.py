"""Audit and adopt on a request's board page: solve again without one of its declarations."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form
from api.pages.reviews import of_board, request_shown
from api.pages.visit import Submitting, go
from booking.errors import DomainError
from booking.services.adoptions import ask_adoption

router = APIRouter()


@router.post("/manage/rounds/{slug}/requests/{request_id:uuid}/adoptions")
def ask(visit: Submitting, slug: str, request_id: UUID, form: Form) -> Response:
    """Ask to solve again without the declaration that was chosen."""
    shown, facts = of_board(visit, slug, request_id)
    asked = visit.write(
        lambda session: ask_adoption(
            session,
            actor=visit.actor,
            now=visit.now,
            key=slug,
            request_id=request_id,
            group=form["group"],
        )
    )
    if isinstance(asked, DomainError):
        return request_shown(visit, shown, facts, refused=asked)
    words = "The round is being solved again without that declaration. Look again in a moment."
    return go(visit, f"/manage/rounds/{slug}/requests/{request_id}", words)
