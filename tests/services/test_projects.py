from datetime import datetime

import pytest
from sqlmodel import Session

from booking.engine.permissions import SYSTEM, Actor, Role
from booking.errors import NotFound, NotPermitted, NotSignedIn, RulesBroken
from booking.models import Person
from booking.queries import projects as read
from booking.queries.people import actor_of
from booking.services import projects
from tests.builders import a_person, a_project, a_role, an_organisation
from tests.events import kinds_about


def acting(session: Session, person: Person) -> Actor:
    return actor_of(session, person.id)


def test_create_project__by_a_member__is_led_by_them(session: Session, now: datetime) -> None:
    place, person = an_organisation(session), a_person(session)
    a_role(session, person.id, Role.MEMBER, organisation_id=place.id)
    row = projects.create_project(
        session,
        actor=acting(session, person),
        now=now,
        name="Soil maps",
        organisation_id=place.id,
    )
    assert row.principal_investigator_id == person.id
    assert [each.person_id for each in read.people_of(session, row.id)] == [person.id]
    assert kinds_about(session, row.id) == ["project.created"]


def test_create_project__of_another_organisation__is_not_permitted(
    session: Session, now: datetime
) -> None:
    person = a_person(session)
    a_role(session, person.id, Role.MEMBER, organisation_id=an_organisation(session).id)
    with pytest.raises(NotPermitted):
        projects.create_project(
            session,
            actor=acting(session, person),
            now=now,
            name="Theirs",
            organisation_id=an_organisation(session).id,
        )


def test_create_project__of_a_suspended_organisation__is_refused(
    session: Session, now: datetime
) -> None:
    place, person = an_organisation(session, suspended_at=now), a_person(session)
    with pytest.raises(RulesBroken) as refused:
        projects.create_project(
            session,
            actor=SYSTEM,
            now=now,
            name="Soil maps",
            organisation_id=place.id,
            principal_investigator_id=person.id,
        )
    assert refused.value.violations[0].code == "organisation_suspended"


def test_create_project__for_somebody_else__is_the_officers_alone(
    session: Session, now: datetime
) -> None:
    place, head, leader = an_organisation(session), a_person(session), a_person(session)
    a_role(session, head.id, Role.ORGANISATION_ADMIN, organisation_id=place.id)
    with pytest.raises(NotPermitted):
        projects.create_project(
            session,
            actor=acting(session, head),
            now=now,
            name="Soil maps",
            organisation_id=place.id,
            principal_investigator_id=leader.id,
        )
    with pytest.raises(ValueError, match="name who leads"):
        projects.create_project(
            session, actor=SYSTEM, now=now, name="Soil maps", organisation_id=place.id
        )


def test_see_project__by_an_outsider__is_not_found(session: Session) -> None:
    row, outsider = a_project(session), acting(session, a_person(session))
    with pytest.raises(NotFound):
        projects.see_project(session, actor=outsider, project_id=row.id)
    with pytest.raises(NotFound):
        projects.list_people(session, actor=outsider, project_id=row.id)
    with pytest.raises(NotSignedIn):
        projects.see_project(session, actor=Actor(), project_id=row.id)


def test_edit_project__by_its_people__changes_what_is_given(
    session: Session, now: datetime
) -> None:
    leader, colleague = a_person(session), a_person(session)
    row = a_project(session, leader, colleague)
    projects.edit_project(
        session,
        actor=acting(session, colleague),
        now=now,
        project_id=row.id,
        name="New name",
        principal_investigator_id=colleague.id,
    )
    assert (row.name, row.principal_investigator_id) == ("New name", colleague.id)
    assert kinds_about(session, row.id) == ["project.changed"]


def test_edit_project__led_by_an_outsider__is_refused(session: Session, now: datetime) -> None:
    leader = a_person(session)
    row = a_project(session, leader)
    with pytest.raises(RulesBroken) as refused:
        projects.edit_project(
            session,
            actor=acting(session, leader),
            now=now,
            project_id=row.id,
            principal_investigator_id=a_person(session).id,
        )
    assert refused.value.violations[0].code == "not_on_the_project"


def test_edit_project__by_who_may_only_see_it__is_not_permitted(
    session: Session, now: datetime
) -> None:
    row, auditor = a_project(session), a_person(session)
    a_role(session, auditor.id, Role.AUDITOR)
    with pytest.raises(NotPermitted):
        projects.edit_project(
            session, actor=acting(session, auditor), now=now, project_id=row.id, name="Mine"
        )


def test_add_member__somebody_known__joins_once(session: Session, now: datetime) -> None:
    leader, colleague = a_person(session), a_person(session)
    row = a_project(session, leader)
    for _ in range(2):
        projects.add_member(
            session,
            actor=acting(session, leader),
            now=now,
            project_id=row.id,
            email=colleague.email.upper(),
        )
    assert kinds_about(session, row.id) == ["project.changed"]
    with pytest.raises(NotFound, match="sign in once"):
        projects.add_member(
            session,
            actor=acting(session, leader),
            now=now,
            project_id=row.id,
            email="nobody@example.org",
        )


def test_remove_member__not_the_leader__leaves(session: Session, now: datetime) -> None:
    leader, colleague = a_person(session), a_person(session)
    row = a_project(session, leader, colleague)
    actor = acting(session, leader)
    with pytest.raises(RulesBroken) as refused:
        projects.remove_member(
            session, actor=actor, now=now, project_id=row.id, person_id=leader.id
        )
    assert refused.value.violations[0].code == "leads_the_project"
    projects.remove_member(session, actor=actor, now=now, project_id=row.id, person_id=colleague.id)
    assert [each.person_id for each in read.people_of(session, row.id)] == [leader.id]
    with pytest.raises(NotFound):
        projects.remove_member(
            session, actor=actor, now=now, project_id=row.id, person_id=colleague.id
        )


def test_projects__each_viewer__sees_what_they_may(session: Session) -> None:
    place, other = an_organisation(session), an_organisation(session)
    person, head, auditor = (a_person(session) for _ in range(3))
    a_role(session, head.id, Role.ORGANISATION_ADMIN, organisation_id=place.id)
    a_role(session, auditor.id, Role.AUDITOR)
    own = a_project(session, person, organisation_id=place.id)
    theirs = a_project(session, organisation_id=place.id)
    elsewhere = a_project(session, organisation_id=other.id)

    def seen(viewer: Actor, *, mine: bool = False) -> set[object]:
        page = read.projects(session, viewer=viewer, mine=mine, limit=200)
        return {each.id for each in page.items}

    assert seen(acting(session, person)) == {own.id}
    assert seen(acting(session, head)) == {own.id, theirs.id}
    assert seen(acting(session, auditor)) >= {own.id, theirs.id, elsewhere.id}
    assert seen(acting(session, auditor), mine=True) == set()
