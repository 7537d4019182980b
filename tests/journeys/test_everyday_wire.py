"""What programs rely on: keys, ETags, malformed input, and refusals of one shape."""

from typing import Any, Final
from uuid import uuid4

from tests.journeys.everyday import PROBLEM, Town, at, codes, written

HUGE = 10**30


def test_key__same_request__answers_the_first_time_again(town: Town) -> None:
    xrd = town.a_resource("xrd")
    wish = town.wish(xrd, at(1, 9))

    first = town.ask("ann", "POST", "/bookings", wish, Idempotency_Key="one")
    again = town.ask("ann", "POST", "/bookings", wish, Idempotency_Key="one")
    other = town.post("ann", "/bookings", wish | {"quantity": 2}, expect=409, Idempotency_Key="one")
    of_ben = town.post("ben", "/bookings", wish, expect=409, Idempotency_Key="one")

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert codes(other) == {"idempotency_mismatch"}
    assert codes(of_ben) == {"taken"}
    assert len(town.get("ann", "/bookings")["items"]) == 1


def test_key__on_every_hot_write__is_honoured(town: Town) -> None:
    xrd = town.a_resource("xrd")
    batch = {"bookings": [town.wish(xrd, at(1, 9)), town.wish(xrd, at(1, 10))]}
    made = town.post("ann", "/bookings/batch", batch, Idempotency_Key="batch")
    path = f"/bookings/{made['items'][0]['id']}"
    series = town.wish(xrd, at(2, 9), repeats={"every": "day", "count": 2})
    waiting = town.wish(xrd, at(1, 9), project="sorghum")
    writes = (
        ("ann", "POST", "/bookings/batch", batch),
        ("ann", "POST", "/bookings/series", series),
        ("ann", "PATCH", path, {"title": "Named"}),
        ("cy", "POST", "/waiting-list", waiting),
        ("ann", "DELETE", path, None),
    )
    for who, method, route, body in writes:
        key = route.rpartition("/")[2] if method == "POST" else method
        first = town.ask(who, method, route, body, Idempotency_Key=key)
        again = town.ask(who, method, route, body, Idempotency_Key=key)
        assert first.status_code < 300, first.text
        assert (again.status_code, again.content) == (first.status_code, first.content), route
        if body is not None:
            mixed = town.ask(who, method, route, body | {"title": "x"}, Idempotency_Key=key)
            assert codes(mixed.json()) == {"idempotency_mismatch"}, route
    assert len(town.get("ann", "/bookings")["items"]) == 4


def test_etag__stale__answers_the_current_state(town: Town) -> None:
    xrd = town.a_resource("xrd")
    made = town.book("ann", xrd, at(1, 9))
    path = f"/bookings/{made['id']}"
    etag = town.ask("ann", "GET", path).headers["etag"]
    changed = town.ask("ann", "PATCH", path, {"title": "One"}, If_Match=etag)

    stale = town.patch("ann", path, {"title": "Two"}, expect=412, If_Match=etag)
    gone = town.ask("ann", "DELETE", path, If_Match=etag)
    seen = town.ask("ann", "GET", path)

    assert stale["current"] == changed.json() == seen.json()
    assert stale["errors"]
    assert gone.status_code == 412
    assert changed.headers["etag"] == seen.headers["etag"] != etag
    town.patch("ann", path, {"title": "Three"}, If_Match="*")
    listed = f'"nothing", {town.ask("ann", "GET", path).headers["etag"]}'
    assert town.ask("ann", "DELETE", path, If_Match=listed).status_code == 200


WRONG_WISHES: Final[list[dict[str, Any]]] = [
    {"starts_at": 1_800_000_000},
    {"starts_at": "2026-13-01T00:00:00Z"},
    {"starts_at": "2026-11-24"},
    {"starts_at": None},
    {"starts_at": "2026-11-24T25:00:00Z"},
    {"starts_at": "2026-11-24T09:00:00+25:00"},
    {"ends_at": "\u0662026-11-24T09:00:00Z"},
    {"quantity": 0},
    {"quantity": -1},
    {"quantity": HUGE},
    {"quantity": 1.5},
    {"quantity": 1.0},
    {"quantity": None},
    {"title": "a\0b"},
    {"title": ["x"]},
    {"title": "x" * 10_000},
    {"resource_id": "\0"},
    {"resource_id": HUGE},
    {"person_id": "me"},
    {"waiver": ""},
    {"hold": "yes please"},
    {"ünknown": 1},
]


