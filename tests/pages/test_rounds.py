"""Pages of rounds: what is refused keeps what was typed, and says why at its field."""

from datetime import time

import pytest
from sqlmodel import col, delete, select

from booking.db import Database
from booking.engine.permissions import SYSTEM, Role
from booking.models import AccessRequest, Membership, PolicyVersion, RequestedSession, TermsVersion
from booking.services.access_requests import create_request
from booking.services.rounds import close_call
from booking.services.terms import publish_terms
from tests.builders import NOW, a_person, a_role, an_organisation, opening_hours
from tests.calculating import calculated
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_round_scene, a_submitted_request, an_open_round, scored

ASK = "/rounds/spring/requests/new"


@pytest.fixture
def scene(database: Database) -> RoundScene:
    """An open round at a facility whose terms nobody has accepted."""
    with database.writing() as session:
        made = a_round_scene(session)
        publish_terms(session, actor=SYSTEM, now=NOW, facility=made.facility.slug, text="Cite us.")
        an_open_round(session, made)
        return made


@pytest.fixture
def applicant(visitor: Visitor, database: Database, scene: RoundScene) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, scene.members[0]))


def _asked(scene: RoundScene, **given: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "project": scene.projects[0].id,
        "title": "Alloys under heat",
        "sessions": 1,
        "sessions-0-hours": 4,
        "sessions-0-quantity": 1,
        "sessions-0-alternatives": 1,
        "sessions-0-alternatives-0-resource": scene.resource.id,
        "sessions-0-alternatives-0-earliest": "2027-01-04T00:00",
        "sessions-0-alternatives-0-latest": "2027-01-04T08:00",
        "sessions-0-alternatives-0-rank": 1,
        f"terms-{scene.facility.slug}": 1,
        "do": "send",
    }
    return fields | given


def _requests(database: Database) -> int:
    with database.reading() as session:
        return len(session.exec(select(AccessRequest)).all())


@pytest.mark.usefixtures("scene")
def test_ask__signed_out__leads_to_sign_in(visitor: Visitor) -> None:
    answer = visitor.get(ASK)
    assert (answer.status_code, answer.headers["location"].startswith("/sign-in")) == (303, True)


