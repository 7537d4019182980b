"""Facts over REST: evidence with a last day, what waits for an officer, groups and why."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.db import Database
from booking.engine.permissions import Role
from booking.models import Organisation
from tests.api.rest.test_people import Caller, codes, founded
from tests.builders import a_facility, a_fact, a_person, a_role, a_token, an_organisation
from tests.pages.furniture import LOWER_INCOMES, STARTUPS, a_policy

END = "2025-12-31"


@pytest.fixture
def person(client: TestClient, database: Database) -> Caller:
    with database.writing() as session:
        return Caller(client, a_token(session, a_person(session)))


@pytest.fixture
def officer(client: TestClient, database: Database) -> Caller:
    with database.writing() as session:
        somebody = a_person(session)
        a_role(session, somebody.id, Role.OFFICER)
        return Caller(client, a_token(session, somebody))


def declared(person: Caller, name: str, value: Any, as_of: str = END) -> tuple[str, dict[str, Any]]:
    facts = f"/organisations/{founded(person)}/facts"
    made = person.send("POST", facts, {"name": name, "value": value, "as_of": as_of})
    assert made.status_code == 201, made.text
    return f"{facts}/{made.json()['id']}/verify", made.json()


def test_verify__evidence_and_last_day__are_shown_to_who_declared(
    person: Caller, officer: Caller
) -> None:
    verify, fact = declared(person, "staff", 9)
    assert (fact["verification"], fact["evidence"]) == ("unverified", "")
    body = {"evidence": "Annual accounts", "verified_until": "2026-12-31"}
    seen = officer.send("POST", verify, body).json()
    assert (seen["verification"], seen["verified_until"]) == ("expiring", "2026-12-31")
    stale = officer.send("POST", verify, body | {"declared_at": "2026-11-22T09:00:00Z"})
    assert stale.status_code == 412
    same = officer.send("POST", verify, body | {"declared_at": fact["declared_at"]})
    assert same.status_code == 200
    past = officer.send("POST", verify, body | {"verified_until": "2026-11-22"})
    assert codes(past, 422) == {"verified_until"}
    listed = person.send("GET", verify.rsplit("/", 2)[0]).json()["items"]
    assert {"Annual accounts", ""} == {each["evidence"] for each in listed}


def test_verify__by_an_officer_of_the_organisation__is_a_conflict(
    client: TestClient, database: Database, person: Caller
) -> None:
    verify, _ = declared(person, "staff", 9)
    with database.writing() as session:
        both = a_person(session)
        a_role(session, both.id, Role.OFFICER)
        a_role(session, both.id, Role.MEMBER, organisation_id=UUID(verify.split("/")[2]))
        officer = Caller(client, a_token(session, both))
    refused = officer.send("POST", verify, {"evidence": "Annual accounts"})
    assert codes(refused, 409) == {"conflict_of_interest"}
    assert "ask another officer" in refused.json()["detail"]


def test_facts__ties_in_a_circle__are_listed_with_it_and_not_both_verified(
    officer: Caller, database: Database
) -> None:
    with database.writing() as session:
        pair = [an_organisation(session, name=each) for each in ("Acacia", "Baobab")]
        for row, other in (pair, pair[::-1]):
            tie = {"name": "It", "percent": 60, "side": "owned", "organisation": str(other.id)}
            a_fact(session, row.id, "related", [tie], date(2020, 1, 1))
        a_fact(session, pair[0].id, "staff", 9, date(2025, 12, 31))
    waiting = officer.send("GET", "/facts").json()["items"]
    assert {each["name"]: each["circle"] for each in waiting if each["name"] == "staff"} == {
        "staff": None
    }
    ties = [each for each in waiting if each["name"] == "related"]
    assert [each["circle"] for each in ties] == [
        ["Acacia", "Baobab", "Acacia"],
        ["Baobab", "Acacia", "Baobab"],
    ]
    paths = [f"/organisations/{each['organisation_id']}/facts/{each['id']}/verify" for each in ties]
    assert officer.send("POST", paths[0], {"evidence": "Register"}).status_code == 200
    refused = officer.send("POST", paths[1], {"evidence": "Register"})
    assert codes(refused, 409) == {"cyclic_ownership"}


def test_facts__what_waits__is_for_officers(person: Caller, officer: Caller) -> None:
    declared(person, "staff", 9)
    codes(person.send("GET", "/facts"), 403)
    waiting = officer.send("GET", "/facts?state=unverified").json()["items"]
    assert {each["name"] for each in waiting} == {"country", "kind", "staff"}
    assert {each["organisation_name"] for each in waiting} == {"Kilimo Labs"}
    assert officer.send("GET", "/facts?state=expiring").json()["items"] == []
    codes(officer.send("GET", "/facts?state=odd"), 422)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ([{"name": "A", "percent": 130}], "/value/0/percent"),
        ([{"name": "kilimo labs", "percent": 30}], "/value/0/name"),
        ([{"name": "A", "percent": 30, "figures": [{"year": 2031}]}], "/value/0/figures/0/year"),
    ],
)
def test_declare__fault_in_a_tie__is_at_its_member(
    person: Caller, value: Any, pointer: str
) -> None:
    facts = f"/organisations/{founded(person)}/facts"
    refused = person.send("POST", facts, {"name": "related", "value": value, "as_of": END})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert {each["name"] for each in person.send("GET", facts).json()["items"]} == {
        "country",
        "kind",
    }


def a_medium_one(session: Session) -> Organisation:
    row = an_organisation(session, country="NP")
    a_fact(session, row.id, "country", "NP", date(2020, 1, 1))
    for year in (2024, 2025):
        for name, value in (("staff", 180), ("turnover_eur", 41_000_000)):
            a_fact(session, row.id, name, value, date(year, 12, 31))
    a_fact(session, row.id, "public_control_percent", 0, date(2024, 1, 1))
    a_fact(session, row.id, "related", [], date(2024, 1, 1))
    return row


def test_groups__of_a_facility_on_a_day__show_the_working_line_by_line(
    officer: Caller, database: Database
) -> None:
    sme = {"key": "sme", "name": "SME", "rule": {"kind": "sme"}}
    scheme = {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]}
    with database.writing() as session:
        row = a_medium_one(session)
        a_policy(
            session,
            a_facility(session, slug="lab").id,
            sme,
            {"key": "ldc", "name": "LDC", "rule": scheme},
            STARTUPS,
        )
        a_policy(session, a_facility(session).id, LOWER_INCOMES)
    path = f"/organisations/{row.id}/groups"
    found = officer.send("GET", f"{path}?facility=lab&on=2026-11-23").json()
    (lab,) = found["facilities"]
    medium, ldc, startup = lab["groups"]
    assert medium["working"] == [
        "medium: 180 staff < 250 and turnover 41 M EUR <= 50 M EUR in 2024, 2025"
    ]
    assert (medium["member"], medium["decided"], medium["verified"]) == (True, True, False)
    assert "2003/361/EC" in medium["sources"][0]
    assert len(medium["facts"]) == 6
    assert ldc["member"]
    assert ldc["sources"] == ["least developed countries (UN), lists of 2026-11"]
    assert (startup["member"], startup["decided"]) == (False, True)
    assert "age: give the date on which it was founded" in startup["working"]
    later = officer.send("GET", f"{path}?facility=lab&on=2026-11-25").json()
    assert "Nepal left on 2026-11-24" in later["facilities"][0]["groups"][1]["working"][0]
    assert len(officer.send("GET", path).json()["facilities"]) == 2


def test_groups__no_such_facility_or_day__is_told(officer: Caller, database: Database) -> None:
    with database.writing() as session:
        row = an_organisation(session)
        a_facility(session, slug="bare")
    path = f"/organisations/{row.id}/groups"
    codes(officer.send("GET", f"{path}?facility=nowhere"), 404)
    codes(officer.send("GET", f"{path}?facility=bare"), 404)
    assert codes(officer.send("GET", f"{path}?on=2004-12-31"), 422) == {"day_out_of_range"}
    assert officer.send("GET", f"{path}?on=2005-01-01").status_code == 200
    codes(officer.send("GET", f"{path}?on=2026-02-30"), 422)
