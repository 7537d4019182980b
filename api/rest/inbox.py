"""The hook for mail relays: a mail to the bookings' address, handed over as it came."""

import hmac
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api import incoming
from api.deps import AppDatabase, AppSettings, Now
from api.limits import limit_bad_tokens
from api.problems import problems
from booking.config import Settings
from booking.engine.vocabulary import ReplyOutcome, ReplyVia
from booking.errors import NotPermitted, NotSignedIn
from notifications.inbox_mail import LARGEST_MAIL
from notifications.receiving import take

router = APIRouter(tags=["mail"])
MAIL: Final = "message/rfc822"
TOO_LARGE, WRONG_KIND = 413, 415
MAIL_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {MAIL: {"schema": {"type": "string", "format": "binary"}}},
    },
    "security": [{"bearer": []}],
}


class MailTaken(BaseModel):
    """What became of a mail; `repeated` says that it had been taken in before."""

    outcome: ReplyOutcome
    repeated: bool


async def mail_content(request: Request, settings: AppSettings) -> bytes:
    """Return the mail that a relay sends, once the relay has proved itself.

    Raises: NotSignedIn, NotPermitted; HTTPException 413, 415.
    """
    _check_secret(request, settings)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MAIL:
        raise HTTPException(WRONG_KIND, f"Send the mail as it came, as {MAIL}.")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_MAIL:
            most = LARGEST_MAIL // 1024 // 1024
            raise HTTPException(TOO_LARGE, f"A mail may have {most} MB; this one has more.")
    return bytes(content)


@router.post("/inbox", responses=problems(401, 403, 412, 413, 415), openapi_extra=MAIL_BODY)
def take_mail(
    content: Annotated[bytes, Depends(mail_content)],
    database: AppDatabase,
    settings: AppSettings,
    now: Now,
) -> MailTaken:
    """Take a mail in, once; for a relay with the secret of BENCHSHARE_INBOX_SECRET."""
    received = take(database, settings, content, via=ReplyVia.HOOK, now=now)
    incoming.count(received, ReplyVia.HOOK)
    return MailTaken(outcome=received.outcome, repeated=received.repeated)


def _check_secret(request: Request, settings: Settings) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("Send the secret of BENCHSHARE_INBOX_SECRET: Authorization: Bearer …")
    own = settings.inbox_secret
    if not own or not hmac.compare_digest(own.encode(), given.strip().encode()):
        limit_bad_tokens(request)
        raise NotPermitted(
            "This secret opens no inbox. Send the one of BENCHSHARE_INBOX_SECRET, which whoever "
            "runs the installation sets."
        )
