"""`benchshare serve`, `work` and `migrate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.session import refuse, require_migrated

if TYPE_CHECKING:
    from booking.config import Settings

app = typer.Typer()
WRONG_USE = 2


@app.callback()
def running() -> None:
    """Run Benchshare."""


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="The port to listen on.", min=1, max=65535)
    ] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            metavar="N", help="How many processes; more than 1 on PostgreSQL only.", min=1
        ),
    ] = 1,
) -> None:
    """Serve web, API and feeds; on SQLite also run the jobs."""
    from booking.config import Settings

    settings = Settings()
    if workers > 1 and settings.database_url.startswith("sqlite"):
        typer.echo(
            "SQLite is for one process: leave --workers at 1, or set BENCHSHARE_DATABASE_URL "
            "to a PostgreSQL database.",
            err=True,
        )
        raise typer.Exit(WRONG_USE)
    _require_ready(settings)

    from api.serving import serve_app

    serve_app(settings, host=host, port=port, workers=workers)


@app.command()
def work() -> None:
    """Run jobs and deliveries until Ctrl-C or SIGTERM."""
    import signal

    # Blocked before any thread starts, and numpy starts some when it is imported: none of them
    # can then take the signal from sigwait.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)

    from api import jobs
    from booking.config import Settings
    from booking.db import Database

    settings = Settings()
    _require_ready(settings)
    database = Database(settings.database_url)
    running_jobs = jobs.start(settings, database)
    typer.echo("Working; Ctrl-C ends it.", err=True)
    signal.sigwait(ends)
    running_jobs.stop()
    database.dispose()


@app.command()
def migrate() -> None:
    """Bring the database to its newest form."""
    from booking.config import Settings
    from migrations import head, upgrade

    upgrade(Settings().database_url)
    typer.echo(f"The database is at {head()}.")


def _require_ready(settings: "Settings") -> None:
    """Refuse to run without a secret key or on a database that is not at head."""
    if not settings.secret_key:
        refuse(
            "BENCHSHARE_SECRET_KEY is missing. Set it to a long random text, for example the "
            "output of: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    require_migrated(settings.database_url)
