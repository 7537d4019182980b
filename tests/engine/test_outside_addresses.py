"""Only public addresses of the internet are fetched from."""

import pytest

from booking.engine.outside_addresses import is_public, read_url
from booking.engine.violations import Violation


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
        ),
        *("0.0.0.0", "100.64.0.1", "100.127.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.9"),  # noqa: S104
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0"),
        *("fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "::7f00:1", "fec0::1", "localhost", ""),
    ],
)
def test_is_public__what_is_not_the_internet__is_refused(address: str) -> None:
    assert is_public(address) is (address == "::ffff:8.8.8.8")


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_is_public__what_is_the_internet__is_let_through(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("webcal://cal.example/a.ics", "https://cal.example/a.ics"),
        (" https://cal.example ", "https://cal.example/"),
        ("http://cal.example:8080/a?b=c#d", "http://cal.example:8080/a?b=c"),
    ],
)
def test_read_url__an_address__is_made_one_to_fetch(text: str, url: str) -> None:
    assert read_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        *("", "cal.example/a.ics", "ftp://cal.example/", "file:///etc/passwd", "https://"),
        *("https://me:secret@cal.example/", "https://cal.example:99999/", "https://[::1/"),
        *("https://cal.example/a b", "https://cal.example/\r\nHost: x", "gopher://cal.example/"),
        "https://cal.example/" + "a" * 2000,
    ],
)
def test_read_url__anything_else__is_refused(text: str) -> None:
    assert isinstance(read_url(text), Violation)
