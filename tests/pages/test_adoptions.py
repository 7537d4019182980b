"""A manager asks on a request's board page whether a declaration did harm."""

import pytest
from sqlmodel import select

from booking.db import Database
from booking.models import RoundResult
from tests.calculating import calculated
from tests.pages.test_appeals import LDC
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import a_policy
from tests.services.test_adoptions import an_allocated_round, inexact


@pytest.mark.only_on("sqlite")
def test_adopt__asked_on_the_board__says_why_nothing_is_adopted(
    database: Database, visitor: Visitor
) -> None:
    with database.writing() as session:
        policy = a_policy(groups=(LDC,))
        scene, (_, second), _ = an_allocated_round(session, 900, 400, policy=policy)
        cookie = a_browser_of(session, scene.manager)
    page = f"/manage/rounds/spring/requests/{second.id}"
    browser = visitor.signed_in(cookie)
    assert "Solve again without Least developed countries" in browser.get(page).text
    refused = browser.send(f"{page}/adoptions", group="ldc")
    assert refused.status_code == 409
    assert "proved the best possible where the request asks" in refused.text
    with database.writing() as session:
        inexact(session)
    assert browser.send(f"{page}/adoptions", group="ldc").status_code == 303
    assert "being solved" in text_of(browser.get(page))
    assert calculated(database) == 1
    assert "would have had no place either" in text_of(browser.get(page))
    with database.reading() as session:
        assert len(session.exec(select(RoundResult)).all()) == 1
