"""The web application, wired: REST, pages, feeds, CalDAV, docs and health."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from api import feeds, health, pages, rest
from api.bodies import BodyLimit
from api.dav.accounts import sign_in
from api.dav.protocol import dav_router, well_known
from api.description import describe
from api.feed_memory import FeedMemory
from api.headers import SecurityHeaders
from api.logs import set_up_logs
from api.pages.visit import refused_page, trouble_page, visit_of
from api.problems import install_problems
from booking.config import Settings
from booking.db import Database
from booking.errors import DomainError

STATIC: Final = Path(__file__).parent / "pages" / "static"
GZIP_FROM_BYTES: Final = 700


def create_app(settings: Settings) -> FastAPI:
    """Wire an application for `settings`.

    Raises: ValueError if there is no secret key.
    """
    if not settings.secret_key:
        raise ValueError(
            "BENCHSHARE_SECRET_KEY is missing. Set it to a long random text, for example the "
            "output of: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    set_up_logs()
    app = FastAPI(
        title="Benchshare",
        version="0.1.0",
        description="Shared research infrastructure on fair and published terms.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.database = Database(settings.database_url)
    app.state.feed_memory = FeedMemory()
    app.add_middleware(BodyLimit)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES)
    install_problems(app, _refused_page, trouble_page)
    app.add_middleware(SecurityHeaders)
    app.include_router(_rest_router())
    app.include_router(health.router)
    app.include_router(feeds.router)
    app.include_router(dav_router(sign_in))
    app.include_router(well_known())
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    describe(app)
    return app


def _refused_page(request: Request, refused: DomainError) -> Response:
    return refused_page(visit_of(request), refused)


def _rest_router() -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    for each in rest.ROUTERS:
        router.include_router(each)
    return router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.database.dispose()