@pytest.mark.usefixtures("scene")
def test_ask__no_organisation_yet__told_to_register_one_then_a_project(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        visitor.signed_in(a_browser_of(session, a_person(session)))
    answer = visitor.get(ASK)
    assert answer.status_code == 200
    assert 'href="/account/organisations/new"' in answer.text
    assert 'href="/account/projects/new"' in answer.text
    assert "you are on none yet" in text_of(answer)


@pytest.mark.usefixtures("scene")
def test_ask__organisation_but_no_project__told_to_create_one(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        person = a_person(session)
        theirs = an_organisation(session, name="Blue Drop")
        a_role(session, person.id, Role.ORGANISATION_ADMIN, organisation_id=theirs.id)
        visitor.signed_in(a_browser_of(session, person))
    answer = visitor.get(ASK)
    assert answer.status_code == 200
    assert "Create a project of Blue Drop" in text_of(answer)
    assert 'href="/account/projects/new"' in answer.text
    assert "/account/organisations/new" not in answer.text


def test_ask__without_the_forms_own_token__refused(
    applicant: Visitor, scene: RoundScene, database: Database
) -> None:
    fields = {name: str(value) for name, value in _asked(scene).items()}
    answer = applicant.client.post(ASK, data=fields, follow_redirects=False)
    assert (answer.status_code, _requests(database)) == (403, 0)


def test_ask__all_in_order__request_is_sent(applicant: Visitor, scene: RoundScene) -> None:
    answer = applicant.send(ASK, **_asked(scene))
    assert answer.status_code == 303, text_of(answer)
    page = applicant.get(answer.headers["location"])
    assert "Alloys under heat" in text_of(page)
    assert "submitted" in text_of(page)


def test_ask__terms_not_accepted__told_at_the_terms_and_nothing_kept(
    applicant: Visitor, scene: RoundScene, database: Database
) -> None:
    answer = applicant.send(ASK, **_asked(scene) | {f"terms-{scene.facility.slug}": ""})
    assert answer.status_code == 409
    assert 'id="terms-error"' in answer.text
    assert 'value="Alloys under heat"' in answer.text
    assert _requests(database) == 0


def test_ask__window_outside_the_round__told_at_its_field(
    applicant: Visitor, scene: RoundScene
) -> None:
    early = {"sessions-0-alternatives-0-earliest": "2027-01-03T23:00"}
    answer = applicant.send(ASK, **_asked(scene, **early))
    assert answer.status_code == 409
    assert 'id="sessions-0-alternatives-0-earliest-error"' in answer.text
    assert 'value="2027-01-03T23:00"' in answer.text


def test_ask__hours_in_which_it_is_closed__told_at_the_session(
    applicant: Visitor, scene: RoundScene, database: Database
) -> None:
    with database.writing() as session:
        opening_hours(session, scene.facility.id, time(9), time(17))
    answer = applicant.send(ASK, **_asked(scene))
    assert answer.status_code == 409
    assert "there is no stretch of 4 h inside your window" in text_of(answer)
    assert "09:00 to 17:00" in text_of(answer)
    assert _requests(database) == 0


def test_ask__hours_that_are_no_number__told_at_its_field(
    applicant: Visitor, scene: RoundScene
) -> None:
    answer = applicant.send(ASK, **_asked(scene, **{"sessions-0-hours": "four"}))
    assert answer.status_code == 422
    assert 'id="sessions-0-hours-error"' in answer.text
    assert 'value="four"' in answer.text


def test_ask__one_more_alternative__form_grows_and_keeps_what_was_typed(
    applicant: Visitor, scene: RoundScene, database: Database
) -> None:
    answer = applicant.send(ASK, **_asked(scene, do="add-alternative-0"))
    assert answer.status_code == 200
    assert 'name="sessions-0-alternatives-1-resource"' in answer.text
    assert 'value="Alloys under heat"' in answer.text
    assert _requests(database) == 0


def test_ask__one_more_session_then_dropped__form_as_before(
    applicant: Visitor, scene: RoundScene
) -> None:
    grown = applicant.send(ASK, **_asked(scene, do="add-session"))
    assert "Session 2" in text_of(grown)
    shrunk = applicant.send(ASK, **_asked(scene, sessions=2, do="drop-session-1"))
    assert "Session 2" not in text_of(shrunk)


@pytest.mark.parametrize(
    "do", ["drop-session-9", "drop-alternative-0-9", "add-alternative-", "drop-session-x", "add"]
)
def test_ask__button_of_no_part__never_a_fault(
    applicant: Visitor, scene: RoundScene, do: str
) -> None:
    assert applicant.send(ASK, **_asked(scene, do=do)).status_code < 500


def test_request__of_others__not_shown(
    applicant: Visitor, scene: RoundScene, database: Database
) -> None:
    with database.writing() as session:
        made = create_request(
            session,
            actor=SYSTEM,
            now=NOW,
            round_key="spring",
            project_id=scene.projects[1].id,
            title="Theirs",
            sessions=scene.sessions(),
        )
    assert applicant.get(f"/rounds/spring/requests/{made.id}").status_code == 403


def test_request__draft_changed_and_withdrawn__goes_through_its_states(
    applicant: Visitor, scene: RoundScene, database: Database
) -> None:
    made = applicant.send(ASK, **_asked(scene, do="draft")).headers["location"]
    longer = applicant.send(made, **_asked(scene, **{"sessions-0-hours": 6}, do="send"))
    assert longer.status_code == 303, text_of(longer)
    with database.reading() as session:
        assert session.exec(select(RequestedSession.minutes)).all() == [360]
    assert applicant.send(made, do="withdraw").status_code == 303
    assert "withdrawn" in text_of(applicant.get(made))


@pytest.mark.usefixtures("scene")
def test_round__anybody__reads_rules_and_hours(visitor: Visitor) -> None:
    words = text_of(visitor.get("/rounds/spring"))
    assert "Least developed countries" in words
    assert "4.8" in words
    assert "Sample Person" not in words


@pytest.mark.usefixtures("scene")
def test_board__somebody_else__not_permitted(applicant: Visitor) -> None:
    assert applicant.get("/manage/rounds/spring").status_code == 403


def test_board__preview_with_unscored_requests__says_which(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    with database.writing() as session:
        session.exec(delete(TermsVersion))
        a_submitted_request(session, scene)
    manager = visitor.signed_in(_browser(database, scene))
    assert manager.send("/manage/rounds/spring/close-call").status_code == 303
    answer = manager.send("/manage/rounds/spring/preview")
    assert answer.status_code == 409
    assert "has no score yet" in text_of(answer)
    assert "1 submitted request still without a score" in text_of(answer)


@pytest.mark.usefixtures("scene")
def test_close_call__before_its_published_end__asked_first_and_ends_now(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    manager = visitor.signed_in(_browser(database, scene))
    assert '<form method="post" action="/manage/rounds/spring/close-call">' not in (
        manager.get("/manage/rounds/spring").text
    )
    asked = manager.get("/manage/rounds/spring/close-call")
    assert asked.status_code == 200
    assert "before that" in text_of(asked)
    assert manager.send("/manage/rounds/spring/close-call").status_code == 303
    assert manager.get("/manage/rounds/spring/close-call").status_code == 409


def test_board__facility_without_reviewer__manager_told_where_to_add_one(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    with database.writing() as session:
        session.exec(delete(TermsVersion))
        asked = a_submitted_request(session, scene)
        close_call(session, actor=SYSTEM, now=NOW, key="spring")
        reviewer = a_browser_of(session, scene.reviewer)
    link = f'href="/manage/facilities/{scene.facility.slug}/staff"'
    pages = ("/manage/rounds/spring", f"/manage/rounds/spring/requests/{asked.id}")
    manager = _browser(database, scene)
    for cookie, is_told in ((reviewer, False), (manager, False), (manager, True)):
        visitor.signed_in(cookie)
        if is_told:
            with database.writing() as session:
                session.exec(delete(Membership).where(col(Membership.role) == Role.REVIEWER))
        for page in pages:
            answer = visitor.get(page)
            assert answer.status_code == 200
            assert ("Scores are given by reviewers" in text_of(answer)) is is_told
            assert (link in answer.text) is is_told


def test_pages_of_a_round__one_request_and_one_booking__counted_as_one(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    with database.writing() as session:
        session.exec(delete(TermsVersion))
        asked = a_submitted_request(session, scene)
        close_call(session, actor=SYSTEM, now=NOW, key="spring")
        scored(session, scene, asked, 800)
    manager = visitor.signed_in(_browser(database, scene))
    board = "/manage/rounds/spring"
    assert manager.send(f"{board}/allocate").status_code == 303
    assert "It waits for its turn" in text_of(manager.get(board))
    assert calculated(database) == 1
    allocated = text_of(manager.get(board))
    assert "It waits for its turn" not in allocated
    assert "1 of 1 request gets a place, in 1 booking." in allocated
    before = text_of(manager.get(f"{board}/publish"))
    assert "This makes 1 booking and sends 2 mails" in before.replace("  ", " ")
    assert manager.send(f"{board}/publish").status_code == 303
    assert "1 booking is made" in text_of(manager.get(board))
    assert "1 of 1 request has a place, in 1 booking." in text_of(manager.get("/rounds/spring"))


def test_policy__shares_above_one__told_and_nothing_published(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    manager = visitor.signed_in(_browser(database, scene))
    answer = manager.send(
        f"/manage/facilities/{scene.facility.slug}/policy",
        **_policy(share="100.0001"),
    )
    assert answer.status_code == 409
    assert "add up to" in text_of(answer)
    assert 'value="100.0001"' in answer.text
    with database.reading() as session:
        assert len(session.exec(select(PolicyVersion)).all()) == 1


def test_policy__shares_of_exactly_one__published(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    manager = visitor.signed_in(_browser(database, scene))
    path = f"/manage/facilities/{scene.facility.slug}/policy"
    answer = manager.send(path, **_policy(share="100"))
    assert answer.status_code == 303, text_of(answer)
    with database.reading() as session:
        assert len(session.exec(select(PolicyVersion)).all()) == 2


def test_policy__show_the_effect__hours_reserved_and_nothing_published(
    visitor: Visitor, scene: RoundScene, database: Database
) -> None:
    manager = visitor.signed_in(_browser(database, scene))
    path = f"/manage/facilities/{scene.facility.slug}/policy"
    words = text_of(manager.send(path, **_policy(share="25") | {"do": "effect"}))
    assert "672 hours" in words
    assert "168.0" in words
    with database.reading() as session:
        assert len(session.exec(select(PolicyVersion)).all()) == 1


@pytest.mark.parametrize("share", ["", "x", "1e9", "nan", "12.34567", "-1"])
def test_policy__share_that_is_none__told_at_its_field(
    visitor: Visitor, scene: RoundScene, database: Database, share: str
) -> None:
    manager = visitor.signed_in(_browser(database, scene))
    path = f"/manage/facilities/{scene.facility.slug}/policy"
    answer = manager.send(path, **_policy(share=share))
    assert answer.status_code in {409, 422}
    assert 'id="groups-0-share-error"' in answer.text


def _policy(*, share: str) -> dict[str, object]:
    return {
        "groups": 1,
        "groups-0-name": "Smaller firms",
        "groups-0-kind": "sme",
        "groups-0-size": "small",
        "groups-0-share": share,
        "groups-0-weight": 1,
        "ladder-0-up_to": 100,
        "ladder-0-points": 1000,
        "cap": "",
        "release_first_days": 14,
        "release_all_days": 7,
        "half_life_days": 90,
        "from_day": "2027-02-01",
        "until_day": "2027-03-01",
        "do": "publish",
    }


def _browser(database: Database, scene: RoundScene) -> str:
    with database.writing() as session:
        return a_browser_of(session, scene.manager)
