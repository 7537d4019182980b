"""From a refused request's page to an officer's answer, on pages without scripts."""

from datetime import date

import pytest
from httpx2 import Response

from booking.db import Database
from booking.engine.permissions import Role
from booking.models import Person
from booking.queries.appeals import appeals_on
from booking.services.policies import GroupWish
from tests.builders import a_fact, a_person, a_role
from tests.calculating import calculated
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_policy
from tests.services.test_counterfactuals import a_decided_round

pytestmark = pytest.mark.only_on("sqlite")

# A reserve so small that scores decide.
LDC = GroupWish(
    "ldc",
    "Least developed countries",
    {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]},
    1_000,
)


class Hearing:
    """A refused request, its applicant, an officer, and the browser they share."""

    def __init__(self, database: Database, visitor: Visitor) -> None:
        """Publish a round in which one request of two is refused."""
        self.database, self.visitor = database, visitor
        with database.writing() as session:
            self.scene: RoundScene
            self.scene, (self.request, _) = a_decided_round(
                session, 790, 810, policy=a_policy(groups=(LDC,))
            )
            officer = a_person(session, name="Olga Officer")
            a_role(session, officer.id, Role.OFFICER)
            people: dict[str, Person] = {
                "applicant": self.scene.members[0],
                "other": self.scene.members[1],
                "manager": self.scene.manager,
                "officer": officer,
            }
            self.cookies = {who: a_browser_of(session, each) for who, each in people.items()}
        self.path = f"/rounds/spring/requests/{self.request.id}"

    def open(self, who: str, path: str) -> Response:
        return self.visitor.signed_in(self.cookies[who]).get(path)

    def send(self, who: str, path: str, **fields: object) -> Response:
        return self.visitor.signed_in(self.cookies[who]).send(path, **fields)

    def appeal_id(self) -> str:
        with self.database.reading() as session:
            return str(appeals_on(session, self.request.id)[-1].id)

    def appeal(self, fact: str = "merit") -> str:
        sent = self.send("applicant", f"{self.path}/appeals", fact=fact, grounds="It was 1000.")
        assert sent.status_code == 303
        return f"/manage/appeals/{self.appeal_id()}"


@pytest.fixture
def hearing(database: Database, visitor: Visitor) -> Hearing:
    return Hearing(database, visitor)


def test_ask__what_would_have_placed_me__is_answered_on_the_page(
    hearing: Hearing, database: Database
) -> None:
    first = hearing.open("applicant", hearing.path)
    assert "What would have placed me?" in text_of(first)
    sent = hearing.send("applicant", f"{hearing.path}/counterfactuals", do="ask")
    assert sent.status_code == 303
    waiting = hearing.open("applicant", hearing.path)
    assert "It waits for its turn" in text_of(waiting)
    assert 'hx-trigger="every 2s"' in waiting.text
    assert calculated(database) == 1
    told = hearing.open("applicant", hearing.path)
    assert "you would have been placed on" in text_of(told)
    assert "Checked by solving again." in text_of(told)
    assert 'value="ask"' not in told.text


def test_ask__a_score__is_tried_or_marked(hearing: Hearing, database: Database) -> None:
    path = f"{hearing.path}/counterfactuals"
    assert hearing.send("applicant", path, do="score", score="").status_code == 422
    assert hearing.send("applicant", path, do="score", score="20").status_code == 409
    assert hearing.send("applicant", path, do="score", score="795").status_code == 303
    assert calculated(database) == 1
    assert "With a score of 795 instead of 790" in text_of(hearing.open("applicant", hearing.path))


def test_stop__waiting__is_stopped(hearing: Hearing, database: Database) -> None:
    hearing.send("applicant", f"{hearing.path}/counterfactuals", do="ask")
    page = hearing.open("applicant", hearing.path).text
    _, _, rest = page.partition(f"{hearing.path}/counterfactuals/")
    stopped = hearing.send(
        "applicant", f"{hearing.path}/counterfactuals/{rest.partition('/')[0]}/stop"
    )
    assert stopped.status_code == 303
    assert calculated(database) == 0
    assert "It waits for its turn" not in text_of(hearing.open("applicant", hearing.path))


