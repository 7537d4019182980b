"""Whose busy calendar cannot be read any more is told by mail: why, and how to mend it."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from booking.db import Database
from booking.engine.busy_calendars import TOLD_AFTER
from booking.engine.permissions import Actor, Role
from booking.models import Facility, Person
from booking.queries.busy_calendars import Owner
from booking.services import busy_calendars as services
from booking.services.busy_calendars import Answer, Source
from notifications.dispatch import drain
from tests.builders import NOW, a_person, a_role
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.scenes import Scene, a_scene

URL = "https://cal.example/secret-c0ffee.ics"
PROBLEM = "The calendar could not be fetched: its server answered 404: look at the address."


def failing(session: Session, owner: Owner, actor: Actor, times: int = TOLD_AFTER) -> None:
    """Follow a calendar that cannot be read afterwards, so many times in a row."""
    answer = Answer(Source(URL, "digest"), ())
    row = services.add(
        session, actor=actor, now=NOW, owner=owner, name="At my institute", answer=answer
    )
    asked = services.ToFetch(row.id, URL, "", "", "", None, owner)
    for _ in range(times):
        services.note_failure(session, now=NOW, asked=asked, problem=PROBLEM)


def mailed(database: Database, folder: Path) -> list[EmailMessage]:
    drain(database, settings_for(folder), lambda: NOW)
    return list(mails_in(folder))


def of_member(scene: Scene) -> Owner:
    return Owner("UTC", person_id=scene.member.id)


def written(database: Database, person: Person, **changed: Any) -> None:
    with database.writing() as session:
        row = session.get_one(Person, person.id)
        for name, value in changed.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "en",
            (
                "Calendar cannot be read: At my institute",
                "could not be read five times in a row",
                f"Why: {PROBLEM}",
                "How to mend it: Look in the other calendar program",
            ),
        ),
        (
            "es",
            (
                "No se puede leer el calendario: At my institute",
                "cinco veces seguidas",
                f"Por qué, en inglés: {PROBLEM}",
                "Cómo arreglarlo: Mire",
            ),
        ),
        (
            "fr",
            (
                "Calendrier illisible : At my institute",
                "cinq fois de suite",
                f"Pourquoi, en anglais : {PROBLEM}",
                "Comment y remédier : Regardez",
            ),
        ),
    ],
)
def test_fail__a_persons_calendar__tells_them_why_and_how_to_mend_it(
    database: Database, tmp_path: Path, locale: str, words: tuple[str, ...]
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        failing(session, of_member(scene), scene.by_member)
    written(database, scene.member, locale=locale)
    (mail,) = mailed(database, tmp_path)
    text = part(mail, "text/plain").get_content()
    assert mail["To"].addresses[0].addr_spec == scene.member.email
    for each in words:
        assert each in f"{mail['Subject']}\n{text}"
    assert "https://bench.example/account/busy" in text
    assert "c0ffee" not in mail.as_string()


def test_fail__a_resources_calendar__tells_every_manager_and_nobody_else(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        second = a_person(session, name="Marta", locale="es")
        a_role(session, second.id, Role.MANAGER, facility_id=scene.facility.id)
        operator = a_person(session)
        a_role(session, operator.id, Role.OPERATOR, facility_id=scene.facility.id)
        slug = session.get_one(Facility, scene.facility.id).slug
        owner = Owner("UTC", resource_id=scene.resource.id, facility_id=scene.facility.id)
        failing(session, owner, scene.by_manager)
    found = {mail["To"].addresses[0].addr_spec: mail for mail in mailed(database, tmp_path)}
    assert found.keys() == {scene.manager.email, second.email}
    page = f"https://bench.example/manage/facilities/{slug}/resources/{scene.resource.id}/busy"
    for each in found.values():
        assert page in part(each, "text/plain").get_content()
        assert page in part(each, "text/html").get_content()
    text = part(found[scene.manager.email], "text/plain").get_content()
    assert f"Resource: {scene.resource.name}" in text
    assert "still closes the resource" in text
    assert "Marta" in part(found[second.email], "text/plain").get_content()
    assert "Recurso: " in part(found[second.email], "text/plain").get_content()


def test_fail__once_less_than_is_told__sends_nothing(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        failing(session, of_member(scene), scene.by_member, TOLD_AFTER - 1)
    assert mailed(database, tmp_path) == []
