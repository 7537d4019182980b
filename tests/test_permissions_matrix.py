"""Every route of the API, called by everybody: who gets in is what the tables say."""

import re
from typing import Final

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api import rest
from api.app import create_app
from booking.db import Database
from tests.conftest import settings_for
from tests.matrix import (
    attendee_rows,
    booking_rows,
    calendar_rows,
    catalogue_rows,
    mail_rows,
    people_rows,
    round_rows,
)
from tests.matrix.world import Caller, Row, World, a_world

PREFIX: Final = "/api/v1"
REFUSED: Final = frozenset({401, 403, 404})
ROWS: Final = (
    people_rows.ROWS
    | catalogue_rows.ROWS
    | booking_rows.ROWS
    | attendee_rows.ROWS
    | round_rows.ROWS
    | mail_rows.ROWS
    | calendar_rows.ROWS
)


def mounted() -> set[str]:
    """List the routes of each noun, those too that no document shows."""
    return {
        f"{method} {route.path_format}"
        for router in rest.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def documented() -> set[str]:
    """List the routes of the API that /openapi.json shows, wherever they come from."""
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in create_app(settings_for("sqlite://")).openapi()["paths"].items()
        if path.startswith(PREFIX)
        for method in methods
    }


def test_rows__every_route__has_one_and_no_other_has() -> None:
    assert mounted() | documented() == set(ROWS)


@pytest.mark.parametrize("route", sorted(ROWS))
def test_route__everybody__is_let_in_as_the_table_says(
    route: str, client: TestClient, database: Database
) -> None:
    row, world = ROWS[route], None
    let_in = set()
    for caller in Caller:
        if world is None:
            with database.writing() as session:
                world = a_world(session, round_state=row.round_state)
        status = call(client, route, row, world, caller)
        assert status < 500, caller
        assert status != 422, f"{caller}: the row's body or query is not what the route asks for"
        if status not in REFUSED:
            let_in.add(caller)
            world = world if status >= 400 or route.startswith("GET ") else None
        assert (status == 401) == (caller == Caller.NOBODY and caller not in row.permitted), caller
    assert let_in == expected(route, row)


def expected(route: str, row: Row) -> set[Caller]:
    """Say who gets in: an officer's token for reading opens no write."""
    reads = route.startswith("GET ") and row.for_reading
    reading = reads and Caller.OFFICER in row.permitted
    return {*row.permitted, *({Caller.READING_OFFICER} if reading else ())}


def call(client: TestClient, route: str, row: Row, world: World, caller: Caller) -> int:
    method, path = route.split(" ")
    token, body = world.tokens.get(caller), row.body(world) if row.body else None
    ids = ids_in(path, world, caller)
    answer = client.request(
        method,
        PREFIX + re.sub(r"{(\w+)}", lambda found: str(ids[found[1]]), path),
        content=body if isinstance(body, str) else None,
        json=None if isinstance(body, str) else body,
        params=row.query(world) if row.query else None,
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )
    return answer.status_code


def ids_in(path: str, world: World, caller: Caller) -> dict[str, object]:
    home = world.home
    busy_of = caller if path.startswith("/me") else Caller.NOBODY
    own_ids = world.feed_ids if "calendar" in path else world.token_ids
    return {
        "appeal_id": world.appeal_id,
        "attendee_id": world.attendee_id,
        "delivery_id": world.delivery_id,
        "booking_id": world.used.id if path.endswith("/usage") else home.booking.id,
        "calendar_id": world.busy_ids[busy_of],
        "calculation_id": world.calculation_id,
        "closure_id": world.closure_id,
        "entry_id": world.entry_id,
        "facility": home.facility.slug,
        "fact_id": world.fact_id,
        "key": world.round.slug if path.startswith("/rounds") else home.facility.slug,
        "offer_id": world.offer_id,
        "organisation_id": home.organisation.id,
        "person_id": world.colleague.id,
        "project_id": home.project.id,
        "qualification_id": world.qualification_id,
        "request_id": world.request.id,
        "resource_id": home.resource.id,
        "role_id": world.role_id,
        "token_id": own_ids.get(caller, world.fact_id),
    }
