"""Facilities: list, one, create, edit, opening hours, and import of a catalogue file."""

from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.datastructures import UploadFile

from api.deps import Cursor, Limit, Line, Name, Now, Prose, ReadSession, SignedIn, WriteSession
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.opening import WeeklyHours
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound
from booking.queries import catalogue as reads
from booking.services import catalogue
from booking.services.catalogue_import import ImportFormat, ImportReport, import_catalogue
from booking.services.decoding import LARGEST_FILE
from booking.services.opening_hours import MOST_WINDOWS, set_opening_hours

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)
FORM_MARGIN = 64 * 1024
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


class HoursIn(BaseModel):
    """One weekly wall-clock window; Monday is 0; closing at 00:00 is the day's end."""

    model_config = ConfigDict(extra="forbid")

    weekday: int = Field(ge=0, le=6)
    opens: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    closes: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

    def weekly(self) -> WeeklyHours:
        """Return the window as the core knows it."""
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        return WeeklyHours(self.weekday, opens, closes)


class HoursOut(BaseModel):
    """One weekly wall-clock window."""

    weekday: int
    opens: str
    closes: str


class WeekIn(BaseModel):
    """All opening hours; none means always open or, for a resource, those of its facility."""

    model_config = ConfigDict(extra="forbid")

    hours: list[HoursIn] = Field(max_length=MOST_WINDOWS)


class WeekOut(BaseModel):
    """All opening hours."""

    hours: list[HoursOut]


class FacilityFields(BaseModel):
    """What may be said of a facility; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    description: Prose | None = None
    access_policy: Prose | None = None
    contact_name: Line | None = None
    contact_email: Line | None = None
    contact_url: Line | None = None
    mail_from: Line | None = None
    restricted: bool | None = None
    locale: (
        Annotated[str, Field(max_length=10, description="Language of its calendars: en, es or fr")]
        | None
    ) = None


class FacilityIn(FacilityFields):
    """A new facility."""

    slug: Annotated[str, Field(min_length=1, max_length=80)]
    name: Name
    country: Annotated[str, Field(min_length=2, max_length=2)]
    zone: Annotated[str, Field(min_length=1, max_length=64)]


class FacilityChange(FacilityFields):
    """What changes of a facility."""

    name: Name | None = None
    country: Annotated[str, Field(min_length=2, max_length=2)] | None = None
    zone: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    holiday_region: (
        Annotated[
            str,
            Field(max_length=10, description="Code of ISO 3166-2, such as BY; empty: none"),
        ]
        | None
    ) = None


class FacilityOut(BaseModel):
    """A facility."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    name: str
    country: str
    zone: str
    organisation_id: UUID | None
    description: str
    access_policy: str
    contact_name: str
    contact_email: str
    contact_url: str
    mail_from: str
    restricted: bool
    holiday_region: str
    locale: str
    created_at: datetime
    updated_at: datetime


class FacilityList(BaseModel):
    """A page of facilities."""

    items: list[FacilityOut]
    next: str | None


class RowOut(BaseModel):
    """What became of one row of a file."""

    model_config = ConfigDict(from_attributes=True)

    row: int
    outcome: str
    name: str
    reason: str
    resource_id: UUID | None


class ImportOut(BaseModel):
    """What became of every row of a file."""

    created: int
    updated: int
    unchanged: int
    refused: int
    encoding: str
    dry_run: bool
    facility_changed: list[str]
    rows: list[RowOut]


def facility_at(session: Session, slug_or_id: str) -> Any:
    """Return the facility with that slug or id.

    Raises: NotFound.
    """
    found = reads.find_facility(session, slug_or_id) if slug_or_id.isprintable() else None
    if found is None:
        raise NotFound("There is no such facility; look in the list of facilities.")
    return found


def week(rows: Any) -> WeekOut:
    """Return opening hours as they are answered."""
    return WeekOut(
        hours=[
            HoursOut(
                weekday=each.weekday, opens=f"{each.opens:%H:%M}", closes=f"{each.closes:%H:%M}"
            )
            for each in rows
        ]
    )


