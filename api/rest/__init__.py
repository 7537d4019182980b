"""REST: JSON in and out, one file a noun."""

from typing import Final

from fastapi import APIRouter

from api.rest import (
    booking_series,
    booking_use,
    bookings,
    calendar_tokens,
    calendars,
    closure_files,
    closures,
    facilities,
    holidays,
    me,
    offers,
    organisations,
    people,
    policies,
    projects,
    quotas,
    reports,
    requests,
    resources,
    reviews,
    rounds,
    slots,
    terms,
    waiting_list,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    booking_series.router,
    bookings.router,
    booking_use.router,
    calendars.router,
    calendar_tokens.router,
    closures.router,
    closure_files.router,
    facilities.router,
    holidays.router,
    me.router,
    offers.router,
    organisations.router,
    people.router,
    policies.router,
    projects.router,
    quotas.router,
    reports.router,
    requests.router,
    resources.router,
    reviews.router,
    rounds.router,
    slots.router,
    terms.router,
    waiting_list.router,
)
