"""`benchshare demo`: a real catalogue, a round with real-shaped demand, every mail written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.session import AsJson, refuse

if TYPE_CHECKING:
    from api.demonstration.build import Summary

app = typer.Typer()
PORT = 8000


@app.callback()
def demonstrations() -> None:
    """Try Benchshare."""


@app.command()
def demo(
    *,
    folder: Annotated[
        Path,
        typer.Option(
            "--dir", metavar="DIR", help="Where to build it: a folder that is empty or absent."
        ),
    ] = Path("demo"),
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve it on 127.0.0.1 until Ctrl-C.")
    ] = True,
    port: Annotated[
        int, typer.Option(metavar="PORT", help="The port to serve on.", min=1, max=65535)
    ] = PORT,
    as_json: AsJson = False,
) -> None:
    """Build a full demonstration, print what happened, and serve it."""
    from rich.console import Console

    from api.demonstration.build import build, settings_for
    from booking.clock import utc_now

    folder = folder.resolve()
    _prepare(folder)
    console = Console(stderr=True)
    settings = settings_for(folder, port=port)
    with console.status("Building the demonstration") as status:
        summary = build(folder, settings, now=utc_now(), say=status.update)
    if as_json:
        typer.echo(json.dumps(as_object(summary)))
    else:
        _print(summary, folder, serving=serve)
    if serve:
        from api.serving import serve_app

        serve_app(settings, host="127.0.0.1", port=port)


def _prepare(folder: Path) -> None:
    """Make the folder with a place for mail in it; exit with 1 where it is not ours to fill."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            refuse(f"{folder} is not empty. Name an empty or new folder: benchshare demo --dir DIR")
        (folder / "mail").mkdir(parents=True)
    except OSError as error:
        refuse(
            f"{folder} cannot be made or written to: {error.strerror}. Name a folder that you may "
            "write to: benchshare demo --dir DIR"
        )


def as_object(summary: "Summary") -> dict[str, object]:
    """Return the object that `--json` prints."""
    certificate = summary.certificate
    return {
        "resources": summary.tallies.resources,
        "requests": summary.tallies.requests,
        "granted": summary.tallies.granted,
        "bookings": summary.tallies.bookings,
        "mails": summary.mails,
        "certificate": {
            "result_sha256": certificate.result_sha256,
            "objective": certificate.objective,
            "bound": certificate.bound,
            "gap": certificate.gap,
        },
    }


def _print(summary: "Summary", folder: Path, *, serving: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    counted, certificate = summary.tallies, summary.certificate
    table = Table(title="The demonstration", show_header=False)
    rows = (
        ("Facilities, resources", f"{counted.facilities}, {counted.resources}"),
        ("Organisations", f"{counted.organisations} of {counted.countries} countries"),
        ("Access requests", f"{counted.requests}, of them granted {counted.granted}"),
        ("Bookings that hold time", str(counted.bookings)),
        ("Certificate", f"at most {certificate.gap:.2%} below the best possible timetable"),
        ("Result", certificate.result_sha256[:16]),
        ("Bundle to verify", str(folder / "bundle.json")),
        ("Invites", f"{summary.mails} in {folder / 'mail'}"),
        ("Decisions by mail", f"{summary.letters} in {folder / 'letters'}"),
    )
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    if serving:
        typer.echo("Open next, each link signs one person in:")
        for who, link in summary.links:
            typer.echo(f"  {who}: {link}")
