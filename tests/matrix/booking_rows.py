"""Routes about bookings."""

from typing import Any, Final

from tests.matrix.world import SIGNED_IN, Caller, Row, World

APPROVES: Final = frozenset({Caller.MANAGER, Caller.OFFICER})
RUNS: Final = APPROVES | {Caller.OPERATOR}
WATCHES: Final = RUNS | {Caller.AUDITOR}
CHANGES: Final = APPROVES | {Caller.ON_PROJECT}
CHECKS_IN: Final = CHANGES | {Caller.OPERATOR}
SEES: Final = CHECKS_IN | {Caller.ORGANISATION_ADMIN, Caller.AUDITOR}


def wish(world: World) -> dict[str, Any]:
    return {
        "resource_id": str(world.home.resource.id),
        "project_id": str(world.home.project.id),
        "starts_at": "2026-11-26T09:00:00Z",
        "ends_at": "2026-11-26T10:00:00Z",
    }


def taken(world: World) -> dict[str, Any]:
    booking = world.home.booking
    return wish(world) | {
        "starts_at": booking.starts_at.isoformat(),
        "ends_at": booking.ends_at.isoformat(),
    }


ROWS: Final[dict[str, Row]] = {
    "GET /bookings": Row(SIGNED_IN),
    "POST /bookings": Row(CHANGES, wish),
    "POST /bookings/batch": Row(CHANGES, lambda world: {"bookings": [wish(world)]}),
    "POST /bookings/series": Row(
        CHANGES, lambda world: wish(world) | {"repeats": {"every": "day", "count": 2}}
    ),
    "GET /bookings/{booking_id}": Row(SEES),
    "PATCH /bookings/{booking_id}": Row(CHANGES, lambda _: {"title": "Run 7"}),
    "DELETE /bookings/{booking_id}": Row(CHANGES),
    "POST /bookings/{booking_id}/confirm": Row(CHANGES),
    "POST /bookings/{booking_id}/hand-over": Row(
        CHANGES, lambda world: {"person_id": str(world.colleague.id)}
    ),
    "POST /bookings/{booking_id}/restore": Row(CHANGES),
    "POST /bookings/{booking_id}/check-in": Row(CHECKS_IN),
    "POST /bookings/{booking_id}/check-out": Row(CHECKS_IN),
    "POST /bookings/{booking_id}/no-show": Row(RUNS),
    "GET /bookings/{booking_id}/usage": Row(SEES),
    "PATCH /bookings/{booking_id}/usage": Row(RUNS, lambda _: {"note": "Left clean"}),
    "GET /facilities/{facility}/day-sheet": Row(WATCHES),
    "GET /facilities/{facility}/approvals": Row(WATCHES),
    "POST /bookings/{booking_id}/approve": Row(APPROVES),
    "POST /bookings/{booking_id}/reject": Row(APPROVES, lambda _: {"reason": "Broken"}),
    "GET /waiting-list": Row(SIGNED_IN),
    "POST /waiting-list": Row(CHANGES, taken),
    "DELETE /waiting-list/{entry_id}": Row(CHANGES),
    "GET /offers": Row(SIGNED_IN),
    "GET /offers/{offer_id}": Row(SEES),
    "POST /offers/{offer_id}/accept": Row(CHANGES),
    "POST /offers/{offer_id}/decline": Row(CHANGES),
}
