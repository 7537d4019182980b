"""`facility`: what a fresh installation needs first."""

from typing import Annotated

import typer

from api.cli.session import AsJson, answer, open_database
from booking.reference.languages import LANGUAGES

app = typer.Typer(no_args_is_help=True)
facility = typer.Typer(no_args_is_help=True, help="Add facilities.")
app.add_typer(facility, name="facility")


# Without callbacks, a group of one command would swallow the command's name.
@app.callback()
@facility.callback()
def _group() -> None:
    """Keep the command's own name."""


@facility.command("add")
def add_facility(
    slug: Annotated[
        str, typer.Argument(metavar="SLUG", help="Its name in addresses, such as light-microscopy.")
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Its name.")],
    country: Annotated[
        str, typer.Option(metavar="CODE", help="Two letters (ISO 3166-1), such as KE.")
    ],
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="IANA time zone, such as Africa/Nairobi.")
    ],
    *,
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Language of its calendars: en, es or fr.")
    ] = "en",
    as_json: AsJson = False,
) -> None:
    """Add a facility."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.services import catalogue

    with open_database() as database, database.writing() as session:
        row = catalogue.create_facility(
            session,
            actor=SYSTEM,
            now=utc_now(),
            slug=slug,
            name=name,
            country=country,
            zone=zone,
            values={"locale": language},
        )
        answer(
            {"id": str(row.id), "slug": row.slug},
            as_json=as_json,
            words=f"Added the facility {row.name}, {row.slug}: {row.id}",
        )


@facility.command("language")
def set_language(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The facility's name in addresses.")],
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="en, es or fr.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Set the language of a facility's calendars, and of mails to readers without one of ours."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.errors import NotFound
    from booking.queries.catalogue import facility_by_slug
    from booking.services import catalogue

    with open_database() as database, database.writing() as session:
        found = facility_by_slug(session, slug)
        if found is None:
            raise NotFound(f"There is no facility {slug!r}; look in the list of facilities.")
        row = catalogue.edit_facility(
            session,
            actor=SYSTEM,
            now=utc_now(),
            facility_id=found.id,
            changes={"locale": language},
        )
        answer(
            {"slug": row.slug, "locale": row.locale},
            as_json=as_json,
            words=f"The calendars of {row.name} are in {LANGUAGES[row.locale]} from now on.",
        )
