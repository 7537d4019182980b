"""REST: JSON in and out, one file a noun."""

from typing import Final

from fastapi import APIRouter

from api.rest import (
    bookings,
    closures,
    facilities,
    me,
    organisations,
    people,
    projects,
    resources,
    slots,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    bookings.router,
    closures.router,
    facilities.router,
    me.router,
    organisations.router,
    people.router,
    projects.router,
    resources.router,
    slots.router,
)
