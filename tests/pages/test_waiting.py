"""Waiting by forms: join, leave, see the line; answer an offer, signed in or by its link."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import OfferState, WaitlistState
from booking.models import Booking, Offer, Project, WaitlistEntry
from booking.services.booking_changes import cancel
from booking.services.offer_links import offer_token
from booking.services.offering import offer_freed
from tests.builders import NOW, a_booking, a_person, a_project, an_entry
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import DOMAIN, Scene, a_scene, at


class Place:
    """A taken hour, the member and the manager of the scene, and one more who waits."""

    def __init__(self, database: Database, visitor: Visitor) -> None:
        self.database, self.visitor = database, visitor
        with database.writing() as session:
            self.scene: Scene = a_scene(session)
            project = a_project(session)
            self.taken = a_booking(session, self.scene.resource, project, at(0), at(60))
            stranger = a_person(session, name="Somebody Else")
            self.other: Project = a_project(session, stranger, name="Quiet Project")
            self.cookies = {
                "member": a_browser_of(session, self.scene.member),
                "manager": a_browser_of(session, self.scene.manager),
            }

    def by(self, who: str = "member") -> Visitor:
        return self.visitor.signed_in(self.cookies[who])

    def form(self, **given: Any) -> dict[str, Any]:
        return {
            "resource": self.scene.resource.id,
            "project_id": self.scene.project.id,
            "from_day": "2026-11-24",
            "from_time": "12:00",
            "until_day": "2026-11-24",
            "until_time": "13:00",
        } | given

    def waits(self, project: Project | None = None, **given: Any) -> WaitlistEntry:
        with self.database.writing() as session:
            whose = project or self.scene.project
            return an_entry(session, self.scene.resource, whose, at(0), at(60), **given)

    def offered(self) -> Offer:
        self.waits(title="Run 7")
        with self.database.writing() as session:
            cancel(session, actor=SYSTEM, now=NOW, booking_id=self.taken.id)
            session.flush()
            offer_freed(session, now=NOW, domain=DOMAIN)
        return self.offer()

    def offer(self) -> Offer:
        with self.database.reading() as session:
            return session.exec(select(Offer).order_by(col(Offer.id))).one()

    def entry(self) -> WaitlistEntry:
        with self.database.reading() as session:
            return session.exec(select(WaitlistEntry)).one()

    def link(self, answer: str = "accept") -> str:
        offer = self.offer()
        token = offer_token(self.visitor.app.state.settings.secret_key, offer.id)
        return f"/offers/{offer.id}/{answer}/{token}"


@pytest.fixture
def place(database: Database, visitor: Visitor, app: FastAPI) -> Place:
    del app
    return Place(database, visitor)


def test_join__taken_time__waits_and_is_listed_with_its_place(place: Place) -> None:
    wish = {"from": at(0).isoformat(), "until": at(60).isoformat()}
    asked = urlencode({"resource": place.scene.resource.id, **wish})
    form = place.by().get(f"/waiting-list/new?{asked}")
    assert form.status_code == 200
    assert 'name="from_time" type="time" value="12:00"' in form.text
    assert '<option value="60" selected>' in form.text

    done = place.by().send("/waiting-list/new", **place.form(title="Run 7"))

    assert (done.status_code, done.headers["location"]) == (303, "/waiting-list")
    assert (place.entry().earliest_at, place.entry().latest_at) == (at(0), at(60))
    words = text_of(place.by().get("/waiting-list"))
    assert "Run 7" in words
    assert "Number 1 in the line" in words


def test_join__free_time__keeps_what_was_typed_and_offers_it(place: Place) -> None:
    refused = place.by().send(
        "/waiting-list/new", **place.form(until_time="15:00", minutes=60, title="Run 7")
    )
    assert refused.status_code == 409
    assert 'value="Run 7"' in refused.text
    assert "is free, so there is no need to wait" in refused.text
    assert f'action="/resources/{place.scene.resource.id}/book"' in refused.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"from_day": ""}, "Choose a day."),
        ({"until_time": "noon"}, "Write a time of day"),
        ({"project_id": ""}, "Choose the project you wait for."),
    ],
)
def test_join__malformed__says_so_at_the_field(
    place: Place, given: dict[str, Any], words: str
) -> None:
    refused = place.by().send("/waiting-list/new", **place.form(**given))
    assert refused.status_code == 422
    assert words in refused.text


def test_join__without_the_forms_token__is_refused(place: Place) -> None:
    place.by()
    answer = place.visitor.client.post(
        "/waiting-list/new", data={"csrf": "x"}, follow_redirects=False
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/waiting-list", "/waiting-list/new?resource=x"])
def test_pages__signed_out__lead_to_sign_in(place: Place, path: str) -> None:
    answer = place.visitor.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def test_leave__entry__is_no_longer_waiting(place: Place) -> None:
    entry = place.waits()
    done = place.by().send(f"/waiting-list/{entry.id}/leave")
    assert done.status_code == 303
    assert place.entry().state is WaitlistState.WITHDRAWN
    again = place.by().send(f"/waiting-list/{entry.id}/leave")
    assert again.status_code == 409
    assert "You wait for nothing" in text_of(again)


def test_line__applicant__sees_no_other_names(place: Place) -> None:
    place.waits()
    place.waits(place.other, entered_at=NOW - timedelta(hours=1))
    path = f"/resources/{place.scene.resource.id}/waiting-list"

    mine = text_of(place.by().get(path))
    assert "another project" in mine
    assert "Sample Project" in mine
    assert "Quiet Project" not in mine
    assert "Somebody Else" not in mine

    all_of_it = text_of(place.by("manager").get(path))
    assert "Quiet Project" in all_of_it
    assert "Somebody Else" in all_of_it


def test_offer__page__says_how_long_and_why(place: Place) -> None:
    offer = place.offered()
    listed = place.by().get("/waiting-list")
    assert f"/offers/{offer.id}" in listed.text

    words = text_of(place.by().get(f"/offers/{offer.id}"))

    assert "12 h left to answer" in words
    assert "Nobody else was waiting for this time." in words
    assert "Take it" in words


def test_offer__accepted__leads_to_the_booking(place: Place) -> None:
    offer = place.offered()
    done = place.by().send(f"/offers/{offer.id}/accept")
    assert done.headers["location"] == f"/bookings/{offer.booking_id}"
    assert place.offer().state is OfferState.ACCEPTED
    again = place.by().send(f"/offers/{offer.id}/decline")
    assert again.status_code == 409
    assert "nothing left to answer" in text_of(again)


def test_offer__declined__leads_to_the_list(place: Place) -> None:
    offer = place.offered()
    done = place.by().send(f"/offers/{offer.id}/decline")
    assert done.headers["location"] == "/waiting-list"
    assert place.offer().state is OfferState.DECLINED


@pytest.mark.parametrize(
    ("answer", "state"),
    [("accept", OfferState.ACCEPTED), ("decline", OfferState.DECLINED)],
)
def test_link__opened_by_nobody_signed_in__shows_a_button_that_answers(
    place: Place, answer: str, state: OfferState
) -> None:
    place.offered()
    link = place.link(answer)

    shown = place.visitor.get(link)
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "same-origin"
    assert place.offer().state is OfferState.MADE

    done = place.visitor.send(link)
    assert (done.status_code, done.headers["location"]) == (303, link)
    assert place.offer().state is state
    after = place.visitor.get(link)
    assert after.status_code == 200
    assert "<button" not in after.text


def test_link__changed_by_a_letter__answers_nothing(place: Place) -> None:
    place.offered()
    link = place.link()
    wrong = link[:-1] + ("x" if link[-1] != "x" else "y")
    assert place.visitor.get(wrong).status_code == 403
    assert place.visitor.send(wrong).status_code == 403
    assert place.offer().state is OfferState.MADE


def test_link__of_another_offer__answers_nothing(place: Place) -> None:
    place.offered()
    other = place.link().replace(str(place.offer().id), str(place.scene.project.id))
    assert place.visitor.get(other).status_code == 403


def test_link__after_the_deadline__says_that_it_ended(place: Place) -> None:
    place.offered()
    with place.database.writing() as session:
        session.merge(place.offer()).deadline_at = NOW
    refused = place.visitor.send(place.link())
    assert refused.status_code == 409
    assert "The offer ended" in text_of(refused)


def test_link__person_left_the_project__answers_nothing(place: Place) -> None:
    offer = place.offered()
    with place.database.writing() as session:
        held = session.get(Booking, offer.booking_id)
        assert held is not None
        held.person_id = place.other.principal_investigator_id
    assert place.visitor.get(place.link()).status_code == 403
