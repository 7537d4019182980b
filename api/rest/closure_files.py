"""Closures from a file: one CSV, and what became of each of its rows."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from api.deps import Now, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.closures import FallenUponLists, FallenUponOut
from api.rest.facilities import FILE_BODY, facility_at, file_content
from booking.services.closures_import import ClosureOutcome, import_closures

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)


class ClosureRowOut(BaseModel):
    """What became of a row, counted as a person counts rows."""

    model_config = ConfigDict(from_attributes=True)

    row: int
    outcome: ClosureOutcome
    name: str
    reason: str
    resource_id: UUID | None


class ClosureImportOut(FallenUponLists):
    """The counts, every row in order, and the bookings that the closures fall upon."""

    created: int
    updated: int
    unchanged: int
    skipped: int
    refused: int
    encoding: str
    dry_run: bool
    rows: list[ClosureRowOut]


@router.post(
    "/facilities/{facility}/closures/import",
    responses=problems(401, 403, 404, 409, 413),
    openapi_extra=FILE_BODY,
)
def import_closure_file(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    facility: str,
    content: Annotated[bytes, Depends(file_content)],
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter, named by its caller
) -> ClosureImportOut:
    """Import closures: every row is taken, or named by its number with the reason."""
    done = import_closures(
        session,
        actor=actor,
        now=now,
        facility_id=facility_at(session, facility).id,
        content=content,
        dry_run=dry_run,
    )
    return ClosureImportOut(
        **{each.value: count for each, count in done.counts.items()},
        encoding=done.encoding,
        dry_run=done.dry_run,
        rows=[ClosureRowOut.model_validate(each) for each in done.rows],
        displaced=[FallenUponOut.model_validate(each) for each in done.displaced],
        staying=[FallenUponOut.model_validate(each) for each in done.staying],
    )
