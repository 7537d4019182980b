"""The properties of each kind of place, and what a PROPFIND shows of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote

from api.dav.addresses import ROOT, Addresses, Kind, Place
from api.dav.backends import APPLE, CALENDAR_SERVER, Backend, Collection, Member
from api.dav.filters import COLLATIONS
from api.dav.markup import (
    caldav,
    dav,
    element,
    href,
    propstats,
    response,
    stranger,
    text,
)

LARGEST_OBJECT: Final = 256 * 1024
TOKEN_PREFIX: Final = "urn:benchshare:sync:"  # noqa: S105 - no password
REPORTS: Final = (
    caldav("calendar-query"),
    caldav("calendar-multiget"),
    caldav("free-busy-query"),
    dav("sync-collection"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A place with what is known of it; `collection` and `member` where its kind has them."""

    backend: Backend
    addresses: Addresses
    place: Place
    collection: Collection | None = None
    member: Member | None = None

    @property
    def path(self) -> str:
        """Its path, as clients see it."""
        return self.addresses.path(self.place)

    @property
    def calendar(self) -> Collection:
        """Its calendar.

        Raises: ValueError where its kind has none.
        """
        if self.collection is None:
            raise ValueError("There is no calendar above this place.")
        return self.collection

    @property
    def listed(self) -> Member:
        """The member that it is.

        Raises: ValueError where it is none.
        """
        if self.member is None:
            raise ValueError("This place is no member.")
        return self.member

    def of(self, kind: Kind) -> str:
        """Return the path of the account's own principal or home."""
        return self.addresses.path(Place(kind, self.backend.principal.name))


Write = Callable[[Shown], str]


def entity_tag(etag: str) -> str:
    """Quote an ETag."""
    return f'"{etag}"'


def uri_of(token: str) -> str:
    """Return a backend's sync token as the URI that clients keep."""
    return TOKEN_PREFIX + quote(token, safe="")


def content_type(member: Member) -> str:
    """Return the media type of a member."""
    return f"text/calendar; charset=utf-8; component={member.component}"


def _empty(*names: str) -> Write:
    content = "".join(element(name) for name in names)
    return lambda _: content


def _own(kind: Kind) -> Write:
    return lambda shown: href(shown.of(kind))


def _privileges(shown: Shown) -> str:
    names = [dav("read"), dav("read-current-user-privilege-set")]
    collection, backend = shown.collection, shown.backend
    if collection is None and shown.place.kind is Kind.HOME and backend.makes_collections:
        names += [dav("bind"), dav("unbind")]
    if collection is not None and collection.writable:
        names += [dav("write-content")]
        if shown.member is None:
            names += [dav("bind"), dav("unbind")]
    if collection is not None and collection.removable:
        names += [dav("write"), dav("write-properties")]
    return "".join(element(dav("privilege"), element(name)) for name in names)


def _addresses(shown: Shown) -> str:
    return "".join(
        href(f"mailto:{address}") for address in shown.backend.principal.addresses
    ) + href(shown.of(Kind.PRINCIPAL))


def _reports(_: Shown) -> str:
    return "".join(
        element(dav("supported-report"), element(dav("report"), element(name))) for name in REPORTS
    )


def _components(shown: Shown) -> str:
    return "".join(element(caldav("comp"), name=name) for name in shown.calendar.components)


def _token(shown: Shown) -> str:
    return text(uri_of(shown.backend.sync_token(shown.calendar.name)))


def _changed_at(shown: Shown) -> str:
    return format_datetime(shown.listed.changed_at, usegmt=True)


