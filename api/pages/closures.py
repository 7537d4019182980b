"""Closures of a facility: listed, entered after a look at whom they displace, changed, removed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import Action
from booking.engine.vocabulary import ClosureKind
from booking.engine.wording import counted
from booking.errors import DomainError, NotFound, StaleVersion
from booking.queries import catalogue as reads
from booking.queries import closures as closure_reads
from booking.services.closures import (
    ClosureChanges,
    NewClosure,
    add_closure,
    edit_closure,
    remove_closure,
)
from booking.services.displacement import Displacement

router = APIRouter()
MOST_SHOWN: Final = 200
MOST_PAST: Final = 50
KINDS: Final = (
    (ClosureKind.MAINTENANCE, "maintenance"),
    (ClosureKind.HOLIDAY, "holiday"),
    (ClosureKind.OUTAGE, "outage"),
)
Change = Callable[[Session, bool], Displacement]


@dataclass(frozen=True, slots=True)
class Done:
    """That closures were written, and how many bookings gave way to them."""

    displaced: int

    @property
    def words(self) -> str:
        """How a notice of it ends."""
        if not self.displaced:
            return "; no booking fell into that time."
        were = "was" if self.displaced == 1 else "were"
        return f"; {counted(self.displaced, 'booking')} {were} displaced, and each holder is told."


Outcome = DomainError | Displacement | Done


@router.get("/manage/facilities/{slug}/closures")
def closed(visit: Visiting, slug: str) -> Response:
    """List the closures that are not over and the last of those that are, with the form."""
    return _listed(visit, managed(visit, slug, Action.CLOSURE_EDIT), typed({}))


@router.post("/manage/facilities/{slug}/closures")
def close(visit: Submitting, slug: str, form: Form) -> Response:
    """Enter a closure; where bookings fall under it, they are shown first."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    starts_at, ends_at = _times(form, facility)
    kind = form.word("kind", ClosureKind) or ClosureKind.MAINTENANCE
    resource = form.key("resource")
    reason = form.line("reason")
    if form.refusal or starts_at is None or ends_at is None:
        return _listed(visit, facility, form, form.refusal)
    new = NewClosure(resource, starts_at, ends_at, kind, reason, bool(form["estimated"]))

    def change(session: Session, dry_run: bool) -> Displacement:  # noqa: FBT001 - see Change
        return add_closure(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            new=new,
            dry_run=dry_run,
        ).displacement

    found = confirmed(visit, form, change)
    if isinstance(found, DomainError):
        return _listed(visit, facility, form, found)
    if isinstance(found, Displacement):
        return _preview(visit, facility, form, found, "Enter the closure")
    return go(visit, f"/manage/facilities/{slug}/closures", f"The closure is entered{found.words}")


@router.get("/manage/facilities/{slug}/closures/{closure_id:uuid}")
def closure(visit: Visiting, slug: str, closure_id: UUID) -> Response:
    """Show one closure to change."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    row = _found(visit, facility, closure_id)
    values = {
        "starts_at": _wall(row.starts_at, facility.zone),
        "ends_at": _wall(row.ends_at, facility.zone),
        "kind": str(row.kind),
        "reason": row.reason,
        "estimated": "yes" if row.estimated else "",
    }
    return _one(visit, facility, row, typed(values))


@router.post("/manage/facilities/{slug}/closures/{closure_id:uuid}")
def change_closure(visit: Submitting, slug: str, closure_id: UUID, form: Form) -> Response:
    """Change a closure; where more bookings fall under it, they are shown first."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    row = _found(visit, facility, closure_id)
    starts_at, ends_at = _times(form, facility)
    changes = ClosureChanges(
        starts_at=starts_at,
        ends_at=ends_at,
        kind=form.word("kind", ClosureKind),
        reason=form.line("reason"),
        estimated=bool(form["estimated"]),
    )
    if form.refusal:
        return _one(visit, facility, row, form, form.refusal)

    def change(session: Session, dry_run: bool) -> Displacement:  # noqa: FBT001 - see Change
        return edit_closure(
            session,
            actor=visit.actor,
            now=visit.now,
            closure_id=closure_id,
            changes=changes,
            dry_run=dry_run,
        ).displacement

    found = confirmed(visit, form, change)
    if isinstance(found, DomainError):
        return _one(visit, facility, row, form, found)
    if isinstance(found, Displacement):
        return _preview(visit, facility, form, found, "Change the closure", row)
    return go(visit, f"/manage/facilities/{slug}/closures", f"The closure is changed{found.words}")


