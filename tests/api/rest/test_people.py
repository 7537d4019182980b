"""Persons, organisations and projects over HTTP: shapes, statuses, and what a refusal holds."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from booking.db import Database
from booking.engine.permissions import Role
from tests.builders import a_facility, a_person, a_role, a_token


@dataclass(frozen=True, slots=True)
class Caller:
    client: TestClient
    token: str

    def send(self, method: str, path: str, json: Any = None, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = f"Bearer {self.token}"
        return self.client.request(method, f"/api/v1{path}", json=json, headers=named)


@pytest.fixture
def person(client: TestClient, database: Database) -> Caller:
    with database.writing() as session:
        return Caller(client, a_token(session, a_person(session, name="Amina")))


@pytest.fixture
def officer(client: TestClient, database: Database) -> Caller:
    with database.writing() as session:
        somebody = a_person(session)
        a_role(session, somebody.id, Role.OFFICER)
        return Caller(client, a_token(session, somebody))


def founded(person: Caller) -> str:
    body = {"name": "Kilimo Labs", "country": "KE", "kind": "startup"}
    answer = person.send("POST", "/organisations", body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def codes(answer: Response, status: int) -> set[str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {each["code"] for each in answer.json()["errors"]}


def test_me__changed__answers_its_new_etag_and_refuses_a_stale_one(person: Caller) -> None:
    seen = person.send("GET", "/me")
    assert seen.json()["name"] == "Amina"
    etag = seen.headers["etag"]
    change = {"orcid": "0000-0002-1825-0097", "zone": "Africa/Nairobi"}
    changed = person.send("PATCH", "/me", change, If_Match=etag)
    assert changed.status_code == 200
    assert changed.json()["zone"] == "Africa/Nairobi"
    assert changed.headers["etag"] != etag
    codes(person.send("PATCH", "/me", {"name": "Other"}, If_Match=etag), 412)
    assert codes(person.send("PATCH", "/me", {"orcid": "0000-0002-1825-0098"}), 422) == {"orcid"}
    codes(person.send("PATCH", "/me", {"surname": "x"}), 422)


def test_me_tokens__created__is_shown_once_and_works_until_revoked(person: Caller) -> None:
    body = {"name": "notebook", "scopes": ["read"]}
    made = person.send("POST", "/me/tokens", body, Idempotency_Key="one")
    assert made.status_code == 201
    assert made.json()["expires_at"] == "2027-11-23T09:00:00Z"
    repeated = person.send("POST", "/me/tokens", body, Idempotency_Key="one")
    assert codes(repeated, 409) == {"idempotency_unfinished"}
    reading = Caller(person.client, made.json()["token"])
    assert reading.send("GET", "/me").status_code == 200
    codes(reading.send("PATCH", "/me", {"name": "Other"}), 403)
    listed = person.send("GET", "/me/tokens").json()["items"]
    assert "token" not in listed[0]
    gone = person.send("DELETE", f"/me/tokens/{made.json()['id']}")
    assert gone.status_code == 204
    codes(reading.send("GET", "/me"), 401)


def test_me_export_and_delete__own_account__is_taken_along_and_gone(person: Caller) -> None:
    exported = person.send("GET", "/me/export")
    assert exported.json()["profile"]["name"] == "Amina"
    assert person.send("DELETE", "/me").status_code == 204
    codes(person.send("GET", "/me"), 401)


def test_organisations__declared_and_verified__stays_as_it_was(
    person: Caller, officer: Caller
) -> None:
    facts = f"/organisations/{founded(person)}/facts"
    fact = {"name": "staff", "value": 9, "as_of": "2025-12-31"}
    declared = person.send("POST", facts, fact)
    assert declared.status_code == 201
    codes(person.send("POST", f"{facts}/{declared.json()['id']}/verify"), 403)
    verified = officer.send("POST", f"{facts}/{declared.json()['id']}/verify")
    assert verified.json()["verified_at"] == "2026-11-23T09:00:00Z"
    assert codes(person.send("POST", facts, fact | {"value": 8}), 409) == {"fact_verified"}
    assert codes(person.send("POST", facts, fact | {"value": "8"}), 422) == {"fact_value"}
    taken_back = {"verified": False}
    officer.send("POST", f"{facts}/{declared.json()['id']}/verify", taken_back)
    assert person.send("POST", facts, fact | {"value": 8}).status_code == 201
    values = [
        each["value"]
        for each in person.send("GET", facts).json()["items"]
        if each["name"] == "staff"
    ]
    assert values == [8]


@pytest.mark.parametrize("as_of", [20251231, "20251231", "1764547200", "2025-12-31T00:00:00Z"])
def test_organisations__fact_of_no_day__is_malformed(person: Caller, as_of: Any) -> None:
    fact = {"name": "staff", "value": 9, "as_of": as_of}
    assert codes(person.send("POST", f"/organisations/{founded(person)}/facts", fact), 422)


def test_organisations__list__is_found_by_name_country_and_kind(person: Caller) -> None:
    made = founded(person)
    for query in ("q=kilimo", "country=ke", "kind=startup"):
        found = person.send("GET", f"/organisations?{query}").json()["items"]
        assert made in {each["id"] for each in found}
    assert person.send("GET", "/organisations?q=nothing").json() == {"items": [], "next": None}
    codes(person.send("GET", "/organisations?cursor=x"), 422)


def test_projects__created_by_the_founder__takes_others_on(
    person: Caller, database: Database
) -> None:
    body = {"name": "Soil maps", "organisation_id": founded(person)}
    made = person.send("POST", "/projects", body)
    assert made.status_code == 201
    with database.writing() as session:
        colleague = a_person(session)
        their = Caller(person.client, a_token(session, colleague))
    members = f"/projects/{made.json()['id']}/members"
    codes(their.send("GET", members), 404)
    joined = person.send("POST", members, {"email": colleague.email})
    assert joined.status_code == 201
    assert joined.json()["principal_investigator"] is False
    mine = their.send("GET", "/projects?mine=true").json()["items"]
    assert [each["name"] for each in mine] == ["Soil maps"]
    leader = {"principal_investigator_id": str(colleague.id)}
    assert their.send("PATCH", f"/projects/{made.json()['id']}", leader).status_code == 200
    assert codes(their.send("DELETE", f"{members}/{colleague.id}"), 409) == {"leads_the_project"}


def test_staff__by_slug_or_id__is_the_same(officer: Caller, database: Database) -> None:
    with database.writing() as session:
        place, newcomer = a_facility(session), a_person(session)
    new = {"email": newcomer.email, "role": "operator"}
    assert officer.send("POST", f"/facilities/{place.slug}/staff", new).status_code == 201
    (member,) = officer.send("GET", f"/facilities/{place.id}/staff").json()["items"]
    assert (member["email"], member["role"]) == (newcomer.email, "operator")
    codes(officer.send("GET", "/facilities/nowhere/staff"), 404)
    wrong = new | {"role": "member"}
    assert codes(officer.send("POST", f"/facilities/{place.slug}/staff", wrong), 422) == {
        "role_place"
    }
