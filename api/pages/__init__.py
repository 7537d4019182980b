"""Pages: HTML, one file a noun."""

from fastapi import APIRouter

from api.pages import policies, requests, rounds

router = APIRouter(include_in_schema=False)
for _each in (rounds, requests, policies):
    router.include_router(_each.router)
