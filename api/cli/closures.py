"""`closures`: import of dated closures, and public holidays."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.catalogue import Slug, content_of, counts_json, facility_id_of, show_rows, summary
from api.cli.session import AsJson, answer, open_database

if TYPE_CHECKING:
    from datetime import date

    from booking.services.closures_import import ClosuresReport
    from booking.services.displacement import Displacement, FallenUpon
    from booking.services.holiday_closures import HolidayProposal

app = typer.Typer(no_args_is_help=True)
closures = typer.Typer(no_args_is_help=True, help="Import closures, and adopt holidays.")
app.add_typer(closures, name="closures")


# Without a callback, a group of one command would swallow the command's name.
@app.callback()
def _group() -> None:
    """Keep the command's own name."""


@closures.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV with resource,starts_at,ends_at,reason,severity in its first line; times on"
            " the facility's clock.",
        ),
    ],
    facility: Slug,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report; write nothing.")] = False,
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
        show_rows(done)
        show_fallen_upon(done.displaced, done.staying)
    answer(_as_json(done), as_json=as_json, words=_summary(done))
    if all(each.outcome == "refused" for each in done.rows):
        typer.echo("Nothing was imported: the file has no row that could be taken.", err=True)
        raise typer.Exit(1)


@closures.command("holidays")
def holidays(
    facility: Slug,
    year: Annotated[int, typer.Option("--year", metavar="YEAR", help="The year, such as 2027.")],
    *,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Close on the public holidays to come. A date that is an estimate displaces no"
            " booking.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --adopt: say what it would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List a facility's holidays of a year, and adopt the public ones as closures."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.services.holiday_closures import adopt_holidays, holiday_proposals

    with open_database() as database, database.writing() as session:
        asked: dict[str, Any] = {
            "actor": SYSTEM,
            "now": utc_now(),
            "facility_id": facility_id_of(session, facility),
        }
        known = holiday_proposals(session, year=year, **asked)
        dates = [each.on for each in known if adopt and _is_to_adopt(each)]
        fate = adopt_holidays(session, dates=dates, dry_run=dry_run, **asked).displacement
        known = holiday_proposals(session, year=year, **asked)
    if not as_json:
        _show_holidays(known)
        show_fallen_upon(fate.displaced, fate.staying)
    found = _holidays_json(known, [] if dry_run else dates, fate, dry_run=dry_run)
    words = f"{len(known)} holidays; {len(dates)} {'would be' if dry_run else 'were'} adopted now"
    answer(found, as_json=as_json, words=f"{words}, {len(fate.displaced)} bookings displaced.")


def _holidays_json(
    known: Sequence["HolidayProposal"],
    adopted: Sequence["date"],
    fate: "Displacement",
    *,
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "holidays": [_holiday_json(each) for each in known],
        "adopted": [on.isoformat() for on in adopted],
        "dry_run": dry_run,
        "displaced": fallen_upon_json(fate.displaced),
        "staying": fallen_upon_json(fate.staying),
    }


def _is_to_adopt(each: "HolidayProposal") -> bool:
    return each.category == "public" and not each.over and each.closure_id is None


def _holiday_json(each: "HolidayProposal") -> dict[str, Any]:
    return {
        "on": each.on.isoformat(),
        "name": each.name,
        "category": each.category,
        "estimated": each.estimated,
        "adopted": each.closure_id is not None,
        "over": each.over,
    }


def _show_holidays(known: Sequence["HolidayProposal"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Date", "Holiday", "Category", "Standing")
    for each in known:
        standing = "adopted" if each.closure_id else "over" if each.over else "proposed"
        words = f"{standing}, estimated" if each.estimated else standing
        table.add_row(each.on.isoformat(), each.name, each.category, words)
    Console(markup=False, highlight=False).print(table)


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
        **counts_json(done),
        "displaced": fallen_upon_json(done.displaced),
        "staying": fallen_upon_json(done.staying),
        "overlapping_bookings": [str(each.booking_id) for each in every],
    }


def _summary(done: "ClosuresReport") -> str:
    fate = f"{len(done.displaced)} bookings displaced, {len(done.staying)} stay"
    return f"{summary(done)}; {fate}"
