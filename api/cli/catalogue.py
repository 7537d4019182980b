"""`catalogue`: import and export of resources."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.session import AsJson, answer, no_such_facility, open_database

if TYPE_CHECKING:
    from booking.services.catalogue_import import ImportReport
    from booking.services.closures_import import ClosuresReport

app = typer.Typer(no_args_is_help=True)
catalogue = typer.Typer(no_args_is_help=True, help="Import and export resources.")
app.add_typer(catalogue, name="catalogue")
ROWS_SHOWN = 200
Slug = Annotated[str, typer.Option("--facility", metavar="SLUG", help="The slug of the facility.")]
ImportedFormat = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="uniquip (CSV), osg or json; if left out, json where the name ends so, else uniquip.",
    ),
]
ImportedFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file to import.", dir_okay=False)
]


@app.callback()
def _group() -> None:
    """Keep the command's own name."""


@catalogue.command("import")
def import_file(
    file: ImportedFile,
    facility: Slug,
    form: ImportedFormat = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report; write nothing.")] = False,
    draft: Annotated[
        bool, typer.Option("--draft", help="Keep new resources as drafts, to publish later.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import a file: every row becomes a resource, or a reason with its row number."""
    from booking.clock import utc_now
    from booking.engine.lifecycle import ResourceState
    from booking.engine.permissions import SYSTEM
    from booking.services.catalogue_import import import_catalogue

    chosen = _import_format(form, file)
    content = content_of(file)
    with open_database() as database, database.writing() as session:
        report = import_catalogue(
            session,
            actor=SYSTEM,
            now=utc_now(),
            facility_id=facility_id_of(session, facility),
            content=content,
            form=chosen,
            dry_run=dry_run,
            state=ResourceState.DRAFT if draft else ResourceState.PUBLISHED,
        )
    if not as_json:
        show_rows(report)
    found = counts_json(report) | {"facility_changed": list(report.facility_changed)}
    answer(found, as_json=as_json, words=summary(report))
    leave_if_all_refused(report)


@catalogue.command("export")
def export(
    facility: Slug,
    form: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="uniquip, json, datacite or dcat."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here, not to the screen."),
    ] = None,
) -> None:
    """Export a facility's resources; what was imported comes out as it came in."""
    from booking.config import Settings
    from booking.engine.permissions import SYSTEM
    from booking.services.catalogue_export import ExportFormat, export_catalogue

    if form not in list(ExportFormat):
        known = ", ".join(ExportFormat)
        raise typer.BadParameter(f"Choose one of {known}.", param_hint="--format")
    with open_database() as database, database.reading() as session:
        text = export_catalogue(
            session,
            actor=SYSTEM,
            facility_id=facility_id_of(session, facility),
            form=ExportFormat(form),
            base_url=Settings().base_url.rstrip("/"),
        )
    if output is None:
        typer.get_binary_stream("stdout").write(text.encode())
    else:
        output.write_bytes(text.encode())


def facility_id_of(session: Any, slug: str) -> Any:
    """Return the id of the facility with that slug.

    Raises: NotFound.
    """
    from booking.queries.catalogue import facility_by_slug

    found = facility_by_slug(session, slug)
    if found is None:
        raise no_such_facility(session, slug)
    return found.id


def content_of(file: Path) -> bytes:
    """Read a file, but never more than may be imported.

    Raises: Malformed if it cannot be read.
    """
    from booking.errors import Malformed
    from booking.services.decoding import LARGEST_FILE

    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Malformed(
            f"{file} cannot be read: {error.strerror}. Check its name and rights."
        ) from error


def counts_json(report: "ImportReport | ClosuresReport") -> dict[str, Any]:
    """Return what became of how many rows, and of each, as JSON values."""
    return {
        **{each.value: count for each, count in report.counts.items()},
        "encoding": report.encoding,
        "dry_run": report.dry_run,
        "rows": [
            {
                "row": each.row,
                "outcome": each.outcome.value,
                "name": each.name,
                "reason": each.reason,
                "resource_id": None if each.resource_id is None else str(each.resource_id),
            }
            for each in report.rows
        ],
    }


def summary(report: "ImportReport | ClosuresReport") -> str:
    """Return the counts in one line."""
    counts = ", ".join(f"{count} {each.value}" for each, count in report.counts.items())
    would = "Nothing was written; it would be: " if report.dry_run else ""
    return f"{would}{counts} (read as {report.encoding})"


def show_rows(report: "ImportReport | ClosuresReport") -> None:
    """Print a table: every row that has a reason, and as many of the others as fit."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Row", "Outcome", "Name", "Reason")
    named = [each for each in report.rows if each.reason]
    others = [each for each in report.rows if not each.reason]
    shown = sorted([*named, *others[:ROWS_SHOWN]], key=lambda each: each.row)
    for each in shown:
        table.add_row(str(each.row), each.outcome.value, each.name, each.reason)
    console = Console(markup=False, highlight=False)
    console.print(table)
    if len(shown) < len(report.rows):
        console.print(f"{len(report.rows) - len(shown)} more rows were taken.")


def leave_if_all_refused(report: "ImportReport") -> None:
    """Exit with 1 if nothing could be imported."""
    if any(each.outcome != "refused" for each in report.rows):
        return
    typer.echo("Nothing was imported: the file has no row that could be taken.", err=True)
    raise typer.Exit(1)


def _import_format(form: str, file: Path) -> Any:
    from booking.services.catalogue_import import ImportFormat

    word = form or ("json" if file.suffix.lower() == ".json" else "uniquip")
    if word not in list(ImportFormat):
        known = ", ".join(ImportFormat)
        raise typer.BadParameter(f"Choose one of {known}.", param_hint="--format")
    return ImportFormat(word)
