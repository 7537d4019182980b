"""Closures from a file: an upload, and what became of each of its rows."""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, UploadFile
from fastapi import Form as Field
from fastapi.responses import Response

from api.pages.local_reasons import in_zone
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, show
from api.problems import STATUS
from booking.engine.catalogue_files.closure_rows import CLOSES_NOTHING, CLOSING, examples
from booking.engine.permissions import Action
from booking.engine.violations import Violation
from booking.errors import DomainError, Malformed
from booking.services.closures_import import ClosuresReport, import_closures
from booking.services.decoding import LARGEST_FILE

router = APIRouter()
MOST_ROWS_SHOWN: Final = 2000


@router.get("/manage/facilities/{slug}/closures/import")
def closure_file(visit: Visiting, slug: str) -> Response:
    """Show the upload form."""
    return _shown(visit, managed(visit, slug, Action.CLOSURE_EDIT))


@router.post("/manage/facilities/{slug}/closures/import")
def upload_closures(
    visit: Submitting,
    slug: str,
    file: Annotated[UploadFile | None, File()] = None,
    do: Annotated[str, Field()] = "try",
) -> Response:
    """Read the file: try it out, or import it; either way every row is reported on."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    content = file.file.read(LARGEST_FILE + 1) if file else b""
    if not content:
        reason = "Choose a file that is not empty."
        fault = Malformed(reason, [Violation("file_unreadable", reason, "/file")])
        return _shown(visit, facility, fault)
    report = visit.write(
        lambda session: import_closures(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            content=content,
            dry_run=do != "import",
        )
    )
    if isinstance(report, DomainError):
        return _shown(visit, facility, report)
    return _shown(visit, facility, report=report)


def _shown(
    visit: Visit,
    facility: Any,
    refused: DomainError | None = None,
    report: ClosuresReport | None = None,
) -> Response:
    rows = report.rows if report else ()
    named = [
        replace(each, reason=in_zone(each.reason, facility.zone)) for each in rows if each.reason
    ]
    return show(
        visit,
        "manage/closure_file.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        report=report,
        named=named[:MOST_ROWS_SHOWN],
        examples=examples(facility.zone),
        closing=CLOSING,
        closes_nothing=sorted(CLOSES_NOTHING),
        left_out=len(named[MOST_ROWS_SHOWN:]),
        **around(visit, facility, "/closures"),
    )
