"""`organisation`, `user` and `token`: what a fresh installation needs."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from api.cli.session import AsJson, answer, no_such_facility, open_database

if TYPE_CHECKING:
    from booking.engine.permissions import Role

DEFAULT_DAYS: Final = 365
MOST_DAYS: Final = 1826

app = typer.Typer(no_args_is_help=True)
organisation = typer.Typer(no_args_is_help=True, help="Add organisations.")
user = typer.Typer(no_args_is_help=True, help="Add people with their roles.")
token = typer.Typer(no_args_is_help=True, help="Create API tokens.")
app.add_typer(organisation, name="organisation")
app.add_typer(user, name="user")
app.add_typer(token, name="token")
RoleName = Annotated[
    str,
    typer.Option(
        metavar="ROLE",
        help="manager, operator, reviewer (of a facility); member, organisation-admin "
        "(of an organisation); officer, auditor.",
    ),
]
TheirEmail = Annotated[
    str, typer.Argument(metavar="EMAIL", help="Their mail address, which they sign in with.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SCOPE",
        help="read, book, manage or admin; may be given again. Left out, the token may do all"
        " that the person may.",
    ),
]


# Without a callback, a group of one command would swallow the command's name.
@organisation.callback()
@user.callback()
@token.callback()
def _group() -> None:
    """Keep the command's own name."""


@organisation.command("add")
def add_organisation(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    country: Annotated[
        str, typer.Option(metavar="CODE", help="Two letters (ISO 3166-1), such as KE.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="startup, sme, university, institute, public-body, ngo or large-company.",
        ),
    ],
    ror: Annotated[
        str, typer.Option(metavar="ID", help="Its ROR id, such as https://ror.org/05dxps055.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Add an organisation."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.engine.vocabulary import OrganisationKind
    from booking.services import organisations

    try:
        word = OrganisationKind(kind)
    except ValueError as error:
        known = ", ".join(OrganisationKind)
        raise typer.BadParameter(f"Choose one of {known}.", param_hint="--kind") from error
    with open_database() as database, database.writing() as session:
        row = organisations.create_organisation(
            session,
            actor=SYSTEM,
            now=utc_now(),
            name=name,
            country=country,
            kind=word,
            ror_id=ror or None,
        )
        added = {"id": str(row.id)}
    answer(added, as_json=as_json, words=f"Added {name}: {added['id']}")


@user.command("add")
def add_user(
    email: TheirEmail,
    role: RoleName,
    name: Annotated[str, typer.Option(metavar="NAME", help="What they are called.")] = "",
    facility: Annotated[
        str | None, typer.Option(metavar="SLUG", help="The facility's slug.")
    ] = None,
    organisation_id: Annotated[
        UUID | None,
        typer.Option("--organisation", metavar="ID", help="The organisation's id."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Add a person with a role; for somebody who is known, add the role."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.queries import catalogue
    from booking.services import people

    word = _role_at(role, facility, organisation_id)
    with open_database() as database, database.writing() as session:
        place = None if facility is None else catalogue.facility_by_slug(session, facility)
        if facility is not None and place is None:
            raise no_such_facility(session, facility)
        person = people.enter(session, now=utc_now(), email=email, name=name)
        people.grant_role(
            session,
            actor=SYSTEM,
            now=utc_now(),
            person_id=person.id,
            role=word,
            facility_id=place.id if place else None,
            organisation_id=organisation_id,
        )
        added = {"id": str(person.id)}
    answer(added, as_json=as_json, words=f"{email} is {role} now: {added['id']}")


def _role_at(role: str, facility: str | None, organisation_id: UUID | None) -> "Role":
    """Read the role; one without its place, or at another, is wrong use."""
    from booking.engine.permissions import FACILITY_ROLES, ORGANISATION_ROLES, Role

    try:
        word = Role(role.replace("-", "_"))
    except ValueError as error:
        known = ", ".join(each.replace("_", "-") for each in Role)
        raise typer.BadParameter(f"Choose one of {known}.", param_hint="--role") from error
    if (facility is not None) != (word in FACILITY_ROLES):
        mend = "Name its facility" if word in FACILITY_ROLES else "Leave the facility out"
        raise typer.BadParameter(f"{mend} for the role {role}.", param_hint="--facility")
    if (organisation_id is not None) != (word in ORGANISATION_ROLES):
        mend = "Name its organisation" if word in ORGANISATION_ROLES else "Leave it out"
        raise typer.BadParameter(f"{mend} for the role {role}.", param_hint="--organisation")
    return word


@token.command("create")
def create_token(
    email: Annotated[
        str, typer.Argument(metavar="EMAIL", help="The mail address of the person it acts for.")
    ],
    scope: Scopes = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="What it is for.")] = "command line",
    days: Annotated[
        int,
        typer.Option(metavar="DAYS", min=1, max=MOST_DAYS, help="How many days it is valid."),
    ] = DEFAULT_DAYS,
    *,
    as_json: AsJson = False,
) -> None:
    """Create an API token; it is shown this once."""
    from booking.clock import utc_now
    from booking.engine.permissions import SYSTEM
    from booking.errors import NotFound
    from booking.services import people, tokens

    now = utc_now()
    with open_database() as database, database.writing() as session:
        try:
            person = people.person_with_email(session, email)
        except NotFound as error:
            raise NotFound(
                f"Nobody is known by {email}. Add them with a role first: benchshare user add "
                f"{email} --role ROLE, with --facility SLUG or --organisation ID where it has one."
            ) from error
        row, secret = tokens.create_token(
            session,
            actor=SYSTEM,
            now=now,
            person_id=person.id,
            name=name,
            scopes=scope or [],
            expires_at=now + timedelta(days=days),
        )
        ends = row.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    answer({"token": secret, "expires_at": ends}, as_json=as_json, words=secret)