def test_appeal__made_and_upheld__shows_the_difference_to_both(
    hearing: Hearing, database: Database
) -> None:
    unsaid = hearing.send("applicant", f"{hearing.path}/appeals", fact="", grounds="")
    assert unsaid.status_code == 422
    assert "Choose which fact is wrong." in text_of(unsaid)
    desk = hearing.appeal()
    with database.writing() as session:
        of = hearing.scene.projects[0].organisation_id
        a_fact(session, of, "turnover_eur", 2_400_000, date(2025, 12, 31))
    assert "waits for its answer" in text_of(hearing.open("applicant", hearing.path))
    assert "Appeals that wait for you" in text_of(hearing.open("officer", "/manage"))
    assert "to answer" in text_of(hearing.open("officer", "/manage/appeals?state=open"))
    shown = text_of(hearing.open("officer", desk))
    assert "Merit 790 , the mean of 1 score: 790" in shown
    assert "It was 1000." in shown
    assert "Turnover of the year, in euro" in shown
    assert "2 400 000" in shown
    for field, wrong in (("answer", ""), ("merit", "")):
        fields = {"answer": "So it was.", "merit": "1000", "do": "uphold"} | {field: wrong}
        assert hearing.send("officer", desk, **fields).status_code == 422
    upheld = hearing.send("officer", desk, answer="So it was.", merit="1000", do="uphold")
    assert upheld.status_code == 303
    assert "being solved again" in text_of(hearing.open("applicant", hearing.path))
    assert calculated(database) == 1
    for who, path in (("applicant", hearing.path), ("officer", desk)):
        page = text_of(hearing.open(who, path))
        assert "So it was." in page
        assert "With a score of 1000 instead of 790 you would have been placed on" in page
        assert "which has a place now, would have had none." in page
        assert "published bookings stay as they are" in page
    again = hearing.send("officer", desk, answer="No.", do="dismiss")
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("fact", "fields", "words"),
    [
        ("group", {"group-ldc": "yes"}, "membership in Least developed countries"),
        ("fair-share", {"fair_share": "0.9"}, "a factor of 0.900 for past use instead of 1.000"),
        ("request", {"what": "length", "minutes": "120"}, "2 h instead of 4 h"),
        (
            "request",
            {"what": "window", "earliest": "2027-01-04T04:00", "latest": "2027-01-04T10:00"},
            "between Mon 4 Jan 2027, 04:00 and 10:00 as one more choice",
        ),
    ],
)
def test_answer__corrected_fact__is_read_from_the_form(
    hearing: Hearing, database: Database, fact: str, fields: dict[str, str], words: str
) -> None:
    desk = hearing.appeal(fact)
    assert "The corrected fact" in text_of(hearing.open("officer", desk))
    filled = {"resource": hearing.scene.resource.id, "quantity": "1", "session": "0"} | fields
    sent = hearing.send("officer", desk, answer="So it is.", do="uphold", **filled)
    assert sent.status_code == 303
    assert calculated(database) == 1
    assert words in text_of(hearing.open("officer", desk))


@pytest.mark.parametrize(
    ("fact", "fields"),
    [
        ("fair-share", {"fair_share": "1.1"}),
        ("fair-share", {"fair_share": "much"}),
        ("request", {"what": ""}),
        ("request", {"what": "length", "minutes": "90"}),
        ("request", {"what": "window", "resource": ""}),
    ],
)
def test_answer__correction_that_cannot_be_read__marks_its_field(
    hearing: Hearing, fact: str, fields: dict[str, str]
) -> None:
    desk = hearing.appeal(fact)
    sent = hearing.send("officer", desk, answer="So it is.", do="uphold", **fields)
    assert sent.status_code == 422
    assert 'class="error"' in sent.text


def test_appeals__of_others__are_refused(hearing: Hearing) -> None:
    desk = hearing.appeal()
    for who in ("applicant", "manager", "other"):
        assert hearing.open(who, desk).status_code == 403
        assert hearing.open(who, "/manage/appeals").status_code == 403
        assert hearing.send(who, desk, answer="Yes.", do="dismiss").status_code == 403
    other = hearing.send("other", f"{hearing.path}/appeals", fact="merit", grounds="No.")
    assert other.status_code == 403
