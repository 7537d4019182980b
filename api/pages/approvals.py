"""The bookings of a facility that wait for approval: approve, or reject with a reason."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Address, Form, Typed
from api.pages.local_reasons import by_the_clock_of
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import Action
from booking.errors import DomainError
from booking.queries.bookings import pending_seen
from booking.services import booking_use

router = APIRouter()
A_PAGE: Final = 30


@router.get("/manage/facilities/{slug}/approvals")
def approvals(visit: Visiting, slug: str, address: Address) -> Response:
    """List what waits, the longest first."""
    facility = managed(visit, slug, Action.BOOKING_APPROVE)
    return _shown(visit, facility, address)


@router.post("/manage/facilities/{slug}/approvals/{booking_id:uuid}")
def answer(visit: Submitting, slug: str, booking_id: UUID, form: Form) -> Response:
    """Approve a booking, or reject it with a reason that its people read."""
    facility = managed(visit, slug, Action.BOOKING_APPROVE)
    approving = form["do"] == "approve"
    if not approving:
        form.needed("reason", "Say why, in words that help the people who asked.")
    reason = form.line("reason")
    if form.refusal:
        return _shown(visit, facility, form, form.refusal, wrong=booking_id)
    if approving:
        done = visit.write(
            lambda session: booking_use.approve(
                session, actor=visit.actor, now=visit.now, booking_id=booking_id
            )
        )
    else:
        done = visit.write(
            lambda session: booking_use.reject(
                session, actor=visit.actor, now=visit.now, booking_id=booking_id, reason=reason
            )
        )
    if isinstance(done, DomainError):
        return _shown(visit, facility, form, done)
    words = "approved, and its people are told" if approving else "rejected, with your reason"
    return go(visit, f"/manage/facilities/{slug}/approvals", f"The booking is {words}.")


def _shown(
    visit: Visit,
    facility: Any,
    values: Typed,
    refused: DomainError | None = None,
    *,
    wrong: UUID | None = None,
) -> Response:
    page = visit.read(
        lambda session: pending_seen(
            session,
            facility.id,
            viewer=visit.actor,
            limit=A_PAGE,
            cursor=values["cursor"] or None,
        )
    )
    if refused is not None:
        refused = by_the_clock_of(refused, facility.zone)
    return show(
        visit,
        "use/approvals.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        wrong=wrong,
        typed=values,
        rows=page.items,
        next=page.next,
        **around(visit, facility, "/approvals"),
    )
