"""Whatever comes, the answer is one of those documented and never a fault of ours."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.dav.program import CALENDAR, Program, event

ANSWERS = {200, 201, 204, 207, 304, 400, 401, 403, 404, 405, 409, 412, 413}
LINES = (
    *event("one", "RRULE:FREQ=DAILY", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM").split("\r\n"),
    *("DTSTART:99991231T235959Z", "DURATION:P99999D", "RRULE:FREQ=DAILY;UNTIL=0", "END:", ":"),
    *("DTSTART;TZID=Mars/Base:20261201T080000", "RDATE:20261201", "EXDATE:x", "BEGIN:VTODO"),
    *("RECURRENCE-ID:20261201T080000Z", "DTEND:00010101", "BEGIN:VTIMEZONE", "END:VTIMEZONE"),
)
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
SPAN = 'start="20261130T000000Z" end="20270101T000000Z"'
QUERY = '<c:comp-filter name="VEVENT"><c:time-range start="20261130T000000Z"/></c:comp-filter>'


@FEW
@given(
    method=st.sampled_from(["PUT", "REPORT", "PROPFIND", "PROPPATCH", "MKCALENDAR", "DELETE"]),
    name=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=8),
    body=st.binary(max_size=60),
)
def test_any_bytes_to_any_address_get_a_documented_answer(
    program: Program, method: str, name: str, body: bytes
) -> None:
    path = CALENDAR + "".join(f"%{ord(each):02x}" for each in name)

    assert program.send(method, path, body, depth="1").status_code in ANSWERS


@FEW
@given(lines=st.lists(st.sampled_from(LINES), max_size=8))
def test_any_event_that_is_kept_can_be_searched_and_expanded(
    program: Program, lines: list[str]
) -> None:
    kept = program.put("one.ics", event("one", *lines))
    expand = f"<c:calendar-data><c:expand {SPAN}/></c:calendar-data>"

    assert kept.status_code in {201, 204, 403}
    assert program.query(QUERY, data=expand).status_code == 207
    assert program.report("c:free-busy-query", f"<c:time-range {SPAN}/>").status_code == 200
