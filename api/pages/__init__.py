"""Pages: HTML, one file a noun."""

from fastapi import APIRouter

from api.pages import (
    account,
    account_tokens,
    bookings,
    facilities,
    home,
    organisations,
    policies,
    projects,
    requests,
    resources,
    rounds,
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
    account_tokens,
    bookings,
    rounds,
    requests,
    policies,
):
    router.include_router(_each.router)
