"""Routes that do nothing but driver and encoder, beside ours in one process."""

from typing import Final
from uuid import uuid4

import msgspec
import psycopg
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from psycopg.rows import dict_row

from api.app import create_app
from booking.config import Settings

INSERT: Final = """
    INSERT INTO bare_booking (id, uid, resource_id, project_id, person_id, starts_at, ends_at,
        quantity, exclusive, status, source, title, reason, sequence, revision, group_key,
        groups, waiver, created_at, updated_at)
    VALUES (%(id)s, %(uid)s, %(resource_id)s, %(project_id)s, %(project_id)s, %(starts_at)s,
        %(ends_at)s, 1, true, 'confirmed', 'instant', '', '', 0, 0, '', '[]', '',
        now(), now())
    RETURNING id, uid, resource_id, project_id, starts_at, ends_at, quantity, title, status,
        sequence, revision"""
LIST: Final = """
    SELECT id, uid, resource_id, project_id, person_id, starts_at, ends_at, quantity, title,
        status, source, reason, sequence, revision
    FROM booking WHERE resource_id IN (
        SELECT resource.id FROM resource JOIN facility ON facility.id = resource.facility_id
        WHERE resource.id::text = %(of)s OR facility.slug = %(of)s)
    AND starts_at < %(until)s AND ends_at > %(since)s ORDER BY starts_at, id"""
ONE: Final = """
    SELECT id, uid, resource_id, project_id, person_id, starts_at, ends_at, quantity, title,
        status, source, reason, sequence, revision
    FROM booking WHERE resource_id = %(of)s
    AND starts_at < %(until)s AND ends_at > %(since)s ORDER BY starts_at, id"""


def serve(url: str, port: int) -> None:
    """Serve our routes and the bare ones, in one process."""
    app = create_app(
        Settings(database_url=url, secret_key="for measuring alone")  # noqa: S106 - throw-away
    )
    add_bare_routes(app, url)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def add_bare_routes(app: FastAPI, url: str) -> None:
    """Add routes that do nothing but driver and encoder."""
    connection = psycopg.connect(url, row_factory=dict_row)

    def insert(body: bytes) -> bytes:
        wish = msgspec.json.decode(body)
        values = wish | {"id": uuid4(), "uid": f"{uuid4()}@example.org"}
        with connection.transaction():
            row = connection.execute(INSERT, values).fetchone()
        return msgspec.json.encode(row)

    def select(statement: str, of: str, since: str, until: str) -> bytes:
        values = {"of": of, "since": since, "until": until}
        with connection.transaction():
            return msgspec.json.encode(connection.execute(statement, values).fetchall())

    @app.post("/bare/bookings", status_code=201)
    async def bare_create(request: Request) -> Response:
        body = await run_in_threadpool(insert, await request.body())
        return Response(body, 201, media_type="application/json")

    @app.get("/bare/resources/{of}")
    def bare_resource(of: str, start: str, end: str) -> Response:
        return Response(select(ONE, of, start, end), media_type="application/json")

    @app.get("/bare/facilities/{of}")
    def bare_facility(of: str, start: str, end: str) -> Response:
        return Response(select(LIST, of, start, end), media_type="application/json")
