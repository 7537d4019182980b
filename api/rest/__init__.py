"""REST: JSON in and out, one file a noun."""

from typing import Final

from fastapi import APIRouter

from api.rest import bookings, me, organisations, people, projects

ROUTERS: Final[tuple[APIRouter, ...]] = (
    bookings.router,
    me.router,
    organisations.router,
    people.router,
    projects.router,
)
