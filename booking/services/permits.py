"""Ask the rules of engine/permissions, and refuse in words."""

from booking.engine.permissions import NOWHERE, Action, Actor, Scope, may
from booking.errors import NotPermitted, NotSignedIn


def permit(actor: Actor, action: Action, scope: Scope = NOWHERE) -> None:
    """Return if `actor` may do `action` in `scope`.

    Raises: NotSignedIn when nobody acts; NotPermitted otherwise.
    """
    if may(actor, action, scope):
        return
    permit_signed_in(actor)
    raise NotPermitted(
        f"Your roles do not allow this ({action}). Ask a manager of the facility, "
        "or use a token whose scope covers it."
    )


def permit_signed_in(actor: Actor) -> None:
    """Return if somebody acts, or the system itself.

    Raises: NotSignedIn.
    """
    if actor.person_id is None and not actor.system:
        raise NotSignedIn("Sign in first, or send a token: Authorization: Bearer TOKEN.")
