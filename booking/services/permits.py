"""Ask the rules of engine/permissions, and refuse in words."""

from booking.engine.permissions import NOWHERE, Action, Actor, Scope, may
from booking.errors import NotPermitted, NotSignedIn


def permit(actor: Actor, action: Action, scope: Scope = NOWHERE) -> None:
    """Return if `actor` may do `action` in `scope`.

    Raises: NotSignedIn when nobody acts; NotPermitted otherwise.
    """
    if may(actor, action, scope):
        return
    if actor.person_id is None and not actor.system:
        raise NotSignedIn("Sign in first, or send a token: Authorization: Bearer TOKEN.")
    raise NotPermitted(
        f"Your roles do not allow this ({action}). Ask a manager of the facility, "
        "or use a token whose scope covers it."
    )
