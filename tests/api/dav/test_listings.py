"""Discovery, PROPFIND, PROPPATCH and MKCALENDAR."""

import pytest

from tests.api.dav.program import (
    CALENDAR,
    HOME,
    PASSWORD,
    PREFIX,
    Program,
    document,
    event,
    hrefs,
    named,
    precondition,
    root_of,
)

PRINCIPAL = f"{PREFIX}/principals/ada/"
FOUND = "d:response/d:propstat/d:prop/"


def test_propfind__of_the_root__leads_to_principal_home_and_calendar(program: Program) -> None:
    principal = named(
        program.find("d:current-user-principal", path=f"{PREFIX}/"),
        f"{FOUND}d:current-user-principal/d:href",
    )
    assert principal == [PRINCIPAL]
    told = program.find("c:calendar-home-set", "c:calendar-user-address-set", path=PRINCIPAL)
    assert named(told, f"{FOUND}c:calendar-home-set/d:href") == [HOME]
    assert named(told, f"{FOUND}c:calendar-user-address-set/d:href") == [
        "mailto:ada@example.org",
        PRINCIPAL,
    ]
    assert hrefs(program.find("d:resourcetype", path=HOME, depth="1")) == [HOME, CALENDAR]


def test_propfind__of_a_calendar__tells_what_programs_ask(program: Program) -> None:
    told = program.find(
        "d:sync-token",
        "cs:getctag",
        "d:supported-report-set",
        "c:supported-calendar-component-set",
        "c:max-resource-size",
        "d:quota-used-bytes",
    )

    assert named(told, f"{FOUND}d:sync-token") == named(told, f"{FOUND}cs:getctag")
    components = root_of(told).iterfind(".//{urn:ietf:params:xml:ns:caldav}comp")
    assert [each.get("name") for each in components] == ["VEVENT", "VTODO", "VJOURNAL"]
    reports = root_of(told).iterfind(".//{DAV:}report/*")
    assert "{DAV:}sync-collection" in {each.tag for each in reports}
    assert named(told, "d:response/d:propstat/d:status") == [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 404 Not Found",
    ]


def test_propfind__depth_0_and_1__lists_itself_or_its_members(program: Program) -> None:
    program.put("one.ics", event())

    assert hrefs(program.find("d:getetag", depth="0")) == [CALENDAR]
    assert hrefs(program.find("d:getetag", depth="1")) == [CALENDAR, f"{CALENDAR}one.ics"]
    assert hrefs(program.find("d:getetag", path=f"{CALENDAR}one.ics", depth="1")) == [
        f"{CALENDAR}one.ics"
    ]


@pytest.mark.parametrize("headers", [{"depth": "infinity"}, {}])
def test_propfind__without_limit__is_refused(program: Program, headers: dict[str, str]) -> None:
    refused = program.send("PROPFIND", CALENDAR, **headers)

    assert (refused.status_code, precondition(refused)) == (403, "propfind-finite-depth")


def test_propfind__unknown_depth__is_a_bad_request(program: Program) -> None:
    assert program.send("PROPFIND", CALENDAR, depth="2").status_code == 400


def test_propfind__no_body_or_allprop__leaves_caldav_out(program: Program) -> None:
    bare = program.send("PROPFIND", CALENDAR, depth="0")
    asked = program.send("PROPFIND", CALENDAR, document("d:propfind", "<d:allprop/>"), depth="0")

    assert root_of(bare).find(".//{DAV:}resourcetype") is not None
    assert bare.content == asked.content
    assert b"comp-set" not in bare.content


def test_propfind__propname__gives_names_without_values(program: Program) -> None:
    told = program.send("PROPFIND", CALENDAR, document("d:propfind", "<d:propname/>"), depth="0")

    assert named(told, f"{FOUND}d:displayname") == [""]


@pytest.mark.parametrize(
    "body",
    [
        b"<d:propfind",
        b"\xff\xfe\x00",
        b'<!DOCTYPE p [<!ENTITY e "x">]><p>&e;</p>',
        b"<a>" * 50 + b"</a>" * 50,
        b'<?xml version="1.0" encoding="martian"?><a/>',
        b'<other xmlns="DAV:"/>',
    ],
)
@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT"])
def test_ask__with_unreadable_xml__is_refused_in_words(
    program: Program, method: str, body: bytes
) -> None:
    refused = program.send(method, CALENDAR, body, depth="0")

    assert refused.status_code in {400, 403}
    assert len(named(refused, "d:responsedescription")[0]) > 20


@pytest.mark.parametrize("method", ["PROPPATCH", "REPORT"])
def test_ask__without_a_body__is_a_bad_request(program: Program, method: str) -> None:
    assert program.send(method, CALENDAR).status_code == 400


