"""Routes about facilities, resources and when they are free."""

from typing import Final

from tests.matrix.people_rows import OFFICER, OVERSIGHT, QUALIFYING, STAFF_CHIEFS
from tests.matrix.world import EVERYBODY, Row, World

EDITING: Final = STAFF_CHIEFS
CLOSING: Final = QUALIFYING
ALWAYS_OPEN: Final[dict[str, list[str]]] = {"hours": []}


def some_days(_: World) -> dict[str, str]:
    return {"start": "2026-11-24T00:00:00Z", "end": "2026-11-26T00:00:00Z"}


def a_closure(world: World) -> dict[str, str]:
    return {
        "facility": world.home.facility.slug,
        "starts_at": "2027-02-01T00:00:00Z",
        "ends_at": "2027-02-02T00:00:00Z",
    }


ROWS: Final[dict[str, Row]] = {
    "GET /facilities": Row(EVERYBODY),
    "POST /facilities": Row(
        OFFICER,
        lambda _: {"slug": "new", "name": "New", "country": "KE", "zone": "Africa/Nairobi"},
    ),
    "GET /facilities/{facility}": Row(EVERYBODY),
    "PATCH /facilities/{facility}": Row(EDITING, lambda _: {"name": "New Name"}),
    "GET /facilities/{facility}/calendar": Row(EVERYBODY, query=some_days),
    "GET /facilities/{facility}/opening-hours": Row(EVERYBODY),
    "PUT /facilities/{facility}/opening-hours": Row(EDITING, lambda _: ALWAYS_OPEN),
    "POST /facilities/{facility}/import": Row(EDITING, lambda _: "Name\nMicroscope\n"),
    "POST /facilities/{facility}/closures/import": Row(
        CLOSING, lambda _: "starts_at,ends_at\n2027-02-01T00:00:00Z,2027-02-02T00:00:00Z\n"
    ),
    "GET /facilities/{facility}/holiday-proposals": Row(
        CLOSING | OVERSIGHT, query=lambda _: {"year": "2027"}
    ),
    "POST /facilities/{facility}/holidays": Row(CLOSING, lambda _: {"dates": ["2027-12-25"]}),
    "GET /resources": Row(EVERYBODY),
    "POST /resources": Row(
        EDITING,
        lambda world: {"facility": world.home.facility.slug, "name": "Laser", "kind": "laser"},
    ),
    "GET /resources/{resource_id}": Row(EVERYBODY),
    "PATCH /resources/{resource_id}": Row(EDITING, lambda _: {"name": "New Name"}),
    "GET /resources/{resource_id}/opening-hours": Row(EVERYBODY),
    "PUT /resources/{resource_id}/opening-hours": Row(EDITING, lambda _: ALWAYS_OPEN),
    "GET /resources/{resource_id}/calendar": Row(EVERYBODY, query=some_days),
    "GET /slots": Row(EVERYBODY, query=some_days),
    "GET /closures": Row(EVERYBODY),
    "POST /closures": Row(CLOSING, a_closure),
    "GET /closures/{closure_id}": Row(EVERYBODY),
    "PATCH /closures/{closure_id}": Row(CLOSING, lambda _: {"reason": "Cleaning"}),
    "DELETE /closures/{closure_id}": Row(CLOSING),
}
