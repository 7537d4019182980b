"""Idempotency-Key holds for every write, whichever noun it is about."""

from fastapi.routing import APIRoute

from api.idempotency import IdempotentRoute
from api.rest import ROUTERS

# A relay's mail is its own key: it is taken once by its Message-ID (tests/api/rest/test_inbox.py).
KEYED_BY_THEMSELVES = ["/inbox"]


def test_every_rest_route_honours_idempotency_keys() -> None:
    routes = [each for router in ROUTERS for each in router.routes if isinstance(each, APIRoute)]
    assert routes
    assert [each.path for each in routes if not isinstance(each, IdempotentRoute)] == (
        KEYED_BY_THEMSELVES
    )