def test_proppatch__colour_and_name__are_kept_and_dropped(program: Program) -> None:
    wishes = (
        "<d:prop><d:displayname>Bench &amp; more</d:displayname>"
        "<a:calendar-color>#FF0000</a:calendar-color><x:y xmlns:x='urn:x'><x:z/></x:y></d:prop>"
    )
    done = program.send("PROPPATCH", body=document("d:propertyupdate", f"<d:set>{wishes}</d:set>"))
    assert done.status_code == 207
    told = program.find("d:displayname", "a:calendar-color")
    assert named(told, f"{FOUND}d:displayname") == ["Bench & more"]
    assert named(told, f"{FOUND}a:calendar-color") == ["#FF0000"]

    gone = "<d:remove><d:prop><d:displayname/></d:prop></d:remove>"
    program.send("PROPPATCH", body=document("d:propertyupdate", gone))
    assert named(program.find("d:displayname"), f"{FOUND}d:displayname") == ["bench"]


def test_proppatch__one_property_is_protected__nothing_is_set(program: Program) -> None:
    wishes = "<d:prop><d:getetag>x</d:getetag><a:calendar-color>#00FF00</a:calendar-color></d:prop>"
    done = program.send("PROPPATCH", body=document("d:propertyupdate", f"<d:set>{wishes}</d:set>"))

    assert named(done, "d:response/d:propstat/d:status") == [
        "HTTP/1.1 403 Forbidden",
        "HTTP/1.1 424 Failed Dependency",
    ]
    assert b"cannot-modify-protected-property" in done.content
    assert b"#00FF00" not in program.find("a:calendar-color").content


def test_proppatch__elsewhere_than_a_calendar__is_refused(program: Program) -> None:
    wish = "<d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set>"
    done = program.send("PROPPATCH", HOME, document("d:propertyupdate", wish))

    assert named(done, "d:response/d:propstat/d:status") == ["HTTP/1.1 403 Forbidden"]


def test_make__calendar_of_tasks__takes_tasks_alone(program: Program) -> None:
    tasks = "<c:comp name='VTODO'/>"
    inside = (
        "<d:set><d:prop><d:displayname>Chores</d:displayname><c:supported-calendar-component-set>"
        f"{tasks}</c:supported-calendar-component-set></d:prop></d:set>"
    )
    made = program.send("MKCALENDAR", f"{HOME}chores/", document("c:mkcalendar", inside))
    refused = program.send(
        "PUT", f"{HOME}chores/one.ics", event(), content_type="text/calendar; charset=utf-8"
    )

    assert made.status_code == 201
    assert precondition(refused) == "supported-calendar-component"
    assert named(program.find("d:displayname", path=f"{HOME}chores/"), f"{FOUND}d:displayname") == [
        "Chores"
    ]


def test_make__calendar_twice__is_refused(program: Program) -> None:
    refused = program.send("MKCALENDAR", CALENDAR)

    assert (refused.status_code, precondition(refused)) == (403, "resource-must-be-null")


def test_make__protected_property__is_refused_and_nothing_made(program: Program) -> None:
    inside = "<d:set><d:prop><d:getetag>x</d:getetag></d:prop></d:set>"
    refused = program.send("MKCALENDAR", f"{HOME}new/", document("c:mkcalendar", inside))

    assert refused.status_code == 403
    assert program.send("PROPFIND", f"{HOME}new/", depth="0").status_code == 404


def test_options__anyone__names_what_is_spoken(program: Program) -> None:
    told = program.client.options(CALENDAR)

    assert told.status_code == 200
    assert told.headers["dav"] == "1, 3, calendar-access"
    assert "MKCALENDAR" in told.headers["allow"]


@pytest.mark.parametrize(
    "authorization", [None, "Bearer x", "Basic !", "Basic eA==", "Basic YWRhOng=", "Basic /w=="]
)
def test_ask__without_a_right_password__is_asked_for_it(
    program: Program, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    refused = program.client.request("PROPFIND", CALENDAR, headers=headers)

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")


def test_ask__another_accounts_address__is_refused_with_the_privilege(program: Program) -> None:
    bob = Program(program.client, "bob")
    program.put("one.ics", event())

    for method in ("GET", "PUT", "DELETE", "PROPFIND", "REPORT"):
        refused = bob.send(method, f"{CALENDAR}one.ics", event(), depth="0")
        assert (refused.status_code, precondition(refused)) == (403, "need-privileges")
    assert program.send("GET", f"{CALENDAR}one.ics").text == event()


def test_method__that_does_not_work_there__names_those_that_do(program: Program) -> None:
    refused = program.send("LOCK", CALENDAR)

    assert refused.status_code == 405
    assert "PROPFIND" in refused.headers["allow"]
    assert program.send("DELETE", HOME).status_code == 405


def test_get__address_in_a_browser__says_what_it_is_for(program: Program) -> None:
    told = program.client.get(CALENDAR, auth=("ada", PASSWORD))

    assert told.status_code == 200
    assert "calendar programs" in told.text
