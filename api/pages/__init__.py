"""Pages: HTML, one file a noun."""

from fastapi import APIRouter

from api.pages import (
    account,
    account_calendars,
    account_tokens,
    boards,
    bookings,
    desk,
    facilities,
    home,
    managed_facility,
    managed_files,
    managed_hours,
    managed_people,
    managed_resources,
    organisations,
    policies,
    projects,
    reports,
    requests,
    resources,
    reviews,
    round_drafts,
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
    account_calendars,
    account_tokens,
    bookings,
    rounds,
    requests,
    policies,
    round_drafts,
    boards,
    reviews,
    desk,
    managed_resources,
    managed_facility,
    managed_hours,
    managed_files,
    managed_people,
    reports,
):
    router.include_router(_each.router)