def test_book__malformed__points_at_it(town: Town) -> None:
    for wrong in WRONG_WISHES:
        ((member, _),) = wrong.items()
        wish = town.wish(str(uuid4()), at(1, 9)) | wrong

        refusal = town.post("ann", "/bookings", wish, expect=422)

        assert [each["pointer"] for each in refusal["errors"]] == [f"/{member}"], wrong


def test_write__no_json__is_malformed(town: Town) -> None:
    headers = {"Authorization": f"Bearer {town.tokens['ann']}", "Content-Type": "application/json"}
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"title": "\\ud800"}',
        b'{"title": "\xff"}',
    ):
        for path in ("bookings", "bookings/batch", "bookings/series", "waiting-list", "closures"):
            answer = town.client.post(f"/api/v1/{path}", content=body, headers=headers)
            assert answer.status_code == 422, (path, body[:10], answer.text)
            assert answer.headers["content-type"] == PROBLEM
            assert answer.json()["errors"]


WRONG_BODIES: Final[list[tuple[str, dict[str, Any]]]] = [
    ("/bookings/batch", {"bookings": []}),
    ("/bookings/batch", {"bookings": [{}] * 51}),
    ("/bookings/batch", {"bookings": {}}),
    ("/bookings/series", {"repeats": {"every": "month", "count": 2}}),
    ("/bookings/series", {"repeats": {"every": "day", "count": 0}}),
    ("/bookings/series", {"repeats": {"every": "day", "count": HUGE}}),
    ("/bookings/series", {"repeats": {"every": "day"}}),
    ("/bookings/series", {"repeats": {"every": "day", "count": 2, "until": "2026-12-01"}}),
    ("/bookings/series", {"repeats": {"every": "day", "until": 20261201}}),
    ("/bookings/series", {"repeats": {"every": "week", "count": 2, "weekdays": [7]}}),
    ("/bookings/series", {"repeats": {"every": "day", "until": "9999-12-31"}}),
    ("/waiting-list", {"minutes": 0}),
    ("/waiting-list", {"minutes": HUGE}),
    ("/closures", {"estimated": "perhaps"}),
    ("/closures", {"kind": "party"}),
]


def test_post__malformed__is_refused_with_a_pointer(town: Town) -> None:
    xrd = town.a_resource("xrd")
    for path, body in WRONG_BODIES:
        wish = {} if path == "/bookings/batch" else town.wish(xrd, at(1, 9))
        if path == "/closures":
            del wish["project_id"]

        refusal = town.post("mona", path, wish | body, expect=422)

        assert all(each["pointer"].startswith("/") for each in refusal["errors"]), refusal


def test_book__no_time_or_a_time_backwards__is_malformed(town: Town) -> None:
    xrd = town.a_resource("xrd")
    made = town.book("ann", xrd, at(1, 9))
    for hours in (0, -1):
        for path in ("/bookings", "/waiting-list"):
            refusal = town.post("ann", path, town.wish(xrd, at(2, 9), hours), expect=422)
            assert {each["pointer"] for each in refusal["errors"]} == {"/ends_at"}
        ends = {"ends_at": written(at(1, 9 + hours))}
        town.patch("ann", f"/bookings/{made['id']}", ends, expect=422)


WRONG_PAGES: Final = [
    "limit=0",
    "limit=-1",
    "limit=100000",
    f"limit={HUGE}",
    "limit=x",
    "cursor=x",
    "cursor=%00",
    "cursor=eyJ4IjoxfQ",
    "cursor=W10",
]


