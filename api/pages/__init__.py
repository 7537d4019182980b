"""Pages: HTML, one file a noun."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
