"""A fresh installation and its people, who use nothing but the command line and the API."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from fastapi.testclient import TestClient
from httpx2 import Response
from typer.testing import CliRunner

from api.__main__ import app as commands
from api.app import create_app
from booking.db import Database
from booking.engine.permissions import Role
from booking.engine.vocabulary import OrganisationKind
from booking.services import lapsing, offering, offers
from tests.builders import a_facility, a_person, a_project, a_role, a_token, an_organisation
from tests.conftest import settings_for

PROBLEM: Final = "application/problem+json"
REFUSED: Final = 400
# A Monday, nine o'clock in Nairobi, whose clock never changes.
MORNING: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOST: Final = "benchshare.example"
FACILITIES: Final = ("nairobi", "kisumu")


@dataclass
class Clock:
    """What the application takes for the present."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def to(self, day: int, hour: float = 0) -> None:
        """Go on to that hour of the day so many days after the first, by the clock of Nairobi."""
        self.now = at(day, hour)


def at(day: int, hour: float = 0) -> datetime:
    """Give an hour of the day so many days after the first, by the clock of Nairobi."""
    return MORNING + timedelta(days=day, hours=hour - 9)


def written(moment: datetime) -> str:
    """Write an instant as the API answers it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def run(*words: str) -> dict[str, Any]:
    """Run a command that must succeed, and return what it answers."""
    result = CliRunner().invoke(commands, [*words, "--json"])
    assert result.exit_code == 0, result.output
    answered: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answered


@cache
def documented() -> tuple[tuple[str, re.Pattern[str], frozenset[int]], ...]:
    """List the statuses that /openapi.json names for each operation."""
    described = create_app(settings_for("sqlite:///:memory:")).openapi()
    return tuple(
        (method.upper(), pattern, frozenset(int(each) for each in operation["responses"]))
        # What holds no parameter comes first, as it does in the application.
        for path, operations in sorted(described["paths"].items(), key=lambda one: "{" in one[0])
        for pattern in (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)),)
        for method, operation in operations.items()
    )


def check_documented(method: str, path: str, answer: Response) -> None:
    """Require a status that the description names, and a refusal of the one shape."""
    bare = path.partition("?")[0]
    named = next(
        (
            each
            for verb, pattern, each in documented()
            if verb == method and pattern.fullmatch(bare)
        ),
        None,
    )
    assert named is not None, f"{method} {bare} is not described"
    assert answer.status_code in named, f"{method} {bare}: {answer.status_code} {answer.text}"
    if answer.status_code >= REFUSED:
        assert answer.headers["content-type"] == PROBLEM
        refusal = answer.json()
        assert refusal["status"] == answer.status_code
        assert refusal["detail"]
        assert refusal["errors"], refusal


@dataclass
class Town:
    """Two facilities in Nairobi, two organisations, and who is there.

    `mona` manages the first facility and `omar` is an operator of it; `ann` and `ben` are on
    one project, `cy` on that of another organisation, and `olga` is the officer.
    """

    client: TestClient
    clock: Clock
    database: Database
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def ask(
        self, who: str | None, method: str, path: str, body: Any = None, **headers: str
    ) -> Response:
        """Send a request, and require that its answer is one of those described."""
        full = f"/api/v1{path}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            given["Authorization"] = f"Bearer {self.tokens[who]}"
        answer = self.client.request(method, full, json=body, headers=given)
        check_documented(method, full, answer)
        return answer

    def get(self, who: str | None, path: str, *, expect: int = 200) -> Any:
        return self._body(self.ask(who, "GET", path), expect)

    def post(
        self, who: str | None, path: str, body: Any = None, *, expect: int = 201, **headers: str
    ) -> Any:
        return self._body(self.ask(who, "POST", path, body, **headers), expect)

    def put(self, who: str, path: str, body: Any, *, expect: int = 200) -> Any:
        return self._body(self.ask(who, "PUT", path, body), expect)

    def patch(self, who: str, path: str, body: Any, *, expect: int = 200, **headers: str) -> Any:
        return self._body(self.ask(who, "PATCH", path, body, **headers), expect)

    def delete(self, who: str, path: str, *, expect: int = 200) -> Any:
        return self._body(self.ask(who, "DELETE", path), expect)

    def a_resource(self, name: str, facility: str = "nairobi", **given: Any) -> str:
        body = {"facility": facility, "name": name, "kind": "diffractometer", "state": "published"}
        made = self.post("mona" if facility == "nairobi" else "olga", "/resources", body | given)
        self.ids[name] = made["id"]
        found: str = made["id"]
        return found

    def wish(
        self,
        resource: str,
        start: datetime,
        hours: float = 1,
        *,
        project: str = "maize",
        **given: Any,
    ) -> dict[str, Any]:
        return {
            "resource_id": resource,
            "project_id": self.ids[project],
            "starts_at": written(start),
            "ends_at": written(start + timedelta(hours=hours)),
        } | given

    def book(
        self,
        who: str,
        resource: str,
        start: datetime,
        hours: float = 1,
        *,
        expect: int = 201,
        **given: Any,
    ) -> Any:
        """Book for the project of whoever asks, if not another's is given."""
        project = given.pop("project", "sorghum" if who == "cy" else "maize")
        wanted = self.wish(resource, start, hours, project=project, **given)
        return self.post(who, "/bookings", wanted, expect=expect)

    def lapse(self) -> None:
        """Let what is due expire or be missed, as the jobs do every few seconds."""
        with self.database.writing() as session:
            lapsing.lapse(session, now=self.clock.now)

    def offer(self) -> None:
        """Let offers end, and what is free be offered, as the jobs do every few seconds."""
        with self.database.writing() as session:
            offers.expire_offers(session, now=self.clock.now)
        with self.database.writing() as session:
            offering.offer_freed(session, now=self.clock.now, domain=HOST)

    def _body(self, answer: Response, expect: int) -> Any:
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None


