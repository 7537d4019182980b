"""A facility's page of mails: what failed with its reason, sent again one by one or all."""

import pytest
from sqlmodel import Session, select

from booking.db import Database
from booking.engine.permissions import Role
from booking.models import Delivery, Facility
from tests.api.rest.test_deliveries import a_delivery
from tests.builders import a_facility, a_person, a_role
from tests.pages.visitor import Visitor, a_browser_of, text_of


def a_manager(session: Session, role: Role = Role.MANAGER) -> tuple[Facility, str]:
    facility, person = a_facility(session), a_person(session)
    placed = None if role is Role.AUDITOR else facility.id
    a_role(session, person.id, role, facility_id=placed)
    return facility, a_browser_of(session, person)


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(Delivery.state)).all())


def test_mail__failed__says_why_and_is_sent_again(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        facility, cookie = a_manager(session)
        first, _ = a_delivery(session, facility.id), a_delivery(session, facility.id)
        other = a_delivery(session, a_facility(session).id)
    visitor.signed_in(cookie)
    path = f"/manage/facilities/{facility.slug}/mail"
    words = text_of(visitor.get(path))
    assert "The address does not exist any more" in words
    assert "550 5.1.1 No such user" in words
    assert visitor.send(f"{path}/{other.id}/resend").status_code == 404
    assert visitor.send(f"{path}/{first.id}/resend").status_code == 303
    assert states(database) == ["due", "failed", "failed"]
    assert visitor.send(f"{path}/{first.id}/resend").status_code == 409
    assert visitor.send(f"{path}/resend").status_code == 303
    assert states(database) == ["due", "due", "failed"]
    assert "None. A mail is tried for two days" in text_of(visitor.get(path))


@pytest.mark.only_on("sqlite")
def test_mail__auditor__sees_and_sends_nothing(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        facility, cookie = a_manager(session, Role.AUDITOR)
        a_delivery(session, facility.id)
    visitor.signed_in(cookie)
    path = f"/manage/facilities/{facility.slug}/mail"
    assert "Send again" not in visitor.get(path).text
    assert visitor.send(f"{path}/resend").status_code == 403


@pytest.mark.only_on("sqlite")
def test_mail__of_another_facility__is_refused(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        _, cookie = a_manager(session)
        other = a_facility(session)
    visitor.signed_in(cookie)
    assert visitor.get(f"/manage/facilities/{other.slug}/mail").status_code == 403


@pytest.mark.only_on("sqlite")
def test_desk__mail_of_no_facility_failed__is_seen_by_an_officer_alone(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        _, manager = a_manager(session)
        officer = a_person(session)
        a_role(session, officer.id, Role.OFFICER)
        a_delivery(session, None, address="lost@sme.example")
        cookie = a_browser_of(session, officer)
    assert "lost@sme.example" not in visitor.signed_in(manager).get("/manage").text
    words = text_of(visitor.signed_in(cookie).get("/manage"))
    assert "lost@sme.example" in words
    assert "of no facility" in words
