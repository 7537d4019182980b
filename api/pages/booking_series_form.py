"""Repeat a booking by a form: first the dates that can be had and those that cannot, then done."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages import booking_wish
from api.pages.booking_form import form_shown, known
from api.pages.booking_wish import KEPT, REPEATS, TIMES
from api.pages.fields import Form, Typed
from api.pages.local_reasons import in_zone
from api.pages.visit import Submitting, Visit, go, show
from booking.engine.repetition import MOST_DATES, Every, Repetition
from booking.engine.wording import counted
from booking.errors import DomainError
from booking.queries import catalogue, projects
from booking.queries.catalogue import ResourceFacts
from booking.services.booking_series import RefusedDate, SeriesOutcome, book_series
from booking.services.bookings import NewBooking

router = APIRouter()
MOST_APART: Final = 52


@router.post("/resources/{resource_id:uuid}/book/series")
def book_all(visit: Submitting, resource_id: UUID, form: Form) -> Response:
    """Book every date that can be had."""
    visit.sign_in_first()
    found = visit.read(lambda session: known(session, visit, resource_id))
    new, repeats = booking_wish.read_new(form, found), read_repetition(form)
    if new is None or repeats is None or form.refusal:
        return form_shown(visit, resource_id, form, form.refusal)
    outcome = visit.write(lambda session: _book(session, visit, new, repeats, dry_run=False))
    if isinstance(outcome, DomainError):
        return form_shown(visit, resource_id, form, outcome)
    done = f"Booked on {counted(len(outcome.bookings), 'date')}."
    if outcome.refused:
        done += f" {counted(len(outcome.refused), 'date')} could not be had."
    where = f"/bookings/{outcome.bookings[0].id}"
    return go(visit, where, f"{done} We are sending calendar invitations.")


def series_checked(visit: Visit, found: ResourceFacts, form: Typed) -> Response:
    """Show which dates could be had and which not; books nothing."""
    new, repeats = booking_wish.read_new(form, found), read_repetition(form)
    if new is None or repeats is None or form.refusal:
        return form_shown(visit, found.id, form, form.refusal)
    outcome = visit.rehearse(lambda session: _book(session, visit, new, repeats, dry_run=True))
    if isinstance(outcome, DomainError):
        return form_shown(visit, found.id, form, outcome)
    return _check_shown(visit, found, form, new, outcome)


def read_repetition(form: Typed) -> Repetition | None:
    """Read how often it is repeated; None where it is not, or the form has a fault."""
    every = form.word("every", Every)
    interval = form.whole("interval", least=1, most=MOST_APART)
    count = form.whole("count", least=1, most=MOST_DATES)
    until = form.day("until")
    if every is None:
        return None
    if count is None and until is None:
        form.fault("count", "Say how many times, or until which day.")
    if count is not None and until is not None:
        form.fault("until", "Say how many times, or until which day, and leave the other empty.")
    return None if form.refusal else Repetition(every, interval or 1, count=count, until=until)


def _book(
    session: Any, visit: Visit, new: NewBooking, repeats: Repetition, *, dry_run: bool
) -> SeriesOutcome:
    return book_series(
        session,
        actor=visit.actor,
        now=visit.now,
        domain=visit.settings.host,
        new=new,
        repeats=repeats,
        dry_run=dry_run,
    )


def _check_shown(
    visit: Visit, found: ResourceFacts, form: Typed, new: NewBooking, outcome: SeriesOutcome
) -> Response:
    filled = booking_wish.with_day(form, found.zone)
    people = visit.read(lambda session: projects.people_of(session, new.project_id))
    project = visit.read(lambda session: projects.project(session, new.project_id))
    elsewhere = visit.read(lambda session: _places(session, outcome.refused))
    return show(
        visit,
        "booking/series_check.html",
        resource=found,
        new=new,
        outcome=outcome,
        elsewhere=elsewhere,
        project=project,
        whose=next((each.name for each in people if each.person_id == new.person_id), ""),
        typed=filled,
        kept=[name for name in (*KEPT, *REPEATS) if filled[name]],
        back=booking_wish.query_of(filled, *TIMES, *KEPT, *REPEATS),
        minutes=booking_wish.length_of(new),
        counted_credits=booking_wish.credits_of(
            found,
            minutes=booking_wish.length_of(new) * len(outcome.dates),
            quantity=new.quantity,
        ),
        by_clock=in_zone,
    )


def _places(session: Any, refused: Sequence[RefusedDate]) -> dict[str, ResourceFacts]:
    """Return the resources on which other times are offered, by id."""
    ids = {UUID(other["resource_id"]) for each in refused for other in each.alternatives}
    return {str(key): one for key, one in catalogue.facts_of(session, ids).items()}
