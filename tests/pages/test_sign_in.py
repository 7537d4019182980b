"""Signing in by a link, and out again."""

import pytest

from api.auth import COOKIE, csrf_token
from api.pages.sign_in import local_path
from booking.db import Database
from booking.services.sign_in import make_link
from tests.builders import NOW, a_person
from tests.pages.visitor import Visitor, a_browser_of, text_of


def _link(visitor: Visitor, database: Database) -> str:
    with database.writing() as session:
        person = a_person(session, name="Asha Otieno")
        return make_link(
            session,
            person_id=person.id,
            now=NOW,
            secret_key=visitor.app.state.settings.secret_key,
        )


def test_ask_for_a_link__known_or_not__answers_the_same(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        a_person(session, email="known@example.org")
    answers = [visitor.send("/sign-in", email=f"{who}@example.org") for who in ("known", "unheard")]
    assert [each.status_code for each in answers] == [200, 200]
    known, unheard = (text_of(each) for each in answers)
    assert known.replace("known@", "") == unheard.replace("unheard@", "")


def test_ask_for_a_link__no_address__keeps_what_was_typed(visitor: Visitor) -> None:
    answer = visitor.send("/sign-in", email="not an address", next="/bookings")
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert 'id="email-error"' in answer.text
    assert 'name="next" value="/bookings"' in answer.text


def test_ask_for_a_link__again_and_again__told_to_wait(visitor: Visitor) -> None:
    answers = [visitor.send("/sign-in", email="asha@example.org") for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_ask_for_a_link__form_without_its_token__refused(visitor: Visitor) -> None:
    answer = visitor.client.post("/sign-in", data={"email": "asha@example.org"})
    assert answer.status_code == 403
    assert "This form is too old" in answer.text


def test_ask_for_a_link__form_of_another_site__refused(visitor: Visitor) -> None:
    token = csrf_token(visitor.app.state.settings, "")
    answer = visitor.client.post(
        "/sign-in",
        data={"csrf": token, "email": "asha@example.org"},
        headers={"origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403


def test_open_a_link__looked_at_first__still_works_once(
    visitor: Visitor, database: Database
) -> None:
    token = _link(visitor, database)
    for _ in range(2):
        assert "<button>Sign in</button>" in visitor.get(f"/sign-in/{token}").text
    opened = visitor.send(f"/sign-in/{token}")
    assert (opened.status_code, opened.headers["location"]) == (303, "/bookings")
    assert "Asha Otieno" in visitor.get("/account").text
    visitor.client.cookies.clear()
    assert visitor.send(f"/sign-in/{token}").status_code == 403


def test_open_a_link__page_was_wanted_before__leads_there(
    visitor: Visitor, database: Database
) -> None:
    token = _link(visitor, database)
    visitor.send("/sign-in", email="asha@example.org", next="/account/tokens")
    assert visitor.send(f"/sign-in/{token}").headers["location"] == "/account/tokens"


def test_sign_out__ends_the_session(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        cookie = a_browser_of(session, a_person(session))
    visitor.signed_in(cookie)
    assert visitor.send("/sign-out").headers["location"] == "/"
    visitor.client.cookies.set(COOKIE, cookie)
    assert visitor.get("/account").headers["location"] == "/sign-in?next=/account"


@pytest.mark.parametrize(
    "path",
    ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a\\b", "/sign-in", "/\t/x"],
)
def test_local_path__leads_elsewhere__takes_the_bookings(path: str) -> None:
    assert local_path(path) == "/bookings"


def test_local_path__of_this_site__stays() -> None:
    assert local_path("/resources/1?week=2026-11-23") == "/resources/1?week=2026-11-23"