@router.get("/facilities", responses=problems())
def list_facilities(session: ReadSession, limit: Limit = 50, cursor: Cursor = None) -> FacilityList:
    """Return a page of the facilities, by name."""
    page = reads.facilities(session, limit=limit, cursor=cursor)
    items = [FacilityOut.model_validate(each) for each in page.items]
    return FacilityList(items=items, next=page.next)


@router.post("/facilities", status_code=201, responses=problems(401, 403, 409))
def create_facility(
    session: WriteSession, actor: SignedIn, now: Now, body: FacilityIn
) -> FacilityOut:
    """Create a facility."""
    row = catalogue.create_facility(
        session,
        actor=actor,
        now=now,
        slug=body.slug,
        name=body.name,
        country=body.country,
        zone=body.zone,
        values=body.model_dump(exclude_none=True, exclude={"slug", "name", "country", "zone"}),
    )
    return FacilityOut.model_validate(row)


@router.get("/facilities/{facility}", responses=problems(404))
def get_facility(session: ReadSession, facility: str, response: Response) -> FacilityOut:
    """Return one facility, by slug or id."""
    found = FacilityOut.model_validate(facility_at(session, facility))
    set_etag(response, found)
    return found


@router.patch("/facilities/{facility}", responses=problems(401, 403, 404, 409, 412))
def edit_facility(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    facility: str,
    body: FacilityChange,
    response: Response,
    if_match: IfMatch = None,
) -> FacilityOut:
    """Change a facility; what is left out or null stays."""
    row = facility_at(session, facility)
    lock_to_match(session, if_match, row)
    check_match(if_match, FacilityOut.model_validate(row))
    row = catalogue.edit_facility(
        session,
        actor=actor,
        now=now,
        facility_id=row.id,
        changes=body.model_dump(exclude_none=True),
    )
    found = FacilityOut.model_validate(row)
    set_etag(response, found)
    return found


@router.get("/facilities/{facility}/opening-hours", responses=problems(404))
def facility_hours(session: ReadSession, facility: str) -> WeekOut:
    """Return the facility's opening hours; none means always open."""
    return week(reads.opening_hours(session, facility_at(session, facility).id))


@router.put("/facilities/{facility}/opening-hours", responses=problems(401, 403, 404, 409))
def set_facility_hours(
    session: WriteSession, actor: SignedIn, now: Now, facility: str, body: WeekIn
) -> WeekOut:
    """Replace the facility's opening hours; none means always open."""
    hours = set_opening_hours(
        session,
        actor=actor,
        now=now,
        facility_id=facility_at(session, facility).id,
        hours=[each.weekly() for each in body.hours],
    )
    return week(hours)


async def file_content(request: Request) -> bytes:
    """Read the file: the body itself, or the first file of a form."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_FILE + FORM_MARGIN:
        raise HTTPException(413, "The file is larger than 20 MB: cut it into several files.")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form(max_files=1, max_fields=10) as form:
        for each in form.values():
            if isinstance(each, UploadFile):
                return await each.read()
    reason = "The form holds no file: send one in the field `file`."
    raise Malformed(reason, [Violation("file_missing", reason, "/file")])


@router.post(
    "/facilities/{facility}/import",
    responses=problems(401, 403, 404, 409, 413),
    openapi_extra=FILE_BODY,
)
def import_file(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    facility: str,
    content: Annotated[bytes, Depends(file_content)],
    form: Annotated[ImportFormat, Query(alias="format")] = ImportFormat.UNIQUIP,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter, named by its caller
) -> ImportOut:
    """Import a catalogue file: every row becomes a resource, or a reason by its number."""
    report = import_catalogue(
        session,
        actor=actor,
        now=now,
        facility_id=facility_at(session, facility).id,
        content=content,
        form=form,
        dry_run=dry_run,
    )
    return report_out(report)


def report_out(report: ImportReport) -> ImportOut:
    """Return the report as it is answered."""
    return ImportOut(
        **{each.value: count for each, count in report.counts.items()},
        encoding=report.encoding,
        dry_run=report.dry_run,
        facility_changed=list(report.facility_changed),
        rows=[RowOut.model_validate(each) for each in report.rows],
    )
