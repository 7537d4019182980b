"""What the filters of a calendar-query find."""

import pytest

from tests.api.dav.program import Program, calendar_text, event, precondition


def component(inside: str = "", name: str = "VEVENT") -> str:
    return f'<c:comp-filter name="{name}">{inside}</c:comp-filter>'


def during(start: str = "", end: str = "") -> str:
    ends = f'start="{start}" ' * bool(start) + f'end="{end}"' * bool(end)
    return f"<c:time-range {ends}/>"


def having(name: str, inside: str = "") -> str:
    return component(f'<c:prop-filter name="{name}">{inside}</c:prop-filter>')


def text(wanted: str, more: str = "") -> str:
    return f"<c:text-match {more}>{wanted}</c:text-match>"


ABSENT = "<c:is-not-defined/>"


@pytest.fixture
def filled(program: Program) -> Program:
    """One plain event, one weekly one, one task and one note."""
    program.put("plain", event("plain", "SUMMARY:Straße", "CATEGORIES:beam,night", "CLASS:PUBLIC"))
    weekly = event("weekly", "RRULE:FREQ=WEEKLY", "SUMMARY:Rota").replace("20261201", "20270105")
    program.put("weekly", weekly)
    alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT10M\nEND:VALARM"
    rings = program.put("rings", event("rings", alarm).replace("20261201", "20261001"))
    assert rings.status_code == 201
    program.put("task", calendar_text("UID:task", "DUE:20261201T120000Z", kind="VTODO"))
    program.put("note", calendar_text("UID:note", "DTSTART:20261202", kind="VJOURNAL"))
    return program


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("", ["note", "plain", "rings", "task", "weekly"]),
        (component(), ["plain", "rings", "weekly"]),
        (component(name="VTODO"), ["task"]),
        (component(ABSENT), ["note", "task"]),
        (component() + component(name="VTODO"), []),
        (component(during("20261201T100000Z", "20261201T110000Z")), []),
        (component(during("20261201T095959Z", "20261201T110000Z")), ["plain"]),
        (component(during("20261201T070000Z", "20261201T080000Z")), []),
        (component(during("20261201T070000Z", "20261201T080001Z")), ["plain"]),
        (component(during("20300101T000000Z", "20300110T000000Z")), ["weekly"]),
        (component(during("20300101T000000Z")), ["weekly"]),
        (component(during(end="20261101T000000Z")), ["rings"]),
        (during("20261201T110000Z", "20261203T000000Z"), ["note", "task"]),
        (component(during("22500101T000000Z", "22510101T000000Z")), []),
        (component(component(during("20261001T074900Z", "20261001T075100Z"), "VALARM")), ["rings"]),
        (component(component(during("20261001T075100Z", "20261001T075200Z"), "VALARM")), []),
        (component(component(name="VALARM")), ["rings"]),
        (component(component(ABSENT, "VALARM")), ["plain", "weekly"]),
        (having("SUMMARY"), ["plain", "weekly"]),
        (having("SUMMARY", ABSENT), ["rings"]),
        (having("SUMMARY", text("rot")), ["weekly"]),
        (having("SUMMARY", text("rot", 'collation="i;octet"')), []),
        (having("SUMMARY", text("STRASSE")), []),
        (having("SUMMARY", text("STRASSE", 'collation="i;unicode-casemap"')), ["plain"]),
        (having("SUMMARY", text("rot", 'negate-condition="yes"')), ["plain"]),
        (having("SUMMARY", text("rot", 'collation="default"')), ["weekly"]),
        (having("CATEGORIES", text("night")), ["plain"]),
        (having("DTSTART", during("20261201T080000Z", "20261201T080001Z")), ["plain"]),
        (having("DTSTART", during("20261201T080001Z", "20261201T090000Z")), []),
        (having("UID", text("rings")), ["rings"]),
        (having("DTSTART", '<c:param-filter name="TZID"/>'), []),
        (
            having("DTSTART", f'<c:param-filter name="TZID">{ABSENT}</c:param-filter>'),
            ["plain", "rings", "weekly"],
        ),
    ],
)
def test_query__filter__finds(filled: Program, filters: str, names: list[str]) -> None:
    assert sorted(filled.found(filters)) == names


def test_query__parameter__is_compared(program: Program) -> None:
    program.put("one", event("one", "ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.org"))

    def attendee(wanted: str) -> list[str]:
        given = f'<c:param-filter name="PARTSTAT">{text(wanted)}</c:param-filter>'
        return program.found(having("ATTENDEE", given))

    assert attendee("declined") == ["one"]
    assert attendee("accepted") == []


@pytest.mark.parametrize(
    ("filters", "element"),
    [
        (component(during()), "valid-filter"),
        (component(during("20261201T080000Z", "20261201T080000Z")), "valid-filter"),
        (component(during("2026-12-01")), "valid-filter"),
        (component("", ""), "valid-filter"),
        (component("<c:never-heard/>"), "supported-filter"),
        (having("SUMMARY", text("x", 'collation="i;klingon"')), "supported-collation"),
    ],
)
def test_query__filter_that_makes_no_sense__is_refused(
    program: Program, filters: str, element: str
) -> None:
    refused = program.query(filters)

    assert (refused.status_code, precondition(refused)) == (403, element)


def test_query__filter_of_nothing__is_refused(program: Program) -> None:
    refused = program.report("c:calendar-query", "<c:filter/>")

    assert precondition(refused) == "valid-filter"


def test_query__no_filter__finds_everything(program: Program) -> None:
    program.put("one", event())

    assert b"one" in program.report("c:calendar-query", "<d:prop><d:getetag/></d:prop>").content
