"""`closures`: import of dated closures, and public holidays."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.catalogue import ROWS_SHOWN, Slug, content_of, facility_id_of
from api.cli.session import AsJson, answer, open_database

if TYPE_CHECKING:
    from booking.services.closures_import import ClosuresReport
    from booking.services.displacement import FallenUpon

app = typer.Typer(no_args_is_help=True)
closures = typer.Typer(no_args_is_help=True, help="Import closures, and adopt holidays.")
app.add_typer(closures, name="closures")


# Without a callback, a group of one command would swallow the command's name.
@app.callback()
def _group() -> None:
    """Keep the command's own name."""


@closures.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV: resource,starts_at,ends_at,reason,severity.")],
    facility: Slug,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import closures; bad rows are named by number, and whom the good ones displace."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.services.closures_import import import_closures

    content = content_of(file)
    with open_database() as database, database.writing() as session:
        done = import_closures(
            session,
            actor=SYSTEM,
            now=utc_now(),
            facility_id=facility_id_of(session, facility),
            content=content,
            dry_run=dry_run,
        )
    if not as_json:
        _show_rows(done)
        show_fallen_upon(done.displaced, done.staying)
    answer(_as_json(done), as_json=as_json, words=_summary(done))
    if all(each.outcome == "refused" for each in done.rows):
        typer.echo("Nothing was imported: the file has no row that could be taken.", err=True)
        raise typer.Exit(1)


def fallen_upon_json(every: Sequence["FallenUpon"]) -> list[dict[str, Any]]:
    """Return bookings that closures fall upon as JSON values."""
    return [
        {
            "booking_id": str(each.booking_id),
            "closure_id": str(each.closure_id),
            "resource_id": str(each.resource_id),
            "resource_name": each.resource_name,
            "project_name": each.project_name,
            "person_name": each.person_name,
            "starts_at": each.starts_at.isoformat(),
            "ends_at": each.ends_at.isoformat(),
            "quantity": each.quantity,
            "alternatives": [time.as_json() for time in each.alternatives],
            "offered": None if each.offered is None else each.offered.as_json(),
        }
        for each in every
    ]


def show_fallen_upon(displaced: Sequence["FallenUpon"], staying: Sequence["FallenUpon"]) -> None:
    """Print a table of the bookings that give way, and of those that stay."""
    from rich.console import Console
    from rich.table import Table

    if not displaced and not staying:
        return
    table = Table("Booking", "Resource", "Project", "When", "Instead")
    for each in (*displaced, *staying):
        table.add_row(
            str(each.booking_id),
            each.resource_name,
            each.project_name,
            _when(each.starts_at, each.ends_at),
            _instead(each, stays=each in staying),
        )
    Console(markup=False, highlight=False).print(table)


def _instead(each: "FallenUpon", *, stays: bool) -> str:
    if stays:
        return "it stays"
    if each.offered is not None:
        return f"offered: {_when(each.offered.starts_at, each.offered.ends_at)}"
    return "nothing is free" if not each.alternatives else "told of other times"


def _when(starts_at: Any, ends_at: Any) -> str:
    from booking.engine.intervals import Interval
    from booking.engine.wording import in_words

    return in_words(Interval(starts_at, ends_at))


def _as_json(done: "ClosuresReport") -> dict[str, Any]:
    every = (*done.displaced, *done.staying)
    return {
        **{each.value: count for each, count in done.counts.items()},
        "encoding": done.encoding,
        "dry_run": done.dry_run,
        "rows": [
            {
                "row": each.row,
                "outcome": each.outcome.value,
                "name": each.name,
                "reason": each.reason,
                "resource_id": None if each.resource_id is None else str(each.resource_id),
            }
            for each in done.rows
        ],
        "displaced": fallen_upon_json(done.displaced),
        "staying": fallen_upon_json(done.staying),
        "overlapping_bookings": [str(each.booking_id) for each in every],
    }


def _summary(done: "ClosuresReport") -> str:
    counts = ", ".join(f"{count} {each.value}" for each, count in done.counts.items())
    would = "Nothing was written; it would be: " if done.dry_run else ""
    fate = f"{len(done.displaced)} bookings displaced, {len(done.staying)} in use stay"
    return f"{would}{counts} (read as {done.encoding}); {fate}"


def _show_rows(done: "ClosuresReport") -> None:
    """Print a table: every row that was not taken, and as many of the others as fit."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Row", "Outcome", "Name", "Reason")
    named = [each for each in done.rows if each.reason]
    others = [each for each in done.rows if not each.reason]
    shown = sorted([*named, *others[:ROWS_SHOWN]], key=lambda each: each.row)
    for each in shown:
        table.add_row(str(each.row), each.outcome.value, each.name, each.reason)
    console = Console(markup=False, highlight=False)
    console.print(table)
    if len(shown) < len(done.rows):
        console.print(f"{len(done.rows) - len(shown)} more rows were taken.")
