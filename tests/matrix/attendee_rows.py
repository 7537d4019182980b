"""Routes about the attendees of a booking; the caller on the project leads it and holds it."""

from typing import Final

from tests.matrix.world import Caller, Row

INVITES: Final = frozenset({Caller.ON_PROJECT, Caller.MANAGER, Caller.OFFICER})
AT: Final = "/bookings/{booking_id}/attendees"

ROWS: Final[dict[str, Row]] = {
    f"GET {AT}": Row(INVITES | {Caller.AUDITOR}),
    f"POST {AT}": Row(INVITES, lambda _: {"address": "ana@outside.example"}),
    f"DELETE {AT}/{{attendee_id}}": Row(INVITES),
}
