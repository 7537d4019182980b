from datetime import datetime

import pytest
from sqlmodel import Session

from booking.engine.permissions import SYSTEM, Actor, Role
from booking.errors import Malformed, NotFound, NotPermitted, NotSignedIn, RulesBroken
from booking.models import Person
from booking.queries import people as read
from booking.services import people
from tests.builders import a_facility, a_person, a_role, an_organisation
from tests.events import kinds_about


def officer(session: Session) -> Actor:
    person = a_person(session)
    a_role(session, person.id, Role.OFFICER)
    return read.actor_of(session, person.id)


def actor_of(session: Session, person: Person) -> Actor:
    return read.actor_of(session, person.id)


def test_create_person__by_an_officer__is_named_after_the_address(
    session: Session, now: datetime
) -> None:
    person = people.create_person(
        session, actor=officer(session), now=now, email=" Amina.W@Example.ORG "
    )
    assert (person.email, person.name) == ("amina.w@example.org", "amina.w")
    assert kinds_about(session, person.id) == ["person.created"]


def test_create_person__by_anybody_else__is_not_permitted(session: Session, now: datetime) -> None:
    actor = actor_of(session, a_person(session))
    with pytest.raises(NotPermitted):
        people.create_person(session, actor=actor, now=now, email="new@example.org")


def test_create_person__known_address__is_refused(session: Session, now: datetime) -> None:
    a_person(session, email="known@example.org")
    with pytest.raises(RulesBroken) as refused:
        people.create_person(session, actor=SYSTEM, now=now, email="Known@example.org")
    assert refused.value.violations[0].code == "email_taken"


@pytest.mark.parametrize("email", ["", "nobody", "a b@example.org", "a@", f"{'a' * 250}@x.org"])
def test_create_person__no_address__is_malformed(
    session: Session, now: datetime, email: str
) -> None:
    with pytest.raises(Malformed) as refused:
        people.create_person(session, actor=SYSTEM, now=now, email=email)
    assert refused.value.violations[0].pointer == "/email"


def test_edit_profile__own__changes_what_is_given(session: Session, now: datetime) -> None:
    person = a_person(session, zone="UTC")
    people.edit_profile(
        session,
        actor=actor_of(session, person),
        now=now,
        person_id=person.id,
        orcid="https://orcid.org/0000-0002-1825-0097",
        zone="Asia/Kathmandu",
    )
    assert (person.orcid, person.zone) == ("0000-0002-1825-0097", "Asia/Kathmandu")
    assert kinds_about(session, person.id) == ["person.changed"]


def test_edit_profile__nothing_new__records_nothing(session: Session, now: datetime) -> None:
    person = a_person(session)
    people.edit_profile(
        session,
        actor=actor_of(session, person),
        now=now,
        person_id=person.id,
        name=person.name,
    )
    assert kinds_about(session, person.id) == []


def test_edit_profile__wrong_orcid__changes_nothing(session: Session, now: datetime) -> None:
    person = a_person(session, name="Before")
    with pytest.raises(Malformed):
        people.edit_profile(
            session,
            actor=actor_of(session, person),
            now=now,
            person_id=person.id,
            name="After",
            orcid="0000-0002-1825-0098",
        )
    assert person.name == "Before"


def test_edit_profile__of_somebody_else__is_not_permitted(session: Session, now: datetime) -> None:
    actor, other = actor_of(session, a_person(session)), a_person(session)
    with pytest.raises(NotPermitted):
        people.edit_profile(session, actor=actor, now=now, person_id=other.id, name="Mine")
    with pytest.raises(NotSignedIn):
        people.edit_profile(session, actor=Actor(), now=now, person_id=other.id, name="Mine")


def test_see_person__somebody_else__is_not_permitted(session: Session) -> None:
    actor, other = actor_of(session, a_person(session)), a_person(session)
    with pytest.raises(NotPermitted):
        people.see_person(session, actor=actor, person_id=other.id)
    with pytest.raises(NotPermitted):
        people.list_people(session, actor=actor, limit=10)
    seen = people.list_people(session, actor=officer(session), text=other.email, limit=10)
    assert [each.id for each in seen.items] == [other.id]


