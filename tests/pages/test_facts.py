"""Facts by forms: an officer verifies them by evidence; who declared them sees how far they are."""

import re
from datetime import date

import pytest

from booking.db import Database
from booking.engine.permissions import Role
from booking.models import Organisation
from tests.builders import a_facility, a_fact, a_person, a_role, an_organisation
from tests.pages.furniture import LOWER_INCOMES, STARTUPS, a_policy
from tests.pages.visitor import Visitor, a_browser_of, text_of


@pytest.fixture
def organisation(database: Database) -> Organisation:
    with database.writing() as session:
        row = an_organisation(session, name="Blue Drop", country="KE")
        a_fact(session, row.id, "country", "KE", date(2020, 1, 1))
        a_policy(session, a_facility(session, slug="lab").id, LOWER_INCOMES, STARTUPS)
        return row


def as_one(visitor: Visitor, database: Database, role: Role, row: Organisation) -> Visitor:
    with database.writing() as session:
        person = a_person(session, name="Asha Otieno")
        whose = {} if role is Role.OFFICER else {"organisation_id": row.id}
        a_role(session, person.id, role, **whose)
        return visitor.signed_in(a_browser_of(session, person))


def test_officer__verifies_by_evidence__and_takes_it_back(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    as_one(visitor, database, Role.OFFICER, organisation)
    assert 'href="/manage/facts"' in visitor.get("/manage").text
    page = visitor.get("/manage/facts").text
    found = re.search(r'action="(/manage/facts/[^"]+/verify)"', page)
    assert found is not None
    refused = visitor.send(found[1], verified_until="2027-01-01")
    assert refused.status_code == 422
    assert "Say what you looked at" in refused.text
    past = visitor.send(found[1], evidence="Register", verified_until="2026-11-22")
    assert past.status_code == 422
    assert 'value="Register"' in past.text
    done = visitor.send(found[1], evidence="Register", verified_until="2026-12-31")
    assert done.headers["location"] == "/manage/facts"
    waiting = text_of(visitor.get("/manage/facts?state=expiring"))
    assert "31 Dec" in waiting
    assert "ends soon" in waiting
    assert "Looked at: Register" in waiting
    assert "None." in text_of(visitor.get("/manage/facts?state=unverified"))
    assert visitor.send(found[1].replace("/verify", "/take-back")).status_code == 303
    assert "Blue Drop" in text_of(visitor.get("/manage/facts?state=unverified"))


def test_officer__of_the_organisation__is_told_that_another_verifies(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    as_one(visitor, database, Role.OFFICER, organisation)
    found = re.search(r'action="(/manage/facts/[^"]+/verify)"', visitor.get("/manage/facts").text)
    assert found is not None
    with database.writing() as session:
        person = a_person(session)
        a_role(session, person.id, Role.OFFICER)
        a_role(session, person.id, Role.MEMBER, organisation_id=organisation.id)
        visitor.signed_in(a_browser_of(session, person))
    page = visitor.get("/manage/facts")
    assert "ask another officer" in text_of(page)
    assert found[1] not in page.text
    refused = visitor.send(found[1], evidence="Register", verified_until="2026-12-31")
    assert refused.status_code == 409
    assert "so somebody else has to verify it" in text_of(refused)


def owning(other: Organisation) -> list[dict[str, object]]:
    return [{"name": other.name, "percent": 60, "side": "owned", "organisation": str(other.id)}]


def test_officer__ties_in_a_circle__sees_the_path_and_cannot_verify_both(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    with database.writing() as session:
        other = an_organisation(session, name="Acacia")
        a_fact(session, other.id, "related", owning(organisation), date(2020, 1, 1))
        a_fact(session, organisation.id, "related", owning(other), date(2020, 1, 1))
    as_one(visitor, database, Role.OFFICER, organisation)
    page = visitor.get("/manage/facts")
    assert "Control goes in a circle" in text_of(page)
    assert "Acacia, Blue Drop and back to Acacia" in text_of(page)
    (first, second) = re.findall(
        rf'action="(/manage/facts/(?:{other.id}|{organisation.id})/[^"]+/verify)"', page.text
    )[::2]
    assert visitor.send(first, evidence="Register").status_code == 303
    refused = visitor.send(second, evidence="Register")
    assert refused.status_code == 409
    assert "Blue Drop, Acacia and back to Blue Drop" in text_of(refused)


def test_officers_page__others__not_permitted(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    assert visitor.get("/manage/facts").status_code == 303
    as_one(visitor, database, Role.ORGANISATION_ADMIN, organisation)
    assert visitor.get("/manage/facts").status_code == 403


def test_groups__on_a_day_and_at_a_facility__with_rule_facts_and_sources(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    as_one(visitor, database, Role.MEMBER, organisation)
    path = f"/organisations/{organisation.id}/groups"
    words = text_of(visitor.get(f"{path}?facility=lab&on=2026-11-23"))
    for each in (
        "Lower incomes part of it not verified",
        "Kenya is lower middle from",
        "Startups not decided",
        "give the date on which it was founded",
        "Declare what is missing",
        "Source: income group (World Bank), lists of 2026-11.",
    ):
        assert each in words
    assert visitor.get(path).status_code == 200


def test_groups__day_or_facility_wrong__is_told_at_its_field(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    as_one(visitor, database, Role.MEMBER, organisation)
    path = f"/organisations/{organisation.id}/groups"
    for query, status, field in (
        ("on=2026-02-30", 422, "on-error"),
        ("on=1999-01-01", 422, "on-error"),
        ("facility=nowhere", 404, "nowhere"),
    ):
        refused = visitor.get(f"{path}?{query}")
        assert refused.status_code == status, query
        assert field in refused.text, query
    with database.writing() as session:
        other = an_organisation(session)
    assert visitor.get(f"/organisations/{other.id}/groups").status_code == 403


def test_declare__ties_kind_and_more__are_read_and_shown(
    visitor: Visitor, database: Database, organisation: Organisation
) -> None:
    as_one(visitor, database, Role.ORGANISATION_ADMIN, organisation)
    path = f"/account/organisations/{organisation.id}"
    for name, value in (
        ("related", "Sample Ltd 30 %\n2025: staff 40"),
        ("kind", "Public body"),
        ("attributes", "campuses: 3\nopen to all: yes"),
    ):
        made = visitor.send(f"{path}/facts", name=name, value=value, as_of="2025-12-31")
        assert made.status_code == 303, name
    words = text_of(visitor.get(path))
    for each in ("Sample Ltd 30 %", "2025: staff 40", "Public body", "open to all: yes"):
        assert each in words
    assert "A fact may well end your part in a group" in words
    for name, value, said in (
        ("related", "Blue drop 60 %", "cannot be its own partner or owner"),
        ("related", "A 130 %", "0 to 100"),
        ("related", "A 30 %\n2031: staff 4", "to 2026"),
        ("related", "A 30 %\n2025: staff 4\n2025: staff 5", "Give 2025 once"),
        ("kind", "castle", "Give one of"),
        ("attributes", "campuses", "one fact a line"),
    ):
        refused = visitor.send(f"{path}/facts", name=name, value=value, as_of="2025-12-31")
        assert refused.status_code == 422, value
        assert 'id="value-error"' in refused.text, value
        assert said in text_of(refused), value
