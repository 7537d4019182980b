"""A person's account by forms: profile, organisations, projects, keys, and its end."""

import re
from datetime import date

from booking.db import Database
from booking.engine.permissions import Role
from booking.models import Person
from tests.builders import (
    a_booking,
    a_facility,
    a_fact,
    a_person,
    a_project,
    a_resource,
    a_role,
    an_organisation,
)
from tests.pages.furniture import LOWER_INCOMES, a_policy, terms
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import at


def _arrived(visitor: Visitor, database: Database) -> Person:
    with database.writing() as session:
        person = a_person(session, name="Asha Otieno", email="asha@example.org")
        visitor.signed_in(a_browser_of(session, person))
    return person


def test_profile__changed__saved(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    fields = {"name": "A. Otieno", "orcid": "0000-0002-1825-0097", "locale": "en"}
    assert visitor.send("/account", zone="Africa/Nairobi", **fields).status_code == 303
    page = visitor.get("/account").text
    assert "Your profile is saved." in page
    assert 'value="A. Otieno"' in page
    assert '<option value="Africa/Nairobi" selected>' in page


def test_profile__wrong_digit__keeps_what_was_typed(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    refused = visitor.send(
        "/account", name="Somebody", orcid="0000-0002-1825-0098", zone="UTC", locale="en"
    )
    assert refused.status_code == 422
    assert 'id="orcid-error"' in refused.text
    assert 'value="Somebody"' in refused.text
    assert 'value="0000-0002-1825-0098"' in refused.text


def test_from_nothing_to_a_project(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    assert "None yet" in visitor.get("/account").text
    made = visitor.send(
        "/account/organisations/new", name="Blue Drop", country="KE", kind="startup"
    )
    assert "Startup, Kenya" in text_of(visitor.get(made.headers["location"]))
    chosen = re.search(r'<option value="([^"]+)"', visitor.get("/account/projects/new").text)
    assert chosen is not None
    made = visitor.send("/account/projects/new", name="Membranes", organisation_id=chosen[1])
    page = text_of(visitor.get(made.headers["location"]))
    assert "Membranes is created. You lead it." in page
    assert "Asha Otieno asha@example.org leads it" in page


def test_organisation__fields_missing__named_and_kept(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    for field, fields in (
        ("kind", {"name": "Blue Drop", "country": "KE", "kind": "castle"}),
        ("kind", {"name": "Blue Drop", "country": "KE"}),
        ("country", {"name": "Blue Drop", "country": "XX", "kind": "sme"}),
        ("ror_id", {"name": "Blue Drop", "country": "KE", "kind": "sme", "ror_id": "x"}),
    ):
        refused = visitor.send("/account/organisations/new", **fields)
        assert refused.status_code == 422, fields
        assert f'id="{field}-error"' in refused.text, fields
        assert 'value="Blue Drop"' in refused.text, fields


def test_declare__a_fact__joins_the_working(visitor: Visitor, database: Database) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        organisation = an_organisation(session)
        a_role(session, person.id, Role.ORGANISATION_ADMIN, organisation_id=organisation.id)
        a_fact(session, organisation.id, "related", [], date(2025, 12, 31))
        a_policy(session, a_facility(session).id, LOWER_INCOMES)
    path = f"/account/organisations/{organisation.id}"
    assert "Lower incomes part of it" in text_of(visitor.get(path))
    declared = visitor.send(f"{path}/facts", name="staff", value="1 250", as_of="2025-12-31")
    assert declared.headers["location"] == path
    assert "1\u202f250" in visitor.get(path).text


def test_declare__cannot_be_read__names_the_field(visitor: Visitor, database: Database) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        organisation = an_organisation(session)
        a_role(session, person.id, Role.ORGANISATION_ADMIN, organisation_id=organisation.id)
    path = f"/account/organisations/{organisation.id}"
    for field, typed in (
        ("value", {"name": "staff", "value": "many", "as_of": "2025-12-31"}),
        ("value", {"name": "founded_on", "value": "lately", "as_of": "2025-12-31"}),
        ("value", {"name": "country", "value": "Atlantis", "as_of": "2025-12-31"}),
        ("value", {"name": "related", "value": "Sample Ltd", "as_of": "2025-12-31"}),
        ("as_of", {"name": "staff", "value": "12", "as_of": "2099-12-31"}),
        ("as_of", {"name": "staff", "value": "12", "as_of": ""}),
        ("name", {"name": "shoe size", "value": "12", "as_of": "2025-12-31"}),
    ):
        refused = visitor.send(f"{path}/facts", **typed)
        assert refused.status_code in {409, 422}, typed
        assert f'id="{field}-error"' in refused.text, typed


def test_organisation__of_others__not_permitted(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    with database.writing() as session:
        theirs = an_organisation(session)
    assert visitor.get(f"/account/organisations/{theirs.id}").status_code == 403


def test_project__members__added_led_and_removed(visitor: Visitor, database: Database) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        project = a_project(session, person)
        other = a_person(session, name="Grace Ndlovu", email="grace@example.org")
    path = f"/account/projects/{project.id}"
    refused = visitor.send(f"{path}/members", email="nobody@example.org")
    assert refused.status_code == 404
    assert 'value="nobody@example.org"' in refused.text
    assert visitor.send(f"{path}/members", email="grace@example.org").status_code == 303
    assert visitor.send(f"{path}/members/{other.id}/lead").status_code == 303
    assert "Grace Ndlovu grace@example.org leads it" in text_of(visitor.get(path))
    assert visitor.send(f"{path}/members/{other.id}/remove").status_code == 409
    left = visitor.send(f"{path}/members/{person.id}/remove")
    assert left.headers["location"] == "/account"


def test_token__created__shown_once_and_works(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    made = visitor.send("/account/tokens", name="nightly", scope="read", days=30)
    token = re.search(r'id="token" value="([^"]+)"', made.text)
    assert token is not None
    page = visitor.get("/account/tokens").text
    assert "nightly" in page
    assert token[1] not in page
    revoke = re.search(r'action="(/account/tokens/[^"]+/revoke)"', page)
    assert revoke is not None
    assert visitor.send(revoke[1]).status_code == 303
    assert "You have none." in visitor.get("/account/tokens").text


def test_feed__created__read_by_its_address_until_revoked(
    visitor: Visitor, database: Database
) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        project = a_project(session, person, name="Membranes")
        theirs = a_project(session)
    made = visitor.send("/account/calendars", shows=f"project:{project.id}", name="phone")
    address = re.search(r'id="url" value="https://benchshare.example([^"]+)"', made.text)
    assert address is not None, text_of(made)
    assert visitor.get(address[1]).status_code == 200
    page = visitor.get("/account/calendars").text
    assert "project Membranes" in page
    revoke = re.search(r'action="(/account/calendars/[^"]+/revoke)"', page)
    assert revoke is not None
    assert visitor.send(revoke[1]).status_code == 303
    assert visitor.get(address[1]).status_code == 404
    for shows, status in (
        (f"project:{theirs.id}", 403),
        ("project:", 422),
        ("moon", 422),
    ):
        refused = visitor.send("/account/calendars", shows=shows, name="phone")
        assert refused.status_code == status, shows
        assert 'value="phone"' in refused.text, shows


def test_export__holds_the_profile_as_a_file(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    answer = visitor.get("/account/export")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.json()["profile"]["email"] == "asha@example.org"


def test_delete__bookings_to_come__says_what_to_settle_first(
    visitor: Visitor, database: Database
) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        a_booking(session, a_resource(session), a_project(session, person), at(0), at(60))
    refused = visitor.send("/account/delete")
    assert refused.status_code == 409
    assert "Cancel the bookings to come first" in refused.text


def test_delete__nothing_open__signed_out_for_good(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    assert "Delete your account?" in visitor.get("/account/delete").text
    assert visitor.send("/account/delete").headers["location"] == "/"
    assert visitor.get("/account").status_code == 303


def test_terms__read_and_accepted__for_a_project(visitor: Visitor, database: Database) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        place = a_facility(session, slug="lab")
        found = a_resource(session, place.id)
        terms(session, place.id)
        project = a_project(session, person, name="Membranes")
    wish = {"project_id": project.id, "day": "2026-11-24", "start": "12:00", "minutes": 60}
    refused = visitor.send(f"/resources/{found.id}/book", **wish)
    assert refused.status_code == 409
    assert "/facilities/lab/terms" in refused.text
    assert "<strong>kind</strong>" in visitor.get("/facilities/lab/terms").text
    path = f"/resources/{found.id}"
    stale = visitor.send("/facilities/lab/terms", project_id=project.id, number=7)
    assert stale.status_code == 409
    accepted = visitor.send("/facilities/lab/terms", project_id=project.id, number=1, next=path)
    assert accepted.headers["location"] == path
    assert visitor.send(f"/resources/{found.id}/book", **wish).status_code == 303


def test_preferences__chosen__are_saved_and_shown(visitor: Visitor, database: Database) -> None:
    _arrived(visitor, database)
    sent = visitor.send("/account/preferences", calendar_mail="digest", alarm_minutes="15")
    assert sent.status_code == 303
    page = visitor.get("/account").text
    assert '<option value="digest" selected>' in page
    assert '<option value="15" selected>' in page
    visitor.send("/account/preferences", calendar_mail="feed", alarm_minutes="never")
    assert '<option value="never" selected>' in visitor.get("/account").text


def test_preferences__no_such_choice__is_said_at_its_field(
    visitor: Visitor, database: Database
) -> None:
    _arrived(visitor, database)
    for fields in ({"calendar_mail": "pigeon"}, {"alarm_minutes": "-1"}):
        refused = visitor.send("/account/preferences", **fields)
        assert refused.status_code == 422
        assert f'id="{next(iter(fields))}-error"' in refused.text
        assert 'value="Asha Otieno"' in refused.text
