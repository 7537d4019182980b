"""`round`: open, close, run and verify allocation rounds."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.json_files import existing_file, read_json, write_whole
from api.cli.session import AsJson, answer, open_database
from api.cli.watching import shown_progress

if TYPE_CHECKING:
    from api.round_run import Certificate
    from booking.db import Database

app = typer.Typer(no_args_is_help=True)
round_ = typer.Typer(no_args_is_help=True, help="Run and verify allocation rounds.")
app.add_typer(round_, name="round")

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The round's slug or id.")]


@round_.command("open")
def open_round(slug: Slug, *, as_json: AsJson = False) -> None:
    """Open the call of a drafted round."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.services import rounds

    with open_database() as database, database.writing() as session:
        row = rounds.open_round(session, actor=SYSTEM, now=utc_now(), key=slug)
        shown = {"id": str(row.id), "slug": row.slug, "state": str(row.state)}
        words = f"The call of {row.slug} is open until {row.call_closes_at:%Y-%m-%d %H:%M} UTC."
    answer(shown, as_json=as_json, words=words)


@round_.command("close")
def close_round(slug: Slug, *, as_json: AsJson = False) -> None:
    """Close the call of an open round, or a published round for good."""
    from booking.clock import utc_now
    from booking.engine.lifecycle import RoundState
    from booking.engine.permissions import SYSTEM
    from booking.queries.rounds import find_round
    from booking.services import rounds

    with open_database() as database, database.writing() as session:
        is_open = find_round(session, slug).state is RoundState.OPEN
        close = rounds.close_call if is_open else rounds.close_round
        row = close(session, actor=SYSTEM, now=utc_now(), key=slug)
        shown = {"id": str(row.id), "slug": row.slug, "state": str(row.state)}
    answer(shown, as_json=as_json, words=f"The round {shown['slug']} is {shown['state']}.")


@round_.command("run")
def run_round(
    slug: Slug,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Allocate, but store and publish nothing.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.json",
            dir_okay=False,
            help="Write all that deciding it again needs, for `benchshare round verify`.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Allocate a round in review and publish it: bookings, invites, reasons.

    A round that was decided before is not run again: its bundle is written, if asked for.
    """
    with open_database() as database:
        if _is_decided(database, slug):
            _show_decided(database, slug, bundle, as_json=as_json)
            return
        if dry_run and bundle is not None:
            raise typer.BadParameter("A dry run stores no result to bundle.", param_hint="--bundle")
        certificate = _allocate(database, slug, store=not dry_run)
        bookings = None if dry_run else _publish(database, slug)
        if bundle is not None:
            _write_bundle(database, slug, bundle)
    shown = asdict(certificate) | {"published": not dry_run}
    answer(shown, as_json=as_json, words=_summary(certificate, bookings))


def _is_decided(database: "Database", slug: str) -> bool:
    """Say whether the round was published; refuse one that cannot be run yet."""
    from booking.engine.lifecycle import RoundState
    from booking.errors import WrongState
    from booking.queries.rounds import find_round

    with database.reading() as session:
        found = find_round(session, slug)
    if found.state is RoundState.OPEN:
        raise WrongState(
            f"The call of {found.slug} is still open until {found.call_closes_at:%Y-%m-%d %H:%M} "
            f"UTC. Close it with: benchshare round close {found.slug}; let the requests be "
            "reviewed, and run the round then."
        )
    if found.state is RoundState.DRAFT:
        raise WrongState(
            f"The round {found.slug} is a draft; open it with: benchshare round open {found.slug}."
        )
    return found.state in {RoundState.PUBLISHED, RoundState.CLOSED}


def _show_decided(database: "Database", slug: str, bundle: Path | None, *, as_json: bool) -> None:
    from api.round_run import decided
    from booking.engine.permissions import SYSTEM

    certificate = decided(database, actor=SYSTEM, key=slug)
    if bundle is not None:
        _write_bundle(database, slug, bundle)
    words = f"{slug} was decided before and was not run again.\n{_summary(certificate, None)}"
    shown = asdict(certificate) | {"published": True}
    answer(shown, as_json=as_json, words=words)


def _allocate(database: "Database", slug: str, *, store: bool) -> "Certificate":
    from api.round_run import allocate_round
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM

    with shown_progress() as progress:
        return allocate_round(
            database, actor=SYSTEM, now=utc_now(), key=slug, store=store, progress=progress
        )


def _publish(database: "Database", slug: str) -> int:
    from api.round_run import publish_round
    from booking.clock import utc_now
    from booking.config import Settings
    from booking.engine.permissions import SYSTEM

    return publish_round(database, actor=SYSTEM, now=utc_now(), settings=Settings(), key=slug)


def _write_bundle(database: "Database", slug: str, path: Path) -> None:
    from api.round_run import bundle_of
    from booking.engine.permissions import SYSTEM

    write_whole(path, bundle_of(database, actor=SYSTEM, key=slug))


def _summary(certificate: "Certificate", bookings: int | None) -> str:
    proof = "proved optimal" if not certificate.gap else f"within {certificate.gap:.2%} of the best"
    done = "nothing was changed" if bookings is None else f"{bookings} bookings published"
    return (
        f"{certificate.granted} requests granted, {certificate.not_granted} not; objective "
        f"{certificate.objective:,}, {proof}; {done}.\nresult_sha256 {certificate.result_sha256}"
    )


@round_.command("verify")
def verify_round(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE.json",
            callback=existing_file,
            help="What `benchshare round run --bundle` wrote, or the audit page gave.",
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Run a round again from its bundle and compare; exit 1 on any difference."""
    from importlib.metadata import version

    from booking.engine.allocation.replay import made_otherwise, second_run_alone, verify_bundle

    content: Any = read_json(bundle)
    differences = verify_bundle(content)
    for each in differences:
        typer.echo(each, err=True)
    comparable = differences and isinstance(content, dict)
    hint = made_otherwise(content, solver=version("highspy")) if comparable else None
    if hint is not None:
        typer.echo(hint, err=True)
    shown = {"verified": not differences, "differences": len(differences)}
    if differences:
        many = "1 difference" if len(differences) == 1 else f"{len(differences)} differences"
        words = f"{many}."
        if second_run_alone(differences):
            words = (
                f"{many}, all from the second run: the bundle's hashes, promises, figures and "
                "certificate are right."
            )
        answer(shown, as_json=as_json, words=words)
        raise typer.Exit(1)
    answer(shown, as_json=as_json, words="The bundle is right: run again, it gives the same.")
