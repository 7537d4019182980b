"""Short ways: routes that are asked most do all of a request's work in one thread.

The ordinary way changes threads for each of a route's needs, which costs more than the work.
A short way does the same by the same services, and takes only what is well-formed: anything
else goes the ordinary way, which says what is wrong with it.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from api.auth import identify
from api.deps import somebody, time_of
from api.idempotency import IdempotentRoute
from booking.config import Settings
from booking.db import Database
from booking.engine.permissions import Actor

JSON: Final = "application/json"

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose body was read, at the instant it is answered."""

    request: Request
    body: bytes
    now: datetime

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def database(self) -> Database:
        """The installation's database."""
        database: Database = self.request.app.state.database
        return database

    @contextmanager
    def looking(self) -> Iterator[tuple[Session, Actor]]:
        """Open a session for quick reads, with who acts.

        Raises: the refusals of `identify`.
        """
        with self.database.looking() as session:
            yield session, identify(self.request, session, now=self.now)

    def signed_in(self) -> Actor:
        """Return who acts.

        Raises: NotSignedIn if nobody does, and the refusals of `identify`.
        """
        with self.looking() as (_, actor):
            return somebody(actor)

    def address(self, model: type[M]) -> M | None:
        """Read the path and query as `model`; None if they are not well-formed."""
        return _read(model, {**self.request.query_params, **self.request.path_params})

    def json(self, model: type[M]) -> M | None:
        """Read the body as `model`; None if it is not well-formed JSON, sent as such."""
        if self.request.headers.get("content-type", "").lower() != JSON:
            return None
        try:
            return _read(model, msgspec.json.decode(self.body))
        except (ValueError, RecursionError):
            return None


ShortWay = Callable[[Asked], Response | None]


def short_way(way: ShortWay) -> Callable[[F], F]:
    """Let `way` answer what a route of ShortRoute is asked, unless it returns None."""

    def marked(endpoint: F) -> F:
        endpoint.short_way = way  # type: ignore[attr-defined]
        return endpoint

    return marked


class ShortRoute(IdempotentRoute):
    """A route that goes the short way where it has one; not with an Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler: try the short way first."""
        ordinary = super().get_route_handler()
        way: ShortWay | None = getattr(self.endpoint, "short_way", None)
        if way is None:
            return ordinary

        async def answer(request: Request) -> Response:
            if "idempotency-key" in request.headers:
                return await ordinary(request)
            asked = Asked(request, await request.body(), time_of(request))
            return await run_in_threadpool(way, asked) or await ordinary(request)

        return answer


def json_response(answer: Any, status: int = 200) -> Response:
    """Encode dicts, lists, dataclasses, ids and instants as the pydantic models would."""
    return Response(msgspec.json.encode(answer), status, media_type=JSON)


def _read(model: type[M], values: Any) -> M | None:
    try:
        return model.model_validate(values)
    except ValidationError:
        return None
