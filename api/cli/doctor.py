"""`benchshare doctor`: what is wrong with an installation, and the mend."""

import json
from typing import Annotated

import typer

app = typer.Typer()


@app.callback()
def looking() -> None:
    """Look after an installation."""


@app.command()
def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, on the last line.")
    ] = False,
) -> None:
    """Say what is wrong with this installation, and the mend; exit 1 if anything is."""
    from api.checks import examine
    from booking.clock import utc_now
    from booking.config import Settings

    found = examine(Settings(), now=utc_now())
    healthy = all(each.ok for each in found)
    if as_json:
        checks = [{"name": each.name, "ok": each.ok, "words": each.words} for each in found]
        typer.echo(json.dumps({"ok": healthy, "checks": checks}))
    else:
        for each in found:
            typer.echo(f"{'ok   ' if each.ok else 'wrong'}  {each.name}: {each.words}")
    if not healthy:
        raise typer.Exit(1)