def test_lists__wrong_page__are_malformed(town: Town) -> None:
    xrd = town.a_resource("xrd")
    town.book("ann", xrd, at(1, 9))
    when = f"start={written(at(1))}&end={written(at(2))}"
    lists = (
        "/bookings?",
        "/resources?",
        f"/resources?free_from={written(at(1))}&",
        f"/slots?{when}&",
        "/facilities?",
        "/organisations?",
        "/projects?",
        "/closures?",
        "/waiting-list?",
        "/offers?",
        "/facilities/nairobi/approvals?",
        f"/facilities/nairobi/calendar?{when}&",
    )
    for query in WRONG_PAGES:
        for path in lists:
            town.get("mona", f"{path}{query}", expect=422)


WRONG_ADDRESSES: Final = [
    "/bookings?from=1800000000",
    "/bookings?status=gone",
    "/bookings?resource=1",
    "/resources?quantity=0",
    f"/resources?minutes={HUGE}",
    "/resources?q=%00",
    "/resources?free_from=now",
    "/resources/{id}/calendar",
    "/resources/{id}/calendar?start=2026-11-24T00:00:00Z&end=2026-11-24T00:00:00Z",
    "/resources/{id}/calendar?start=0001-01-01T00:00:00Z&end=9999-12-31T23:59:59Z",
    "/resources/{id}/calendar?start=9999-12-30T00:00:00Z&end=9999-12-31T23:59:59-12:00",
    "/slots?start=2026-11-25T00:00:00Z&end=2026-11-24T00:00:00Z",
    "/slots?start=2026-11-24T00:00:00Z&end=2026-11-25T00:00:00Z&minutes=0",
    "/slots?start=2026-11-24T00:00:00Z&end=2026-11-25T00:00:00Z&quantity=0",
    "/slots?start=2026-11-24T00:00:00Z&end=2026-11-25T00:00:00Z&project=x",
    "/quotas",
    "/quotas?resource={id}&project={id}&period=2026-W60",
    "/quotas?resource={id}&project={id}&period=0000-00",
    "/bookings/not-an-id/nothing",
]


def test_get__malformed__is_refused(town: Town) -> None:
    xrd = town.a_resource("xrd")
    headers = {"Authorization": f"Bearer {town.tokens['ann']}"}
    for path in WRONG_ADDRESSES:
        full = f"/api/v1{path}".replace("{id}", xrd)
        answer = town.client.get(full, headers=headers)
        assert answer.status_code in {404, 422}, (path, answer.text)
        assert answer.headers["content-type"] == PROBLEM


def test_quotas__a_week_that_is_none__is_malformed(town: Town) -> None:
    xrd = town.a_resource("xrd")
    for period in ("2026-W60", "2026-13", "2026", "26-W1", "%00", "2026-W1%0A"):
        path = f"/quotas?resource={xrd}&project={town.ids['maize']}&period={period}"
        refusal = town.get("ann", path, expect=422)
        assert refusal["errors"][0]["pointer"]


def test_steps__of_what_is_not_there__are_not_found(town: Town) -> None:
    gone = uuid4()
    for step in ("approve", "check-in", "check-out", "no-show", "confirm"):
        town.post("ann", f"/bookings/{gone}/{step}", expect=404)
    town.post("ann", f"/bookings/{gone}/reject", {"reason": "x"}, expect=404)
    town.post("ann", f"/bookings/{gone}/hand-over", {"person_id": str(gone)}, expect=404)
    for step in ("accept", "decline"):
        town.post("ann", f"/offers/{gone}/{step}", expect=404)
    for path in ("bookings", "resources", "closures", "offers", "projects", "organisations"):
        town.get("ann", f"/{path}/{gone}", expect=404)
    for verb in ("GET", "PATCH", "DELETE"):
        answer = town.client.request(
            verb,
            "/api/v1/bookings/not-an-id",
            json={} if verb == "PATCH" else None,
            headers={"Authorization": f"Bearer {town.tokens['ann']}"},
        )
        assert answer.status_code in {404, 422}, answer.text
        assert answer.headers["content-type"] == PROBLEM
    town.ask(None, "POST", "/bookings", town.wish(str(gone), at(1, 9)))
    assert town.ask(None, "GET", "/bookings").status_code == 401
