"""Routes about the attendees and the alarm of a booking, which the caller on the project holds."""

from typing import Final

from tests.matrix.world import Caller, Row

INVITES: Final = frozenset({Caller.ON_PROJECT, Caller.MANAGER, Caller.OFFICER})
HOLDS: Final = frozenset({Caller.ON_PROJECT})
AT: Final = "/bookings/{booking_id}/attendees"

ROWS: Final[dict[str, Row]] = {
    f"GET {AT}": Row(INVITES | {Caller.AUDITOR}),
    f"POST {AT}": Row(INVITES, lambda _: {"address": "ana@outside.example"}),
    f"DELETE {AT}/{{attendee_id}}": Row(INVITES),
    "PUT /bookings/{booking_id}/alarm": Row(HOLDS, lambda _: {"minutes_before": 15}),
    "DELETE /bookings/{booking_id}/alarm": Row(HOLDS),
}
