"""Pages: HTML, one file a noun."""

from fastapi import APIRouter

from api.pages import (
    account,
    account_calendars,
    account_tokens,
    bookings,
    facilities,
    home,
    organisations,
    projects,
    resources,
    sign_in,
    terms,
)

router = APIRouter(include_in_schema=False)
for _each in (
    home,
    facilities,
    resources,
    terms,
    sign_in,
    account,
    organisations,
    projects,
    account_calendars,
    account_tokens,
    bookings,
):
    router.include_router(_each.router)
