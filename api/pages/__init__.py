"""Pages: HTML, one file a noun."""

from fastapi import APIRouter

from api.pages import account, account_keys, organisations, projects, sign_in

router = APIRouter(include_in_schema=False)
for _each in (sign_in, account, organisations, projects, account_keys):
    router.include_router(_each.router)
