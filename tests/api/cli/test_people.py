import json
from collections.abc import Callable
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from api.__main__ import app
from booking.db import Database
from booking.engine.permissions import Role
from booking.engine.tokens import token_hash
from booking.errors import DomainError, Malformed, NotFound
from booking.queries import people
from tests.builders import NOW, a_facility, a_person

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("BENCHSHARE_DATABASE_URL", database_url)
    return lambda *words: CliRunner().invoke(app, words)


def answered(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    last: dict[str, str] = json.loads(result.output.splitlines()[-1])
    return last


def refusal(result: Result) -> DomainError:
    assert isinstance(result.exception, DomainError)
    return result.exception


def test_organisation_add__well_formed__answers_its_id(run: Run) -> None:
    words = ("organisation", "add", "Kilimo Labs", "--country", "KE", "--kind", "sme")
    assert UUID(answered(run(*words, "--json"))["id"]).version == 7
    assert "Added Kilimo Labs" in run(*words).output


def test_organisation_add__unknown_kind__is_wrong_use(run: Run) -> None:
    result = run("organisation", "add", "X", "--country", "KE", "--kind", "shop")
    assert result.exit_code == 2
    result = run("organisation", "add", "X", "--country", "ZZ", "--kind", "sme")
    assert isinstance(refusal(result), Malformed)


def test_user_add__again__adds_the_role(run: Run, database: Database) -> None:
    with database.writing() as session:
        slug = a_facility(session).slug
    answer = answered(run("organisation", "add", "X", "--country", "KE", "--kind", "sme", "--json"))
    places = {
        "manager": ("--facility", slug),
        "organisation-admin": ("--organisation", answer["id"]),
        "auditor": (),
    }
    ids = {
        answered(run("user", "add", "a@example.org", "--role", role, *place, "--json"))["id"]
        for role, place in places.items()
    }
    (person_id,) = ids
    with database.reading() as session:
        roles = {each.role for each in people.memberships_of(session, UUID(person_id))}
    assert roles == {Role.MANAGER, Role.ORGANISATION_ADMIN, Role.AUDITOR}


@pytest.mark.parametrize(
    "words",
    [
        ("--role", "boss"),
        ("--role", "manager"),
        ("--role", "member", "--facility", "x"),
        ("--role", "officer", "--facility", "x"),
        ("--role", "officer", "--organisation", "01a20824-0796-719e-9205-b825fa45daed"),
    ],
)
def test_user_add__role_without_its_place__is_wrong_use(run: Run, words: tuple[str, ...]) -> None:
    assert run("user", "add", "a@example.org", *words).exit_code == 2


def test_user_add__unknown_facility__is_refused_and_enters_nobody(
    run: Run, database: Database
) -> None:
    result = run("user", "add", "a@example.org", "--role", "manager", "--facility", "nowhere")
    assert isinstance(refusal(result), NotFound)
    with database.reading() as session:
        assert people.person_by_email(session, "a@example.org") is None


def test_user_add__mistyped_facility__names_near_ones(run: Run, database: Database) -> None:
    with database.writing() as session:
        a_facility(session, slug="light-microscopy")
        a_facility(session, slug="optics")
    words = ("user", "add", "ann@lab.example", "--role", "manager", "--facility")
    assert "Did you mean light-microscopy?" in refusal(run(*words, "ligth-microscopy")).message
    assert "Did you mean" not in refusal(run(*words, "zebra")).message


def test_token_create__unknown_address__says_how_to_add_the_person(run: Run) -> None:
    refused = refusal(run("token", "create", "ann@lab.example"))
    assert "benchshare user add ann@lab.example --role" in refused.message


def test_token_create__with_scopes__acts_as_that_person(run: Run, database: Database) -> None:
    with database.writing() as session:
        person = a_person(session)
    answer = answered(run("token", "create", person.email, "--scope", "read", "--json"))
    assert answer["expires_at"].endswith("Z")
    with database.reading() as session:
        actor = people.actor_of_token(session, token_hash(answer["token"]), now=NOW)
    assert actor is not None
    assert (actor.person_id, actor.scopes is None) == (person.id, False)
    assert isinstance(refusal(run("token", "create", person.email, "--scope", "all")), Malformed)
    assert isinstance(refusal(run("token", "create", "nobody@example.org")), NotFound)
    assert run("token", "create", person.email, "--days", "1827").exit_code == 2


def test_facility_language__shipped__is_kept_and_another_is_refused(
    run: Run, database: Database
) -> None:
    with database.writing() as session:
        slug = a_facility(session).slug
    assert answered(run("facility", "language", slug, "fr", "--json"))["locale"] == "fr"
    assert isinstance(refusal(run("facility", "language", slug, "tlh")), Malformed)
    assert isinstance(refusal(run("facility", "language", "nowhere", "fr")), NotFound)
