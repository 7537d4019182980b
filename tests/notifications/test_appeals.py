"""Mail about appeals: who gets which, and what the letter of a refused request names."""

from email.message import EmailMessage
from pathlib import Path

from sqlmodel import Session

from booking.db import Database
from booking.engine.permissions import Role
from booking.engine.vocabulary import AppealedFact
from booking.models import Appeal, Person
from booking.queries.people import actor_of
from booking.services.appeals import answer_appeal, make_appeal
from notifications.dispatch import drain
from tests.builders import NOW, a_person, a_role
from tests.notifications.outcomes import mails_in, settings_for
from tests.rounds import RoundScene
from tests.services.test_counterfactuals import a_decided_round


def body(mail: EmailMessage, part: str) -> str:
    found = mail.get_body((part,))
    assert found is not None
    return str(found.get_content())


def appealed_and_upheld(session: Session) -> tuple[RoundScene, Person, Appeal]:
    """Have a refused request's applicant appeal, and an officer uphold it."""
    scene, (first, _) = a_decided_round(session, 500, 900)
    officer = a_person(session, name="Olga Officer")
    a_role(session, officer.id, Role.OFFICER)
    appeal = make_appeal(
        session,
        actor=actor_of(session, scene.members[0].id),
        now=NOW,
        request=first,
        fact=AppealedFact.MERIT,
        grounds="The minutes say 1000. " + "Read them. " * 60,
    )
    answer_appeal(
        session,
        actor=actor_of(session, officer.id),
        now=NOW,
        appeal_id=appeal.id,
        answer="The minutes are as you say.",
        correction={"kind": "score", "merit": 1000},
    )
    return scene, officer, appeal


def test_drain__an_appeal_and_its_answer__are_told_to_each_in_their_words(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene, officer, appeal = appealed_and_upheld(session)
        page = f"https://bench.example/rounds/spring/requests/{appeal.request_id}"
        desk = f"https://bench.example/manage/appeals/{appeal.id}"
        to = {"applicant": scene.members[0].email, "officer": officer.email}
    drain(database, settings_for(tmp_path), lambda: NOW)
    told = {
        (mail["Subject"].partition(":")[0], mail["To"].addresses[0].addr_spec): body(mail, "plain")
        for mail in mails_in(tmp_path)
    }
    received = told["Appeal received", to["applicant"]]
    assert page in received
    assert "Grounds: The minutes say 1000." in received
    asked = told["To answer", to["officer"]]
    assert asked.startswith("Dear Olga Officer,")
    assert desk in asked
    assert "What follows" not in asked
    upheld = told["Appeal upheld", to["applicant"]]
    assert "Answer: The minutes are as you say." in upheld
    assert "Published bookings do not change by that alone" in upheld
    assert ("Appeal upheld", to["officer"]) not in told


def test_drain__not_granted__names_points_and_the_nearest_free_time(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene, _ = a_decided_round(session, 500, 900)
        name, facility = scene.resource.name, scene.facility.name
        address = scene.members[0].email
        resource_id = scene.resource.id
    drain(database, settings_for(tmp_path), lambda: NOW)
    (mail,) = (each for each in mails_in(tmp_path) if each["To"].addresses[0].addr_spec == address)
    for part in ("plain", "html"):
        words = body(mail, part)
        assert "Your request had 500 points per hour: its score of 500." in words
        assert f"{name}, {facility}: Monday 4 January 2027, 04:00 to 08:00 (UTC)" in words
        link = (
            f"https://bench.example/resources/{resource_id}/book?starts_at=2027-01-04T04:00:00Z"
            "&ends_at=2027-01-04T08:00:00Z&quantity=1"
        )
        assert (link if part == "plain" else link.replace("&", "&amp;")) in words