def test_grant_role__by_the_manager__stands_at_the_own_facility_alone(
    session: Session, now: datetime
) -> None:
    mine, other = a_facility(session), a_facility(session)
    boss, colleague = a_person(session), a_person(session)
    a_role(session, boss.id, Role.MANAGER, facility_id=mine.id)
    actor = actor_of(session, boss)
    row = people.grant_role(
        session,
        actor=actor,
        now=now,
        person_id=colleague.id,
        role=Role.OPERATOR,
        facility_id=mine.id,
    )
    assert kinds_about(session, row.id) == ["membership.granted"]
    roles = {each.role for each in people.list_staff(session, actor=actor, facility_id=mine.id)}
    assert roles == {Role.MANAGER, Role.OPERATOR}
    with pytest.raises(NotPermitted):
        people.grant_role(
            session,
            actor=actor,
            now=now,
            person_id=colleague.id,
            role=Role.OPERATOR,
            facility_id=other.id,
        )
    with pytest.raises(NotPermitted):
        people.list_staff(session, actor=actor, facility_id=other.id)


def test_grant_role__again__is_the_same_role(session: Session, now: datetime) -> None:
    person, place = a_person(session), an_organisation(session)
    first, second = (
        people.grant_role(
            session,
            actor=SYSTEM,
            now=now,
            person_id=person.id,
            role=Role.MEMBER,
            organisation_id=place.id,
        )
        for _ in range(2)
    )
    assert first.id == second.id


def test_grant_role__officer_by_a_manager__is_not_permitted(
    session: Session, now: datetime
) -> None:
    boss = a_person(session)
    a_role(session, boss.id, Role.MANAGER, facility_id=a_facility(session).id)
    with pytest.raises(NotPermitted):
        people.grant_role(
            session,
            actor=actor_of(session, boss),
            now=now,
            person_id=boss.id,
            role=Role.OFFICER,
        )


def test_grant_role__place_that_does_not_fit__is_malformed(session: Session, now: datetime) -> None:
    person = a_person(session)
    for role in (Role.MANAGER, Role.MEMBER):
        with pytest.raises(Malformed, match="and no"):
            people.grant_role(session, actor=SYSTEM, now=now, person_id=person.id, role=role)
    with pytest.raises(Malformed, match="neither"):
        people.grant_role(
            session,
            actor=SYSTEM,
            now=now,
            person_id=person.id,
            role=Role.AUDITOR,
            facility_id=a_facility(session).id,
        )


def test_grant_role__unknown_place_or_address__is_not_found(
    session: Session, now: datetime
) -> None:
    unknown = a_person(session).id
    for place in ({"facility_id": unknown}, {"organisation_id": unknown}):
        role = Role.MANAGER if "facility_id" in place else Role.MEMBER
        with pytest.raises(NotFound):
            people.grant_role(session, actor=SYSTEM, now=now, person_id=unknown, role=role, **place)
    with pytest.raises(NotFound, match="sign in once"):
        people.grant_role_by_email(
            session, actor=SYSTEM, now=now, email="nobody@example.org", role=Role.AUDITOR
        )


def test_revoke_role__by_whom_it_belongs_to_or_the_administrator__is_gone(
    session: Session, now: datetime
) -> None:
    place = an_organisation(session)
    head, member, other = a_person(session), a_person(session), a_person(session)
    a_role(session, head.id, Role.ORGANISATION_ADMIN, organisation_id=place.id)
    rows = [
        a_role(session, each.id, Role.MEMBER, organisation_id=place.id) for each in (member, other)
    ]
    with pytest.raises(NotPermitted):
        people.revoke_role(
            session, actor=actor_of(session, member), now=now, membership_id=rows[1].id
        )
    people.revoke_role(session, actor=actor_of(session, member), now=now, membership_id=rows[0].id)
    people.revoke_role(session, actor=actor_of(session, head), now=now, membership_id=rows[1].id)
    left = people.list_members(session, actor=actor_of(session, head), organisation_id=place.id)
    assert [each.person_id for each in left] == [head.id]
    with pytest.raises(NotPermitted):
        people.list_members(session, actor=actor_of(session, member), organisation_id=place.id)
    with pytest.raises(NotFound):
        people.revoke_role(session, actor=SYSTEM, now=now, membership_id=rows[0].id)
