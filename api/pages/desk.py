"""The manager's desk: facilities, bookings to approve, mails that failed, rounds under way."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form
from api.pages.rounds import STATE_WORDS
from api.pages.visit import DESK_ROLES, Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import NOWHERE, Action, Scope, may
from booking.engine.vocabulary import AppealState
from booking.errors import DomainError, NotPermitted
from booking.queries.appeals import AppealFacts, appeals
from booking.queries.bookings import BookingFilter, bookings_seen
from booking.queries.desk import desk, rounds_under_way
from booking.queries.events import failed_deliveries
from booking.services import booking_use, deliveries

router = APIRouter()
MOST_SHOWN: Final = 50
NO_FACILITY: Final = "of no facility"
PENDING: Final = frozenset({BookingStatus.PENDING})


@router.get("/manage")
def manage(visit: Visiting) -> Response:
    """Show what waits for the visitor at the facilities they look after."""
    return _shown(visit)


@router.post("/manage/bookings/{booking_id:uuid}/approve")
def approve(visit: Submitting, booking_id: UUID) -> Response:
    """Approve a pending booking."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: booking_use.approve(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id
        )
    )
    return _answered(visit, done, "The booking is approved, and its people are told.")


@router.post("/manage/bookings/{booking_id:uuid}/reject")
def reject(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Reject a pending booking, with a reason that its people read."""
    visit.sign_in_first()
    form.needed("reason", "Say why, in words that help the people who asked.")
    if form.refusal:
        return _shown(visit, form.refusal, wrong=booking_id)
    done = visit.write(
        lambda session: booking_use.reject(
            session,
            actor=visit.actor,
            now=visit.now,
            booking_id=booking_id,
            reason=form.line("reason"),
        )
    )
    return _answered(visit, done, "The booking is rejected, and its people read your reason.")


@router.post("/manage/deliveries/{delivery_id:uuid}/retry")
def retry(visit: Submitting, delivery_id: UUID) -> Response:
    """Send a mail that was given up again."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: deliveries.retry(
            session, actor=visit.actor, delivery_id=delivery_id, now=visit.now
        )
    )
    return _answered(visit, done, "The mail will be sent again in a moment.")


def _answered(visit: Visit, done: Any, words: str) -> Response:
    return _shown(visit, done) if isinstance(done, DomainError) else go(visit, "/manage", words)


def _shown(
    visit: Visit, refused: DomainError | None = None, *, wrong: UUID | None = None
) -> Response:
    visit.sign_in_first()
    if not any(each.role in DESK_ROLES for each in visit.actor.grants):
        raise NotPermitted(
            "The desk is for those who run a facility. If you do, ask one of its managers, or a "
            "programme officer, to give you a role there."
        )
    places = visit.read(lambda session: desk(session, viewer=visit.actor))
    ids = [each.facility.id for each in places]
    return show(
        visit,
        "manage/desk.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        wrong=wrong,
        places=places,
        rounds=visit.read(lambda session: rounds_under_way(session, facility_ids=ids)),
        words=STATE_WORDS,
        pending=_pending(visit, [each.facility.id for each in places if each.pending]),
        runs=_where(visit, Action.BOOKING_CHECK_IN, ids),
        approves=_where(visit, Action.BOOKING_APPROVE, ids),
        open_appeals=_open_appeals(visit),
        failed=_failed(visit, [each.facility for each in places if each.failed]),
        may_verify=may(visit.actor, Action.ORGANISATION_VERIFY, Scope()),
        may_draft=any(
            may(visit.actor, Action.ROUND_CREATE, Scope(facility_id=each)) for each in ids
        ),
    )


def _where(visit: Visit, action: Action, ids: list[UUID]) -> frozenset[UUID]:
    return frozenset(each for each in ids if may(visit.actor, action, Scope(facility_id=each)))


def _open_appeals(visit: Visit) -> tuple[AppealFacts, ...]:
    """Return the newest appeals that the visitor is to answer."""
    if not may(visit.actor, Action.APPEAL_ANSWER, NOWHERE):
        return ()
    waiting = AppealState.OPEN
    page = visit.read(
        lambda session: appeals(session, viewer=visit.actor, state=waiting, limit=MOST_SHOWN)
    )
    return tuple(page.items)


def _pending(visit: Visit, ids: list[UUID]) -> list[Any]:
    """Return the bookings that the visitor may approve, a few a facility."""
    found: list[Any] = []
    for each in ids:
        if may(visit.actor, Action.BOOKING_APPROVE, Scope(facility_id=each)):
            only = BookingFilter(facility_id=each, statuses=PENDING)
            page = visit.read(
                lambda session, only=only: bookings_seen(  # type: ignore[misc]
                    session, viewer=visit.actor, only=only, limit=MOST_SHOWN
                )
            )
            found.extend(page.items)
    return found


def _failed(visit: Visit, places: list[Any]) -> list[tuple[str, Any]]:
    """Return the mails that were given up, each with its facility's name.

    Those of none, such as sign-in links, come last; the viewer may not see them everywhere.
    """
    found: list[tuple[str, Any]] = []
    for name, place_id in (*((each.name, each.id) for each in places), (NO_FACILITY, None)):
        page = visit.read(
            lambda session, place_id=place_id: failed_deliveries(  # type: ignore[misc]
                session, viewer=visit.actor, facility_id=place_id, limit=MOST_SHOWN, cursor=None
            )
        )
        found.extend((name, each) for each in page.items)
    return found
