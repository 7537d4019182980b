"""`benchshare`: the command line. Each command's module is loaded when it is run."""

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

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
        return group.commands[cmd_name]


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def benchshare() -> None:
    """Share research infrastructure on fair and published terms."""


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
