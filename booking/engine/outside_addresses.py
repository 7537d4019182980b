"""Which addresses of the internet may be fetched from: public ones alone.

Source: the special-purpose registries of IANA for IPv4 and IPv6 (RFC 6890).
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from booking.engine.violations import Violation

LONGEST_URL: Final = 2000
SCHEMES: Final = {"http": 80, "https": 443}
PORTS: Final = frozenset({80, 443, 8000, 8008, 8080, 8443})
# Each of these leads on to an IPv4 address that may be anything.
_LEADING_ON: Final = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
    IPv6Network("::/96"),
    IPv6Network("fec0::/10"),
)


def is_public(address: str) -> bool:
    """Say whether an IP address, with or without a zone id, is one of the public internet."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return _is_public(found.ipv4_mapped)
        if any(found in each for each in _LEADING_ON):
            return False
    return _is_public(found)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Require what is global by the registries; multicast is, and still refused."""
    return address.is_global and not address.is_multicast and not address.is_reserved


def read_url(text: str) -> str | Violation:
    """Return the address of a calendar as it is fetched, or what is wrong with it.

    `webcal` is another word for https. A fragment is left out.
    """
    parts = _parts(text.strip())
    if parts is None:
        return _fault("This is no web address; copy it whole, from https:// to its end.")
    scheme = {"webcal": "https", "webcals": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in SCHEMES or not parts.hostname:
        return _fault("Give an address that begins with https://, http:// or webcal://.")
    if parts.username is not None or parts.password is not None:
        return _fault("Take the name and password out of the address; use a secret address.")
    if len(text) > LONGEST_URL:
        return _fault(f"The address is longer than {LONGEST_URL} characters; use a shorter one.")
    return urlunsplit((scheme, parts.netloc, parts.path or "/", parts.query, ""))


def _parts(text: str) -> SplitResult | None:
    if any(each <= " " or each == "\x7f" for each in text) or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts


def _fault(reason: str) -> Violation:
    return Violation("address_refused", reason, "/url")
