"""REST: JSON in and out, one file a noun."""

from typing import Final

from fastapi import APIRouter

from api.rest import bookings

ROUTERS: Final[tuple[APIRouter, ...]] = (bookings.router,)
