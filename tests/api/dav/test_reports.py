"""calendar-query, calendar-multiget, sync-collection and free-busy-query."""

import pytest

from api.dav import memory, reports
from tests.api.dav.program import (
    CALENDAR,
    HOME,
    PREFIX,
    Program,
    calendar_text,
    document,
    event,
    hrefs,
    named,
    precondition,
    root_of,
)

DATA = "d:response/d:propstat/d:prop/c:calendar-data"
STATUS = "d:response/d:status"


def token_of(program: Program) -> str:
    (token,) = named(program.sync(), "d:sync-token")
    return token


def test_multiget__some_there_and_some_not__tells_of_each(program: Program) -> None:
    program.put("one.ics", event())
    asked = [f"{CALENDAR}one.ics", f"https://benchshare.example{CALENDAR}one.ics", f"{CALENDAR}no"]
    asked += [f"{PREFIX}/calendars/bob/bench/one.ics", "/elsewhere", "http://[", ""]
    inside = "<d:prop><d:getetag/><c:calendar-data/></d:prop>" + "".join(
        f"<d:href>{each}</d:href>" for each in asked
    )
    told = program.report("c:calendar-multiget", inside)

    assert told.status_code == 207
    assert named(told, DATA) == [event(), event()]
    assert named(told, STATUS) == ["HTTP/1.1 404 Not Found"] * 5


def test_multiget__more_than_is_read_at_once__misses_none(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "READ_AT_ONCE", 2)
    for name in "abcde":
        program.put(name, event(name))
    asked = "".join(f"<d:href>{CALENDAR}{name}</d:href>" for name in "abcde")
    told = program.report("c:calendar-multiget", f"<d:prop><c:calendar-data/></d:prop>{asked}")

    assert named(told, DATA) == [event(name) for name in "abcde"]


def test_multiget__at_the_home__reaches_every_calendar(program: Program) -> None:
    program.put("one.ics", event())
    inside = f"<d:prop><d:getetag/></d:prop><d:href>{CALENDAR}one.ics</d:href>"
    told = program.report("c:calendar-multiget", inside, path=HOME)

    assert hrefs(told) == [f"{CALENDAR}one.ics"]
    assert named(told, "d:response/d:propstat/d:prop/d:getetag") != []


@pytest.mark.parametrize(
    ("name", "path"),
    [("d:expand-property", CALENDAR), ("c:calendar-query", HOME), ("d:sync-collection", HOME)],
)
def test_report__not_known_there__is_refused(program: Program, name: str, path: str) -> None:
    refused = program.report(name, "", path=path)

    assert (refused.status_code, precondition(refused)) == (403, "supported-report")


def test_sync__made_changed_and_deleted__is_told_once(program: Program) -> None:
    program.put("kept.ics", event("kept"))
    program.put("gone.ics", event("gone"))
    before = token_of(program)

    program.put("new.ics", event("new"))
    program.put("kept.ics", event("kept", "SUMMARY:x"))
    program.send("DELETE", f"{CALENDAR}gone.ics")
    told = program.sync(before)

    assert sorted(hrefs(told)) == [f"{CALENDAR}{name}.ics" for name in ("gone", "kept", "new")]
    assert named(told, STATUS) == ["HTTP/1.1 404 Not Found"]
    (after,) = named(told, "d:sync-token")
    quiet = program.sync(after)
    assert (hrefs(quiet), named(quiet, "d:sync-token")) == ([], [after])


def test_sync__deleted_and_made_again__is_a_change(program: Program) -> None:
    program.put("one.ics", event())
    before = token_of(program)
    program.send("DELETE", f"{CALENDAR}one.ics")
    program.put("one.ics", event())
    told = program.sync(before)

    assert (hrefs(told), named(told, STATUS)) == ([f"{CALENDAR}one.ics"], [])


def test_sync__with_a_limit__goes_on_where_it_was_cut(program: Program) -> None:
    for name in ("a", "b", "c"):
        program.put(name, event(name))
    seen, token, cuts = [], "", 0
    for _ in range(3):
        told = program.sync(token, limit="1")
        cuts += "HTTP/1.1 507 Insufficient Storage" in named(told, STATUS)
        seen += [each for each in hrefs(told) if each != CALENDAR]
        (token,) = named(told, "d:sync-token")

    assert seen == [f"{CALENDAR}{name}" for name in ("a", "b", "c")]
    assert cuts == 2
    assert hrefs(program.sync(token)) == []


@pytest.mark.parametrize("limit", ["0", "-1", "x", "9" * 30])
def test_sync__senseless_limit__is_a_bad_request(program: Program, limit: str) -> None:
    assert program.sync(limit=limit).status_code == 400