@router.post("/manage/facilities/{slug}/closures/{closure_id:uuid}/remove")
def reopen(visit: Submitting, slug: str, closure_id: UUID) -> Response:
    """Take a closure away."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    done = visit.write(
        lambda session: remove_closure(
            session, actor=visit.actor, now=visit.now, closure_id=closure_id
        )
    )
    if isinstance(done, DomainError):
        return _listed(visit, facility, typed({}), done)
    words = "The closure is taken away; its time is free again."
    return go(visit, f"/manage/facilities/{slug}/closures", words)


def confirmed(visit: Visit, form: Typed, change: Change) -> Outcome:
    """Do what changes closures, once whom it displaces was shown.

    Where that is to be shown first it is returned, and then nothing was written. The form's `seen`
    names the bookings that were shown; others that have come since are shown again.
    """
    seen = frozenset(form["seen"].split())
    if form["do"] != "confirm":
        found = visit.write(lambda session: change(session, True))
        if isinstance(found, DomainError) or found.displaced or found.staying:
            return found
    done = visit.write(lambda session: _unless_new(change(session, False), seen))
    if isinstance(done, StaleVersion):
        return visit.write(lambda session: change(session, True))
    return done if isinstance(done, DomainError) else Done(len(done.displaced))


def seen_in(found: Displacement) -> str:
    """Name the bookings of a preview, for its form to send back."""
    return " ".join(str(each.booking_id) for each in found.displaced)


def _unless_new(found: Displacement, seen: frozenset[str]) -> Displacement:
    """Return what was done.

    Raises: StaleVersion if it displaced a booking that nobody was shown.
    """
    if any(str(each.booking_id) not in seen for each in found.displaced):
        raise StaleVersion("Somebody booked meanwhile; look at the list again.")
    return found


def _times(form: Typed, facility: Any) -> tuple[datetime | None, datetime | None]:
    form.needed("starts_at", "Say when it begins.")
    form.needed("ends_at", "Say when it ends.")
    return form.instant("starts_at", facility.zone), form.instant("ends_at", facility.zone)


def _found(visit: Visit, facility: Any, closure_id: UUID) -> Any:
    row = visit.read(lambda session: closure_reads.closure(session, closure_id))
    if row is None or row.facility_id != facility.id:
        raise NotFound("There is no such closure; it may have been removed.")
    return row


def _wall(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def _names(visit: Visit, facility: Any) -> dict[UUID | None, str]:
    rows = visit.read(lambda session: reads.resources_of(session, facility.id))
    return {each.id: each.name for each in rows}


def _listed(
    visit: Visit, facility: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    def look(session: Session) -> tuple[Iterable[Any], Iterable[Any]]:
        page = closure_reads.closures(
            session,
            viewer=visit.actor,
            facility=facility.slug,
            ends_after=visit.now,
            limit=MOST_SHOWN,
        )
        past = closure_reads.past_closures(session, facility.id, before=visit.now, limit=MOST_PAST)
        return page.items, past

    to_come, past = visit.read(look)
    return show(
        visit,
        "manage/closures.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors_of(refused),
        closures=to_come,
        past=past,
        resources=_names(visit, facility),
        kinds=KINDS,
        **around(visit, facility, "/closures"),
    )


def _one(
    visit: Visit, facility: Any, row: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    return show(
        visit,
        "manage/closure.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors_of(refused),
        closure=row,
        resources=_names(visit, facility),
        kinds=KINDS,
        **around(visit, facility, "/closures"),
    )


def _preview(
    visit: Visit,
    facility: Any,
    form: Typed,
    found: Displacement,
    words: str,
    row: Any = None,
) -> Response:
    chosen = row.resource_id if row else form.key("resource")
    return show(
        visit,
        "manage/closure_preview.html",
        typed=form,
        found=found,
        seen=seen_in(found),
        words=words,
        what=_names(visit, facility).get(chosen, "the whole facility"),
        starts_at=form.instant("starts_at", facility.zone),
        ends_at=form.instant("ends_at", facility.zone),
        **around(visit, facility, "/closures"),
    )
