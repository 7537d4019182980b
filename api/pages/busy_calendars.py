"""Pages of busy calendars: a person's in their account, a resource's on the manager's desk."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, File, UploadFile
from fastapi import Form as Field
from fastapi.responses import Response
from sqlmodel import Session

from api.busy_calendars import refresh, subscribed, uploaded
from api.outside import outside_of
from api.pages.fields import Form, Typed, errors_of
from api.pages.places import around, managed, resource_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.busy_calendars import LARGEST_BYTES, MOST_CALENDARS
from booking.engine.permissions import Action
from booking.errors import DomainError, Malformed
from booking.queries import busy_calendars as reads
from booking.queries.busy_calendars import Owner
from booking.services import busy_calendars as services
from booking.services.busy_calendars import LONGEST_NAME, Answer

router = APIRouter()
MOST_CONFLICTS: Final = 50
Upload = Annotated[UploadFile | None, File()]
Called = Annotated[str, Field()]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page of busy calendars stands, and whose they are."""

    owner: Owner
    base: str
    template: str
    beside: dict[str, Any] = field(default_factory=dict)


@router.get("/account/busy")
def my_calendars(visit: Visiting) -> Response:
    """List the visitor's busy calendars, with the forms that add one."""
    return _shown(visit, _mine(visit), Typed({}))


@router.post("/account/busy")
def follow_mine(visit: Submitting, form: Form) -> Response:
    """Follow an outside calendar."""
    return _follow(visit, _mine(visit), form)


@router.post("/account/busy/file")
def upload_mine(visit: Submitting, file: Upload = None, name: Called = "") -> Response:
    """Take in a calendar file."""
    return _upload(visit, _mine(visit), name, file)


@router.post("/account/busy/{calendar_id:uuid}")
def change_mine(visit: Submitting, calendar_id: UUID, form: Form) -> Response:
    """Fetch a calendar now, or remove it, as the pressed button says."""
    return _change(visit, _mine(visit), calendar_id, form)


@router.get("/manage/facilities/{slug}/resources/{resource_id:uuid}/busy")
def calendars_here(visit: Visiting, slug: str, resource_id: UUID) -> Response:
    """List a resource's busy calendars, with the bookings that they run into."""
    return _shown(visit, _here(visit, slug, resource_id), Typed({}))


@router.post("/manage/facilities/{slug}/resources/{resource_id:uuid}/busy")
def follow_here(visit: Submitting, slug: str, resource_id: UUID, form: Form) -> Response:
    """Follow an outside calendar of the resource."""
    return _follow(visit, _here(visit, slug, resource_id), form)


@router.post("/manage/facilities/{slug}/resources/{resource_id:uuid}/busy/file")
def upload_here(
    visit: Submitting, slug: str, resource_id: UUID, file: Upload = None, name: Called = ""
) -> Response:
    """Take in a calendar file of the resource."""
    return _upload(visit, _here(visit, slug, resource_id), name, file)


@router.post("/manage/facilities/{slug}/resources/{resource_id:uuid}/busy/{calendar_id:uuid}")
def change_here(
    visit: Submitting, slug: str, resource_id: UUID, calendar_id: UUID, form: Form
) -> Response:
    """Fetch a calendar of the resource now, or remove it, as the pressed button says."""
    return _change(visit, _here(visit, slug, resource_id), calendar_id, form)


def _mine(visit: Visit) -> _Place:
    visit.sign_in_first()
    owner = Owner(visit.person.zone, person_id=visit.person.id)
    return _Place(owner, "/account/busy", "account/busy.html")


def _here(visit: Visit, slug: str, resource_id: UUID) -> _Place:
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    row = resource_of(visit, facility, resource_id)
    return _Place(
        Owner(facility.zone, resource_id=row.id, facility_id=facility.id),
        f"/manage/facilities/{slug}/resources/{resource_id}/busy",
        "manage/busy.html",
        {"row": row, **around(visit, facility, "")},
    )


def _follow(visit: Visit, place: _Place, form: Typed) -> Response:
    form.needed("url", "Give the address of the calendar.")
    name = form.line("name", longest=LONGEST_NAME)
    if form.refusal:
        return _shown(visit, place, form, form.refusal)
    try:
        visit.read(lambda session: services.room_for_another(session, place.owner))
        answer = subscribed(
            visit.database,
            outside_of(visit.request),
            url=form["url"],
            owner=place.owner,
            settings=visit.settings,
            now=visit.now,
        )
    except DomainError as refused:
        return _shown(visit, place, form, refused)
    return _added(visit, place, form, name, answer)


def _upload(visit: Visit, place: _Place, name: str, file: UploadFile | None) -> Response:
    content = file.file.read(LARGEST_BYTES + 1) if file else b""
    form = Typed({"file_name": " ".join(name.split())[:LONGEST_NAME]})
    try:
        answer = uploaded(
            visit.database, content, owner=place.owner, settings=visit.settings, now=visit.now
        )
    except DomainError as refused:
        return _shown(visit, place, form, refused)
    return _added(visit, place, form, form["file_name"], answer)


def _added(visit: Visit, place: _Place, form: Typed, name: str, answer: Answer) -> Response:
    row = visit.write(
        lambda session: services.add(
            session,
            actor=visit.actor,
            now=visit.now,
            owner=place.owner,
            name=name,
            answer=answer,
        )
    )
    if isinstance(row, DomainError):
        return _shown(visit, place, form, row)
    count = len(answer.busy or ())
    times = "one busy time" if count == 1 else f"{count} busy times"
    return go(visit, place.base, f"{row.name} is added, with {times} in the next 400 days.")


def _change(visit: Visit, place: _Place, calendar_id: UUID, form: Typed) -> Response:
    if form["do"] == "remove":
        done: Any = visit.write(
            lambda session: services.remove(
                session,
                actor=visit.actor,
                now=visit.now,
                owner=place.owner,
                calendar_id=calendar_id,
            )
        )
        words = "The calendar is removed, and its time to come is free again."
    else:
        done, words = _fetched_again(visit, place, calendar_id)
    if isinstance(done, DomainError):
        return _shown(visit, place, Typed({}), done)
    return go(visit, place.base, words)


def _fetched_again(visit: Visit, place: _Place, calendar_id: UUID) -> tuple[Any, str]:
    asked = visit.write(
        lambda session: services.to_refresh(
            session, actor=visit.actor, owner=place.owner, calendar_id=calendar_id
        )
    )
    if isinstance(asked, DomainError):
        return asked, ""
    row = refresh(
        visit.database,
        outside_of(visit.request),
        asked=asked,
        settings=visit.settings,
        now=visit.now,
    )
    failed = row is not None and row.failures
    return row, row.problem if failed else "The calendar was read just now."


def _shown(
    visit: Visit, place: _Place, typed: Typed, refused: DomainError | None = None
) -> Response:
    found = visit.read(lambda session: _look(session, visit, place.owner))
    unread = isinstance(refused, Malformed)
    return show(
        visit,
        place.template,
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        errors=errors_of(refused) if unread else {},
        typed=typed,
        base=place.base,
        most=MOST_CALENDARS,
        **found,
        **place.beside,
    )


def _look(session: Session, visit: Visit, owner: Owner) -> dict[str, Any]:
    rows = reads.calendars_of(session, owner)
    runs_into: tuple[Any, ...] = ()
    if owner.resource_id is not None:
        runs_into = reads.conflicts(session, owner.resource_id, now=visit.now, limit=MOST_CONFLICTS)
    return {
        "calendars": [(row, reads.count_known(session, row, now=visit.now)) for row in rows],
        "conflicts": runs_into,
    }
