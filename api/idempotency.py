"""Idempotency-Key: a repeated write answers what the first one answered, and does nothing.

The key is claimed inside the write's own transaction, and the answer kept right after it.
After a crash between the two, a repeat says that the write was done but its answer lost.
"""

import hashlib
import json
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.problems import malformed, refused
from booking.clock import utc_now
from booking.db import Database
from booking.engine.permissions import Actor
from booking.engine.violations import Violation
from booking.errors import DomainError, RulesBroken
from booking.services import replies

REFUSED_FROM = 400
KEEP_BELOW = 500


@dataclass(frozen=True, slots=True)
class _Claim:
    person_id: UUID
    key: str
    request_sha256: str


class _Repeated(Exception):  # noqa: N818 - leads to an answer, not to a failure
    """This write was answered before."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def claim_key(request: Request, session: Session, *, actor: Actor, key: str, now: datetime) -> None:
    """Claim the key for this write, or answer as the first time.

    Raises: RulesBroken for a key that came with another body, or whose first write
    is still under way or lost its answer.
    """
    if actor.person_id is None:
        return
    claim = _Claim(actor.person_id, key, request.state.body_sha256)
    try:
        earlier = replies.claim(
            session,
            person_id=claim.person_id,
            key=key,
            request_sha256=claim.request_sha256,
            now=now,
        )
    except IntegrityError as error:
        raise _unfinished() from error
    if earlier is None:
        request.state.claim = claim
        return
    if earlier.request_sha256 != claim.request_sha256:
        raise _refusal(
            "idempotency_mismatch",
            "This Idempotency-Key came before with another request; use a new key.",
        )
    if earlier.status == replies.UNFINISHED:
        raise _unfinished()
    raise _Repeated(earlier.status, earlier.body)


def keep_no_answer(request: Request) -> None:
    """Keep no answer to this write, since it holds a secret that is shown once."""
    request.state.claim = None


def _unfinished() -> RulesBroken:
    return _refusal(
        "idempotency_unfinished",
        "The first write with this Idempotency-Key is under way, or was done and its answer "
        "lost; look at the list before you try again with a new key.",
    )


def _refusal(code: str, reason: str) -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, "Idempotency-Key")])


class IdempotentRoute(APIRoute):
    """A route whose writes honour Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler: hash the request before, keep the answer after."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if not request.headers.get("idempotency-key"):
                return await handle(request)
            request.state.body_sha256 = await _request_sha256(request)
            request.state.claim = None
            try:
                response = await _settled(handle, request)
            except _Repeated as repeated:
                return _again(repeated)
            except DomainError as error:
                response = refused(error)
            except RequestValidationError as error:
                response = malformed(error)
            if request.state.claim and response.status_code < KEEP_BELOW:
                await run_in_threadpool(_keep, request, response)
            return response

        return answer


async def _settled(
    handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    """Return the answer once the write's transaction has ended: done, or undone if refused.

    FastAPI ends `scope="function"` dependencies with this stack; its own closes too late for
    us, and would commit what a refusal that was turned into an answer left half-done.
    """
    async with AsyncExitStack() as stack:
        request.scope["fastapi_function_astack"] = stack
        return await handle(request)


async def _request_sha256(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()


def _again(repeated: _Repeated) -> Response:
    stored = json.loads(repeated.body)
    return Response(stored["body"], repeated.status, headers=stored["headers"])


def _keep(request: Request, response: Response) -> None:
    claim: _Claim = request.state.claim
    kept_headers = {
        name: value
        for name, value in response.headers.items()
        if name in {"content-type", "etag", "location"}
    }
    body = json.dumps({"body": bytes(response.body).decode(), "headers": kept_headers})
    database: Database = request.app.state.database
    # Of two refusals kept at once one is enough.
    with suppress(IntegrityError), database.writing() as session:
        replies.keep(
            session,
            person_id=claim.person_id,
            key=claim.key,
            request_sha256=claim.request_sha256,
            status=response.status_code,
            body=body,
            done=response.status_code < REFUSED_FROM,
            now=utc_now(),
        )
