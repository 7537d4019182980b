"""Every expected "no".

    DomainError
    ├── NotFound         there is no such thing, or the viewer may not know of it
    ├── NotPermitted     the actor's roles do not allow it
    ├── NotSignedIn      nobody is acting
    ├── RulesBroken      the wish is well formed, but breaks published rules
    ├── WrongState       the thing's life cycle has no such step from here
    ├── StaleVersion     the caller has seen an older state
    └── Malformed        the input cannot be read; it names each field

A programmer's mistake is a ValueError, never one of these.
"""

from collections.abc import Sequence
from typing import Any

from booking.engine.violations import Violation


class DomainError(Exception):
    """An expected refusal, with every reason that is known."""

    def __init__(
        self,
        message: str,
        violations: Sequence[Violation] = (),
        *,
        beside: dict[str, Any] | None = None,
    ) -> None:
        """Say no in `message`; `beside` holds JSON values that help the caller go on."""
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.beside = beside or {}


class NotFound(DomainError):  # noqa: N818 - a refusal, not a failure
    """There is no such thing, or the viewer may not know of it."""


class NotPermitted(DomainError):  # noqa: N818
    """The actor's roles do not allow it."""


class NotSignedIn(DomainError):  # noqa: N818
    """Nobody is acting, and somebody must."""


class RulesBroken(DomainError):  # noqa: N818
    """The wish is well formed, but breaks published rules; `violations` lists all."""


class WrongState(DomainError):  # noqa: N818
    """The thing's life cycle has no such step from here."""


class StaleVersion(DomainError):  # noqa: N818
    """The caller has seen an older state."""


class Malformed(DomainError):  # noqa: N818
    """The input cannot be read; each violation points at its field."""
