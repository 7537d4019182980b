"""One page of a list, and the cursor that leads to the next."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from booking.engine.intervals import in_utc
from booking.engine.violations import Violation
from booking.errors import Malformed

T = TypeVar("T")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in order; `next` is the cursor of the following page, None on the last."""

    items: tuple[T, ...]
    next: str | None


def page_of(rows: Sequence[T], *, limit: int, key: Callable[[T], Sequence[str | int]]) -> Page[T]:
    """Cut `rows`, fetched with one more than `limit`, into a page.

    `key` gives the sort key of a row, as JSON values; the next page starts after it.
    """
    if len(rows) <= limit:
        return Page(tuple(rows), None)
    kept = tuple(rows[:limit])
    return Page(kept, write_cursor(key(kept[-1])))


def write_cursor(key: Sequence[str | int]) -> str:
    """Return the opaque text of a sort key."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *, parts: int) -> list[Any] | None:
    """Return the sort key in `cursor`, None for the first page.

    Raises: Malformed if it is not a cursor of `parts` parts.
    """
    if not cursor:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _not_a_cursor() from error
    if not isinstance(key, list) or len(key) != parts or not all(_storable(part) for part in key):
        raise _not_a_cursor()
    return key


def id_of(part: Any) -> UUID:
    """Read a part of a cursor that is an id.

    Raises: Malformed.
    """
    try:
        return UUID(str(part))
    except ValueError as error:
        raise _not_a_cursor() from error


def instant_of(part: Any) -> datetime:
    """Read a part of a cursor that is an instant.

    Raises: Malformed.
    """
    try:
        return in_utc(datetime.fromisoformat(str(part)))
    except (ValueError, OverflowError) as error:
        raise _not_a_cursor() from error


def _not_a_cursor() -> Malformed:
    reason = "This is not a cursor of ours; leave it out to begin at the first page."
    return Malformed(reason, [Violation("cursor", reason, "cursor")])


def _storable(part: Any) -> bool:
    """Say whether every database takes the part for comparison."""
    if not isinstance(part, str):
        return isinstance(part, int)
    return "\0" not in part and not _SURROGATE.search(part)
