"""The way out to the internet: what it refuses, follows, limits and remembers."""

import gzip
import socket
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest

from api.outside import Outside
from booking.engine.busy_calendars import LARGEST_BYTES
from booking.errors import RulesBroken
from tests.busy_files import LOOPBACK, Server, a_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


def refusal(url: str, outside: Outside = LOOPBACK) -> str:
    with pytest.raises(RulesBroken) as caught:
        outside.fetch(url)
    return caught.value.message


def test_fetch__a_calendar__brings_it_with_its_tags(server: Server) -> None:
    url = server.serve("/a.ics", b"calendar", ETag='"7"', Last_Modified="Mon, 01 Jun 2026")
    found = LOOPBACK.fetch(url)
    assert (found.content, found.etag, found.last_modified) == (
        b"calendar",
        '"7"',
        "Mon, 01 Jun 2026",
    )


def test_fetch__not_changed__brings_nothing_and_asks_with_the_tags(server: Server) -> None:
    url = server.serve("/b.ics", status=304)
    assert LOOPBACK.fetch(url, etag='"7"', last_modified="then").content is None
    assert server.asked[-1]["if-none-match"] == '"7"'
    assert server.asked[-1]["if-modified-since"] == "then"
    assert "cookie" not in server.asked[-1]
    assert "304" in refusal(url)  # nobody asked whether it had changed


def test_fetch__a_machine_inside__is_not_connected_with(server: Server) -> None:
    asked = len(server.asked)
    url = server.serve("/inside.ics", b"secret")
    assert "private network" in refusal(url, Outside(ports=None))
    assert "private network" in refusal(url.replace("127.0.0.1", "localhost"), Outside(ports=None))
    assert "port" in refusal("http://127.0.0.1:22/", Outside())
    assert len(server.asked) == asked


def test_fetch__a_name_that_changes_its_address__is_looked_up_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up, real = [], socket.getaddrinfo

    def rebinding(host: Any, *args: Any, **given: Any) -> Any:
        if host != "rebind.example":
            return real(host, *args, **given)
        looked_up.append(host)
        return real("127.0.0.1" if len(looked_up) == 1 else "169.254.169.254", *args, **given)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = server.serve("/c.ics", b"calendar").replace("127.0.0.1", "rebind.example")
    assert LOOPBACK.fetch(url).content == b"calendar"
    assert looked_up == ["rebind.example"]
    assert server.asked[-1]["host"].startswith("rebind.example:")
    assert "private network" in refusal(url)


def test_fetch__one_private_address_among_public_ones__is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(2, 1, 6, "", (each, 80)) for each in ("93.184.216.34", "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "private network" in refusal("http://both.example/", Outside())


def test_fetch__redirects__are_followed_three_times_and_checked_each(server: Server) -> None:
    end = server.serve("/3", b"calendar")
    for step in (2, 1, 0):
        server.serve(f"/{step}", status=302, Location=f"/{step + 1}")
    assert LOOPBACK.fetch(server.address + "/0").content == b"calendar"
    first = server.serve("/-1", status=301, Location="/0")
    assert "more than 3 times" in refusal(first)
    inside = server.serve("/in", status=307, Location="http://127.0.0.2:1/")
    assert "private network" in refusal(inside)
    assert "no web address" in refusal(server.serve("/f", status=302, Location="file:///etc"))
    assert end


def test_fetch__a_redirect_to_another_host__takes_no_tags_along(server: Server) -> None:
    server.serve("/there.ics", b"calendar")
    there = server.address.replace("127.0.0.1", "localhost") + "/there.ics"
    here = server.serve("/here.ics", status=302, Location=there)
    outside = Outside(allowed=lambda each: each in {"127.0.0.1", "::1"}, ports=None)
    assert outside.fetch(here, etag='"secret"').content == b"calendar"
    assert "if-none-match" not in server.asked[-1]


def test_fetch__too_much__is_left_off_packed_or_not(server: Server) -> None:
    most = server.serve("/most.ics", b"x" * LARGEST_BYTES)
    assert len(LOOPBACK.fetch(most).content or b"") == LARGEST_BYTES
    assert "larger than 2 MB" in refusal(server.serve("/more.ics", b"x" * (LARGEST_BYTES + 1)))
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    assert "larger than 2 MB" in refusal(server.serve("/z", bomb, Content_Encoding="gzip"))
    small = server.serve("/s", gzip.compress(b"calendar"), Content_Encoding="gzip")
    assert LOOPBACK.fetch(small).content == b"calendar"


def test_fetch__a_server_that_drips__is_left_when_the_time_is_over(server: Server) -> None:
    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            sleep(0.05)

    server.answers["/drip"] = drip
    began = monotonic()
    slow = Outside(allowed=LOOPBACK.allowed, ports=None, seconds=0.3)
    assert "longer than 0.3 seconds" in refusal(server.address + "/drip", slow)
    assert monotonic() - began < 2


@pytest.mark.parametrize(
    ("status", "said"), [(401, "password"), (404, "nothing"), (410, "taken away"), (503, "503")]
)
def test_fetch__a_refusal__says_what_to_do(server: Server, status: int, said: str) -> None:
    assert said in refusal(server.serve("/no", b"no", status=status))


def test_fetch__what_cannot_be_reached__says_so(server: Server) -> None:
    assert "no server of that name" in refusal("http://nowhere.invalid/")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "could not be reached" in refusal(f"http://127.0.0.1:{port}/")
    assert "cannot be read" in refusal(server.serve("/bad", b"no gzip", Content_Encoding="gzip"))
