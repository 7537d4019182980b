"""`closures`: import of dated closures."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.catalogue import (
    Slug,
    content_of,
    facility_id_of,
    leave_if_all_refused,
    report_json,
    show_rows,
    summary,
)
from api.cli.session import AsJson, answer, open_database

app = typer.Typer(no_args_is_help=True)
closures = typer.Typer(no_args_is_help=True, help="Import closures.")
app.add_typer(closures, name="closures")


# Without callbacks, a group of one command would swallow the command's name.
@app.callback()
@closures.callback()
def _group() -> None:
    """Keep the command's own name."""


@closures.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV: resource,starts_at,ends_at,reason,severity.")],
    facility: Slug,
    *,
    as_json: AsJson = False,
) -> None:
    """Import closures; bad rows are named by number, bookings in the way are reported."""
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
        )
    under = [str(each) for each in done.overlapping_bookings]
    if not as_json:
        show_rows(done.report)
    words = summary(done.report)
    if under:
        words += f"\n{len(under)} bookings lie in these closures and stay: {', '.join(under)}"
    found = {**report_json(done.report), "overlapping_bookings": under}
    answer(found, as_json=as_json, words=words)
    leave_if_all_refused(done.report)
