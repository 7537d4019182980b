"""Labels to print and stick on instruments: each has a code that leads to check-in."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import segno
from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.fields import Address
from api.pages.places import around, managed
from api.pages.visit import Visit, Visiting, show
from booking.config import Settings
from booking.engine.lifecycle import ResourceState
from booking.engine.permissions import Action
from booking.queries.catalogue import resources_of

router = APIRouter()
A_SHEET: Final = 8
MOST_SHEETS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Label:
    """A resource with the picture of its code, and where that leads."""

    resource: Any
    code: Markup
    url: str


@router.get("/manage/facilities/{slug}/labels")
def labels(visit: Visiting, slug: str, address: Address) -> Response:
    """Show a sheet of labels: eight resources a page, or the one that is asked for."""
    facility = managed(visit, slug, Action.BOOKING_CHECK_IN)
    chosen = _chosen(visit, facility.id, address.key("resource"))
    sheets = max(1, -(-len(chosen) // A_SHEET))
    sheet = min(address.whole("sheet", least=1, most=MOST_SHEETS) or 1, sheets)
    shown = chosen[(sheet - 1) * A_SHEET : sheet * A_SHEET]
    return show(
        visit,
        "use/labels.html",
        labels=[_label(visit.settings, each) for each in shown],
        sheet=sheet,
        sheets=sheets,
        one=address.key("resource") is not None,
        host=visit.settings.host,
        **around(visit, facility, "/day"),
    )


def check_in_url(settings: Settings, resource_id: UUID) -> str:
    """Return the address that a resource's code leads to."""
    return f"{settings.base_url.rstrip('/')}/resources/{resource_id}/check-in"


def _chosen(visit: Visit, facility_id: UUID, only: UUID | None) -> list[Any]:
    rows = visit.read(lambda session: resources_of(session, facility_id))
    published = [each for each in rows if each.state is ResourceState.PUBLISHED]
    return [each for each in published if only in {None, each.id}]


def _label(settings: Settings, resource: Any) -> Label:
    url = check_in_url(settings, resource.id)
    # Level M still reads with a seventh of it worn off or covered.
    picture = segno.make(url, error="m", micro=False).svg_inline(
        border=4, light="#fff", svgclass="code", lineclass=None, omitsize=True
    )
    return Label(resource, Markup(picture), url)  # noqa: S704 - drawn by us from our own address
