"""`benchshare`: the command line. Each command's module is loaded when it is run."""

import importlib
import sys
from importlib.metadata import version
from inspect import cleandoc
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from booking.errors import DomainError

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("api.cli.demo", "Build and serve a full demonstration."),
    "serve": ("api.cli.run", "Serve web, API and feeds."),
    "work": ("api.cli.run", "Run jobs and deliveries."),
    "migrate": ("api.cli.run", "Bring the database to its newest form."),
    "doctor": ("api.cli.doctor", "Say what is wrong with an installation, and the mend."),
    "catalogue": ("api.cli.catalogue", "Import and export resources."),
    "closures": ("api.cli.closures", "Import closures, and adopt holidays."),
    "facility": ("api.cli.facility", "Add facilities."),
    "organisation": ("api.cli.people", "Add organisations."),
    "user": ("api.cli.people", "Add people with their roles."),
    "token": ("api.cli.people", "Create API tokens."),
    "allocate": ("api.cli.allocate", "Allocate a problem file, without a database."),
    "round": ("api.cli.rounds", "Run and verify allocation rounds."),
}


class LazyGroup(TyperGroup):
    """The commands by name; a module is imported when its command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every command's name, in the order of COMMANDS."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load and return the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        group = typer.main.get_group(importlib.import_module(module).app)
        return with_plain_help(group.commands[cmd_name])

    def get_params(self, ctx: Any) -> Any:
        """Return the options before any command."""
        return _plain(super().get_params(ctx))


def with_plain_help(command: Any) -> Any:
    """Let the help of a command, and of those in it, fill its lines and show flags without a type.

    A flag takes no value, and where a docstring breaks its lines is no matter of the terminal's.
    """
    _plain(command.get_params(typer.Context(command)))
    command.help = "\n\n".join(
        " ".join(part.split()) for part in cleandoc(command.help or "").split("\n\n")
    )
    for each in getattr(command, "commands", {}).values():
        with_plain_help(each)
    return command


def _plain(params: Any) -> Any:
    for each in params:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return params


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer's way
    if asked:
        typer.echo(f"benchshare {version('benchshare')}")
        raise typer.Exit


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def benchshare(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
) -> None:
    """Share research infrastructure on fair and published terms."""
    del show_version


def main() -> None:
    """Run the command line; an expected refusal is reasons on stderr and exit code 1."""
    # Refusals are rendered here so that no command has to.
    from api.logs import set_up_logs  # noqa: PLC0415
    from booking.errors import DomainError  # noqa: PLC0415

    set_up_logs()
    try:
        app()
    except DomainError as error:
        typer.echo("\n".join(lines_of(error)), err=True)
        sys.exit(1)


def lines_of(error: "DomainError") -> list[str]:
    """Return a refusal's message, then each reason that the message does not hold already."""
    beyond = (each for each in error.violations if each.reason not in error.message)
    return [error.message, *(f"  {each.pointer or each.code}: {each.reason}" for each in beyond)]


if __name__ == "__main__":
    main()