EVERYWHERE: Final[Mapping[str, Write]] = {
    dav("current-user-principal"): _own(Kind.PRINCIPAL),
    dav("current-user-privilege-set"): _privileges,
    dav("owner"): _own(Kind.PRINCIPAL),
    dav("principal-collection-set"): lambda shown: href(shown.addresses.path(ROOT)),
}
PRINCIPAL: Final[Mapping[str, Write]] = {
    dav("resourcetype"): _empty(dav("collection"), dav("principal")),
    dav("displayname"): lambda shown: text(shown.backend.principal.display_name),
    dav("principal-URL"): _own(Kind.PRINCIPAL),
    caldav("calendar-home-set"): _own(Kind.HOME),
    caldav("calendar-user-address-set"): _addresses,
    caldav("calendar-user-type"): lambda _: "INDIVIDUAL",
}
CALENDAR: Final[Mapping[str, Write]] = {
    dav("resourcetype"): _empty(dav("collection"), caldav("calendar")),
    dav("displayname"): lambda shown: text(shown.calendar.display_name),
    dav("supported-report-set"): _reports,
    dav("sync-token"): _token,
    f"{{{CALENDAR_SERVER}}}getctag": _token,
    caldav("supported-calendar-component-set"): _components,
    caldav("supported-calendar-data"): lambda _: element(
        caldav("calendar-data"), **{"content-type": "text/calendar", "version": "2.0"}
    ),
    caldav("supported-collation-set"): lambda _: "".join(
        element(caldav("supported-collation"), name) for name in COLLATIONS
    ),
    caldav("max-resource-size"): lambda _: str(LARGEST_OBJECT),
}
MEMBER: Final[Mapping[str, Write]] = {
    dav("resourcetype"): _empty(),
    dav("getetag"): lambda shown: text(entity_tag(shown.listed.etag)),
    dav("getcontenttype"): lambda shown: content_type(shown.listed),
    dav("getcontentlength"): lambda shown: str(shown.listed.octets),
    dav("getlastmodified"): _changed_at,
}
COLLECTION: Final[Mapping[str, Write]] = {dav("resourcetype"): _empty(dav("collection"))}
PROPERTIES: Final[Mapping[Kind, Mapping[str, Write]]] = {
    Kind.ROOT: {**EVERYWHERE, **COLLECTION},
    Kind.PRINCIPAL: {**EVERYWHERE, **PRINCIPAL},
    Kind.HOME: {**EVERYWHERE, **COLLECTION},
    Kind.CALENDAR: {**EVERYWHERE, **CALENDAR},
    Kind.MEMBER: {**EVERYWHERE, **MEMBER},
}
# RFC 4791 keeps its own properties out of DAV:allprop.
IN_ALLPROP: Final = frozenset(
    dav(name)
    for name in (
        "resourcetype",
        "displayname",
        "getetag",
        "getcontenttype",
        "getcontentlength",
        "getlastmodified",
    )
)
SETTABLE: Final = frozenset(
    {
        dav("displayname"),
        caldav("calendar-description"),
        caldav("calendar-timezone"),
        f"{{{APPLE}}}calendar-color",
        f"{{{APPLE}}}calendar-order",
    }
)
PROTECTED: Final = frozenset(name for each in PROPERTIES.values() for name in each) - SETTABLE


def _kept(shown: Shown) -> Mapping[str, str]:
    at_calendar = shown.place.kind is Kind.CALENDAR and shown.collection is not None
    return shown.calendar.kept if at_calendar else {}


def told(shown: Shown, names: Iterable[str], *, beside: str = "") -> str:
    """Write the response of one place with the named properties; `beside` are found as well."""
    kept, known = _kept(shown), PROPERTIES[shown.place.kind]
    found, missing = [beside], []
    for name in names:
        if name in kept:
            found.append(kept[name])
        elif name in known:
            found.append(element(name, known[name](shown)))
        else:
            missing.append(stranger(name))
    return response(shown.path, propstats(found, missing))


def told_all(shown: Shown) -> str:
    """Write the response of one place with what DAV:allprop stands for."""
    names = {name for name in PROPERTIES[shown.place.kind] if name in IN_ALLPROP}
    return told(shown, sorted(names | set(_kept(shown))))


def told_names(shown: Shown) -> str:
    """Write the response of one place with the names of its properties alone."""
    names = sorted({*PROPERTIES[shown.place.kind], *_kept(shown)})
    return response(shown.path, propstats(map(stranger, names), ()))
