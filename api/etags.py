"""ETag of a single thing: a digest of what is answered; If-Match refuses a stale write."""

import hashlib
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel
from sqlmodel import Session

from booking.errors import StaleVersion
from booking.queries.locking import lock_as_now

IfMatch = Annotated[str | None, Header(max_length=200)]


def etag_of(thing: BaseModel) -> str:
    """Return the strong ETag of what would be answered."""
    return etag_of_text(thing.model_dump_json())


def etag_of_text(answer: str) -> str:
    """Return the strong ETag of a thing whose JSON is `answer`."""
    return f'"{hashlib.sha256(answer.encode()).hexdigest()[:32]}"'


def set_etag(response: Response, thing: BaseModel) -> None:
    """Let the response carry the thing's ETag."""
    response.headers["ETag"] = etag_of(thing)


def lock_to_match(session: Session, if_match: str | None, row: Any) -> None:
    """Lock the row that is about to be compared, so that nothing changes before the write."""
    if if_match is not None:
        lock_as_now(session, row)


def check_match(if_match: str | None, thing: BaseModel) -> None:
    """Return if the caller saw `thing` as it is now, or did not say.

    Raises: StaleVersion, with the present state beside it.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if etag_of(thing) not in [each.strip() for each in if_match.split(",")]:
        raise StaleVersion(
            "It has changed since you last saw it; look at `current` and decide again.",
            beside={"current": thing.model_dump(mode="json")},
        )
