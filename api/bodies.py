"""A limit to what one request may send, so that none fills the memory."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

LARGEST_BODY: Final = 25 * 1024 * 1024
TOO_LARGE: Final = 413
REASON: Final = f"More than {LARGEST_BODY // 1024 // 1024} MB were sent at once: send less."
_DIGITS: Final = 18  # what int() reads at once, and far more than anyone may send


class BodyLimit:
    """Answers 413 to a body above the limit, whether or not its length was declared."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse by the declared length before anything is read, else count what arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _declares_too_much(Headers(scope=scope).get("content-length", "")):
            await problem(TOO_LARGE, REASON)(scope, receive, send)
        else:
            await self.app(scope, _counted(receive), send)


def _declares_too_much(length: str) -> bool:
    digits = length.lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        return False
    return len(digits) > _DIGITS or int(digits) > LARGEST_BODY


def _counted(receive: Receive) -> Receive:
    total = 0

    async def receive_up_to_the_limit() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > LARGEST_BODY:
            raise HTTPException(TOO_LARGE, REASON)
        return message

    return receive_up_to_the_limit
