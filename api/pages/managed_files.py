"""A facility's catalogue as a file: import with a report by row, and export."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, File, UploadFile
from fastapi import Form as Field
from fastapi.responses import Response

from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, show
from api.problems import STATUS
from booking.engine.permissions import Action
from booking.engine.violations import Violation
from booking.errors import DomainError, Malformed
from booking.services.catalogue_export import ExportFormat, export_catalogue
from booking.services.catalogue_import import ImportFormat, import_catalogue

router = APIRouter()
LARGEST: Final = 20_000_000
FORMATS: Final = (
    (ImportFormat.UNIQUIP, "UNIQUIP (CSV)"),
    (ImportFormat.OSG, "OSG topology (JSON)"),
    (ImportFormat.JSON, "our own JSON"),
)
EXPORTS: Final = (
    (ExportFormat.JSON, "our own JSON", "everything, to import elsewhere"),
    (ExportFormat.UNIQUIP, "UNIQUIP (CSV)", "for spreadsheets and other catalogues"),
    (ExportFormat.DATACITE, "DataCite (JSON)", "for registering identifiers"),
    (ExportFormat.DCAT, "DCAT (JSON-LD)", "for data portals"),
)
ENDINGS: Final = {ExportFormat.UNIQUIP: "csv"}
MOST_ROWS_SHOWN: Final = 2000


@router.get("/manage/facilities/{slug}/import")
def files(visit: Visiting, slug: str) -> Response:
    """Show the upload form and the exports."""
    return _shown(visit, managed(visit, slug, Action.CATALOGUE_IMPORT))


@router.post("/manage/facilities/{slug}/import")
def upload(
    visit: Submitting,
    slug: str,
    file: Annotated[UploadFile | None, File()] = None,
    form: Annotated[str, Field()] = "",
    do: Annotated[str, Field()] = "try",
) -> Response:
    """Read the file: try it out, or import it; either way every row is reported on."""
    facility = managed(visit, slug, Action.CATALOGUE_IMPORT)
    content = file.file.read(LARGEST + 1) if file else b""
    fault = _fault(content, form)
    if fault:
        return _shown(visit, facility, fault, form=form)
    report = visit.write(
        lambda session: import_catalogue(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            content=content,
            form=ImportFormat(form),
            dry_run=do != "import",
        )
    )
    if isinstance(report, DomainError):
        return _shown(visit, facility, report, form=form)
    return _shown(visit, facility, report=report, form=form)


def _fault(content: bytes, form: str) -> Malformed | None:
    if form not in set(ImportFormat):
        reason = "Choose the format of the file."
    elif not content:
        reason = "Choose a file that is not empty."
    elif len(content) > LARGEST:
        reason = "The file is larger than 20 MB: cut it into several files."
    else:
        return None
    return Malformed(reason, [Violation("file_unreadable", reason, "/file")])


@router.get("/manage/facilities/{slug}/export/{form}")
def export(visit: Visiting, slug: str, form: ExportFormat) -> Response:
    """Hand over the catalogue as a file."""
    facility = managed(visit, slug, Action.CATALOGUE_EXPORT)
    text = visit.read(
        lambda session: export_catalogue(
            session,
            actor=visit.actor,
            facility_id=facility.id,
            form=form,
            base_url=visit.settings.base_url,
        )
    )
    ending = ENDINGS.get(form, "json")
    kind = "text/csv" if ending == "csv" else "application/json"
    name = f"{slug}-{form}.{ending}"
    return Response(
        text,
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _shown(
    visit: Visit,
    facility: Any,
    refused: DomainError | None = None,
    *,
    report: Any = None,
    form: str = "",
) -> Response:
    return show(
        visit,
        "manage/files.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        report=report,
        rows=report.rows[:MOST_ROWS_SHOWN] if report else (),
        form=form,
        formats=FORMATS,
        exports=EXPORTS,
        **around(visit, facility, "/import"),
    )
