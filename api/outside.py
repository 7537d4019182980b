"""Fetches calendars from the internet: from public addresses alone, within limits.

A name is looked up once for each connection, all its addresses are checked, and the connection
goes to one that was checked: no second look-up can lead elsewhere. Nothing of ours is sent along.
"""

import socket
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpcore2
from fastapi import Request

from booking.engine.busy_calendars import LARGEST_BYTES
from booking.engine.outside_addresses import PORTS, is_public, read_url
from booking.engine.violations import Violation
from booking.errors import RulesBroken

SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 3
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
OK, UNCHANGED = 200, 304
LONGEST_ETAG: Final = 500
LONGEST_DATE: Final = 100
ANY_CODING: Final = zlib.MAX_WBITS | 32
WHY: Final = {
    401: "it asks for a password: use a secret or public address of the calendar",
    403: "it is not public: use a secret or public address of the calendar",
    404: "there is nothing at that address: copy it again from the calendar",
    410: "the calendar was taken away: copy its address again, or remove it here",
    429: "its server is asked too often: wait an hour",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered; `content` is None where it has not changed."""

    content: bytes | None
    etag: str
    last_modified: str


class Refused(Exception):  # noqa: N818 - what became of a connection
    """An address that is not to be connected with, in words."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The way out to the internet, and what it lets through.

    `seconds` is the time for all of one fetch, its redirects included.
    """

    allowed: Callable[[str], bool] = is_public
    ports: frozenset[int] | None = PORTS
    seconds: float = SECONDS

    def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Fetch a calendar, or learn that it has not changed.

        Raises: RulesBroken with why it could not be had.
        """
        until = time.monotonic() + self.seconds
        asked_first = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        try:
            return self._followed(url, {k: v for k, v in asked_first.items() if v}, until)
        except Refused as error:
            raise unreachable(str(error)) from error
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise unreachable(
                f"its server took longer than {self.seconds:g} seconds: try again later"
            ) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise unreachable("its server could not be reached: look at the address") from error
        except (zlib.error, UnicodeError, ValueError) as error:
            raise unreachable("its server answered what cannot be read") from error

    def _followed(self, url: str, conditions: dict[str, str], until: float) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            found = self._once(url, conditions, until)
            if isinstance(found, Fetched):
                return found
            if urlsplit(found).netloc != urlsplit(url).netloc:
                conditions = {}
            url = found
        raise Refused(f"it leads on more than {MOST_REDIRECTS} times: use the last address itself")

    def _once(self, url: str, conditions: dict[str, str], until: float) -> Fetched | str:
        """Ask once: what was answered, or the address that it leads on to."""
        headers = {
            "Host": urlsplit(url).netloc,
            "User-Agent": "Benchshare (busy calendars)",
            "Accept": "text/calendar, */*;q=0.1",
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **conditions,
        }
        backend = _Guarded(self, until)
        with (
            httpcore2.ConnectionPool(network_backend=backend) as pool,
            pool.stream("GET", url, headers=list(headers.items())) as answer,
        ):
            said = {name.decode("latin-1").lower(): value for name, value in answer.headers}
            if answer.status in REDIRECTS:
                return _leads_to(url, said.get("location", b"").decode("latin-1"))
            return _fetched(answer.status, said, answer.iter_stream(), conditional=bool(conditions))


def outside_of(request: Request) -> Outside:
    """Return the way out that the application was given, else the guarded one."""
    found: Callable[[], Outside] = request.app.dependency_overrides.get(Outside, Outside)
    return found()


def unreachable(why: str) -> RulesBroken:
    """Make the refusal of a calendar that could not be had."""
    reason = f"The calendar could not be fetched: {why}."
    return RulesBroken(reason, [Violation("calendar_unreachable", reason, "/url")])


def _leads_to(url: str, location: str) -> str:
    onward = read_url(urljoin(url, location)) if location else None
    if not isinstance(onward, str):
        raise Refused("it leads on to what is no web address: look at the address")
    if url.startswith("https:") and not onward.startswith("https:"):
        raise Refused("it leads from https to http, where others can read it: use another address")
    return onward


def _fetched(
    status: int, said: dict[str, bytes], chunks: Iterable[bytes], *, conditional: bool
) -> Fetched:
    etag = said.get("etag", b"").decode("latin-1")
    modified = said.get("last-modified", b"").decode("latin-1")
    # One cut short would match nothing.
    etag = etag if len(etag) <= LONGEST_ETAG and etag.isprintable() else ""
    modified = modified if len(modified) <= LONGEST_DATE and modified.isprintable() else ""
    if status == UNCHANGED and conditional:
        return Fetched(None, etag, modified)
    if status != OK:
        raise Refused(WHY.get(status, f"its server answered {status}: try again later"))
    coding = said.get("content-encoding", b"identity").decode("latin-1").strip().lower()
    return Fetched(_content(coding, chunks), etag, modified)


def _content(coding: str, chunks: Iterable[bytes]) -> bytes:
    """Join what comes, unpacked, up to the limit: what is packed tight never grows beyond it."""
    if coding not in {"identity", "gzip", "x-gzip", "deflate", ""}:
        raise Refused("its server packs it in a way that nobody asked for: use another address")
    unpacking = None if coding in {"identity", ""} else zlib.decompressobj(ANY_CODING)
    content = bytearray()
    for chunk in chunks:
        room = LARGEST_BYTES + 1 - len(content)
        content += chunk[:room] if unpacking is None else unpacking.decompress(chunk, room)
        if len(content) > LARGEST_BYTES:
            most = LARGEST_BYTES // 1024 // 1024
            raise Refused(f"it is larger than {most} MB: use one with fewer events")
    return bytes(content)


class _Guarded(httpcore2.NetworkBackend):
    """Connects with allowed addresses alone, and keeps one time limit over all."""

    def __init__(self, outside: Outside, until: float) -> None:
        self.outside = outside
        self.until = until
        self.inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the limit is over all
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        """Look the name up, check every address, and connect with one of them."""
        ports = self.outside.ports
        if ports is not None and port not in ports:
            raise Refused(f"port {port} is not fetched from: use an address without a port")
        error: Exception = Refused("its server has no address: look at the address")
        for address in self._addresses(host, port):
            try:
                stream = self.inner.connect_tcp(
                    address, port, _left(self.until), local_address, socket_options
                )
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as failed:
                error = failed
            else:
                return _Timed(stream, self.until)
        raise error

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Refused("there is no server of that name: look at the address") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not all(self.outside.allowed(each) for each in addresses):
            raise Refused(
                "its address is inside a private network, and only public ones are fetched: "
                "upload the file instead"
            )
        return addresses


class _Timed(httpcore2.NetworkStream):
    """A connection that ends when the time for all is over, however slowly it is fed."""

    def __init__(self, inner: httpcore2.NetworkStream, until: float) -> None:
        self.inner = inner
        self.until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what has come, in the time that is left."""
        return self.inner.read(max_bytes, _left(self.until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Write, in the time that is left."""
        self.inner.write(buffer, _left(self.until))

    def close(self) -> None:
        """Close the connection."""
        self.inner.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Go on in TLS, the certificate checked against the name that was asked for."""
        inner = self.inner.start_tls(ssl_context, server_hostname, _left(self.until))
        return _Timed(inner, self.until)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self.inner.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for all of it is over")
    return left
