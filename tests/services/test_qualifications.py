from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from booking.engine.permissions import SYSTEM, Actor
from booking.errors import Malformed, NotFound, NotPermitted, NotSignedIn
from booking.services import qualifications
from tests.builders import a_person
from tests.events import kinds_about
from tests.scenes import a_scene


def test_grant_qualification__by_the_manager__is_set_anew_each_time(
    session: Session, now: datetime
) -> None:
    scene = a_scene(session)
    first, second = (
        qualifications.grant_qualification(
            session,
            actor=scene.by_manager,
            now=now,
            resource_id=scene.resource.id,
            email=scene.member.email,
            expires_at=ends,
        )
        for ends in (now + timedelta(microseconds=1), None)
    )
    assert first.id == second.id
    (listed,) = qualifications.list_qualifications(
        session, actor=scene.by_manager, resource_id=scene.resource.id
    )
    assert (listed.person_id, listed.expires_at) == (scene.member.id, None)
    assert kinds_about(session, first.id) == ["qualification.granted"] * 2


def test_grant_qualification__that_ends_now__is_malformed(session: Session, now: datetime) -> None:
    scene = a_scene(session)
    with pytest.raises(Malformed):
        qualifications.grant_qualification(
            session,
            actor=scene.by_manager,
            now=now,
            resource_id=scene.resource.id,
            email=scene.member.email,
            expires_at=now,
        )


def test_grant_qualification__by_anybody_else__is_not_permitted(
    session: Session, now: datetime
) -> None:
    scene, other = a_scene(session), a_scene(session)
    for actor, refusal in (
        (scene.by_member, NotPermitted),
        (other.by_manager, NotPermitted),
        (Actor(), NotSignedIn),
    ):
        with pytest.raises(refusal):
            qualifications.grant_qualification(
                session,
                actor=actor,
                now=now,
                resource_id=scene.resource.id,
                email=scene.member.email,
            )
        with pytest.raises(refusal):
            qualifications.list_qualifications(session, actor=actor, resource_id=scene.resource.id)


def test_revoke_qualification__of_this_resource__is_gone(session: Session, now: datetime) -> None:
    scene, other = a_scene(session), a_scene(session)
    row = qualifications.grant_qualification(
        session,
        actor=SYSTEM,
        now=now,
        resource_id=scene.resource.id,
        email=a_person(session).email,
    )

    def revoke(actor: Actor) -> None:
        qualifications.revoke_qualification(
            session,
            actor=actor,
            now=now,
            resource_id=scene.resource.id,
            qualification_id=row.id,
        )

    with pytest.raises(NotPermitted):
        revoke(other.by_manager)
    with pytest.raises(NotFound):
        qualifications.revoke_qualification(
            session,
            actor=other.by_manager,
            now=now,
            resource_id=other.resource.id,
            qualification_id=row.id,
        )
    revoke(scene.by_manager)
    assert kinds_about(session, row.id)[-1] == "qualification.revoked"
    with pytest.raises(NotFound):
        revoke(scene.by_manager)