@pytest.mark.parametrize(
    "token",
    ["http://example.invalid/never", "urn:benchshare:sync:", "urn:benchshare:sync:a-1", "%00"],
)
def test_sync__token_never_given__is_refused(program: Program, token: str) -> None:
    refused = program.sync(token)

    assert (refused.status_code, precondition(refused)) == (403, "valid-sync-token")


def test_sync__token_of_the_future_or_of_a_calendar_made_anew__is_refused(
    program: Program,
) -> None:
    token = token_of(program)
    later = program.sync(token.rpartition("-")[0] + "-999")
    program.send("DELETE", CALENDAR)
    program.send("MKCALENDAR", CALENDAR)

    assert precondition(later) == precondition(program.sync(token)) == "valid-sync-token"


def test_sync__token_older_than_what_is_remembered__is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "KEPT_DELETIONS", 1)
    program.put("one.ics", event())
    old = token_of(program)
    program.send("DELETE", f"{CALENDAR}one.ics")
    remembered = program.sync(old)
    program.put("two.ics", event())
    program.send("DELETE", f"{CALENDAR}two.ics")

    assert hrefs(remembered) == [f"{CALENDAR}one.ics"]
    assert precondition(program.sync(old)) == "valid-sync-token"


def test_sync__with_texts__gives_them(program: Program) -> None:
    program.put("one.ics", event())
    inside = "<d:sync-token/><d:sync-level>1</d:sync-level><d:prop><c:calendar-data/></d:prop>"

    assert named(program.report("d:sync-collection", inside), DATA) == [event()]


def test_free_busy__several_kinds__merges_what_takes_time(program: Program) -> None:
    program.put("a", event("a"))
    program.put("b", event("b").replace("T080000Z", "T090000Z").replace("T100000Z", "T110000Z"))
    program.put("free", event("free", "TRANSP:TRANSPARENT"))
    program.put("off", event("off", "STATUS:CANCELLED"))
    later = event("maybe", "STATUS:TENTATIVE").replace("20261201", "20261202")
    program.put("maybe", later)
    told = program.report(
        "c:free-busy-query", '<c:time-range start="20261201T083000Z" end="20261203T000000Z"/>'
    )

    assert told.headers["content-type"].startswith("text/calendar")
    lines = [line for line in told.text.splitlines() if line.startswith("FREEBUSY")]
    assert lines == [
        "FREEBUSY;FBTYPE=BUSY:20261201T083000Z/20261201T110000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261202T080000Z/20261202T100000Z",
    ]
    assert "SUMMARY" not in told.text


def test_free_busy__without_a_time_range__is_refused(program: Program) -> None:
    assert precondition(program.report("c:free-busy-query", "")) == "valid-filter"


def test_query__with_expand__writes_each_occurrence_in_utc(program: Program) -> None:
    zoned = calendar_text(
        "UID:weekly",
        "DTSTART;TZID=Europe/Berlin:20261020T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=4",
        "EXDATE;TZID=Europe/Berlin:20261103T090000",
    )
    program.put("weekly.ics", zoned)
    expand = (
        '<c:calendar-data><c:expand start="20261021T000000Z" end="20261201T000000Z"/>'
        "</c:calendar-data>"
    )
    span = '<c:time-range start="20261021T000000Z" end="20261201T000000Z"/>'
    told = program.query(f'<c:comp-filter name="VEVENT">{span}</c:comp-filter>', data=expand)

    (text,) = named(told, DATA)
    starts = [line for line in text.splitlines() if line.startswith("DTSTART")]
    assert starts == ["DTSTART:20261027T080000Z", "DTSTART:20261110T080000Z"]
    assert "RRULE" not in text
    assert "VTIMEZONE" not in text


def test_query__another_form_of_data__is_refused(program: Program) -> None:
    refused = program.query("", data='<c:calendar-data content-type="application/json"/>')

    assert precondition(refused) == "supported-calendar-data"


def test_query__control_characters_in_a_text__do_not_break_the_answer(program: Program) -> None:
    program.put("one.ics", event("one", "SUMMARY:a\x0bb & <c>"))
    told = program.query("", data="<c:calendar-data/>")

    assert "SUMMARY:ab & <c>" in named(told, DATA)[0]
    assert root_of(told).tag == "{DAV:}multistatus"


def test_propfind__with_unknown_namespaces__tells_what_is_missing(program: Program) -> None:
    body = document("d:propfind", '<d:prop><x xmlns=""/><y xmlns="urn:a&quot;&lt;"/></d:prop>')
    told = program.send("PROPFIND", CALENDAR, body, depth="0")

    missing = [each.tag for each in root_of(told).iterfind(".//{DAV:}prop/*")]
    assert missing == ["x", '{urn:a"<}y']