def address(who: str) -> str:
    """Give the address somebody signs in with."""
    return f"{who}@people.example"


def codes(refusal: dict[str, Any]) -> set[str]:
    """Name the reasons of a refusal."""
    return {each["code"] for each in refusal["errors"]}


EMPLOYERS: Final = {"ann": "Kilimo", "ben": "Kilimo", "cy": "Utafiti"}
KINDS: Final = {"Kilimo": OrganisationKind.STARTUP, "Utafiti": OrganisationKind.UNIVERSITY}


def settled_by_commands(town: Town) -> None:
    """Set a fresh installation up as its operator does: by commands, and then by the API."""
    for slug in FACILITIES:
        place = ("--name", slug.title(), "--country", "KE", "--zone", "Africa/Nairobi")
        run("facility", "add", slug, *place)
    for name, kind in KINDS.items():
        added = run("organisation", "add", name, "--country", "KE", "--kind", kind)
        town.ids[name] = added["id"]
    roles: dict[str, tuple[str, ...]] = {
        "olga": ("officer",),
        "mona": ("manager", "--facility", "nairobi"),
        "omar": ("operator", "--facility", "nairobi"),
    } | {who: ("member", "--organisation", town.ids[whose]) for who, whose in EMPLOYERS.items()}
    for who, where in roles.items():
        added = run("user", "add", address(who), "--name", who.title(), "--role", *where)
        town.ids[who] = added["id"]
        town.tokens[who] = run("token", "create", address(who), "--days", "1826")["token"]
    for who, name in (("ann", "maize"), ("cy", "sorghum")):
        body = {"name": name, "organisation_id": town.ids[EMPLOYERS[who]]}
        town.ids[name] = town.post(who, "/projects", body)["id"]
    town.post("ann", f"/projects/{town.ids['maize']}/members", {"email": address("ben")})


def settled_by_rows(town: Town) -> None:
    """Set the same up in one transaction."""
    with town.database.writing() as session:
        people = {
            who: a_person(session, email=address(who), name=who.title())
            for who in ("olga", "mona", "omar", *EMPLOYERS)
        }
        places = {slug: a_facility(session, slug=slug).id for slug in FACILITIES}
        firms = {
            name: an_organisation(session, name=name, kind=kind).id for name, kind in KINDS.items()
        }
        a_role(session, people["olga"].id, Role.OFFICER)
        for who, role in (("mona", Role.MANAGER), ("omar", Role.OPERATOR)):
            a_role(session, people[who].id, role, facility_id=places["nairobi"])
        for who, whose in EMPLOYERS.items():
            a_role(session, people[who].id, Role.MEMBER, organisation_id=firms[whose])
        projects = {
            "maize": a_project(
                session, people["ann"], people["ben"], organisation_id=firms["Kilimo"]
            ).id,
            "sorghum": a_project(session, people["cy"], organisation_id=firms["Utafiti"]).id,
        }
        named = {who: each.id for who, each in people.items()} | places | firms | projects
        town.ids.update({name: str(each) for name, each in named.items()})
        town.tokens.update({who: a_token(session, each) for who, each in people.items()})
