"""Routes about busy calendars."""

from typing import Final

from tests.matrix.world import SIGNED_IN, Caller, Row

CLOSING: Final = frozenset({Caller.OFFICER, Caller.MANAGER, Caller.OPERATOR})
# Nothing listens there, and nothing inside a private network is fetched: a refusal by rule.
NEW: Final = {"url": "http://127.0.0.1/busy.ics"}
FILE: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"

ROWS: Final[dict[str, Row]] = {
    "GET /me/busy-calendars": Row(SIGNED_IN),
    "POST /me/busy-calendars": Row(SIGNED_IN, lambda _: NEW),
    "POST /me/busy-calendars/file": Row(SIGNED_IN, lambda _: FILE),
    "POST /me/busy-calendars/{calendar_id}/refresh": Row(SIGNED_IN),
    "DELETE /me/busy-calendars/{calendar_id}": Row(SIGNED_IN),
    "GET /resources/{resource_id}/busy-calendars": Row(CLOSING, for_reading=False),
    "POST /resources/{resource_id}/busy-calendars": Row(CLOSING, lambda _: NEW),
    "POST /resources/{resource_id}/busy-calendars/file": Row(CLOSING, lambda _: FILE),
    "POST /resources/{resource_id}/busy-calendars/{calendar_id}/refresh": Row(CLOSING),
    "DELETE /resources/{resource_id}/busy-calendars/{calendar_id}": Row(CLOSING),
}
