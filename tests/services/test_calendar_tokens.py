"""Calendar accounts: who opens them, what is kept of their programs, and when it goes."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from booking.engine.vocabulary import CalendarAccess, ClientEditKind, FeedOf
from booking.errors import NotPermitted
from booking.models import CalendarToken, ClientEdit, SyncState
from booking.services import personal
from booking.services.calendar_tokens import NewAccount, create_account, open_account
from booking.services.housekeeping import EDITS_KEPT, clear
from booking.services.sync_states import remember
from tests.builders import NOW, added
from tests.scenes import Scene, a_scene

SECOND = timedelta(seconds=1)


def an_account(session: Session, scene: Scene) -> NewAccount:
    return create_account(session, actor=scene.by_member, now=NOW, name="phone", of=FeedOf.ME)


def used(session: Session, account: NewAccount) -> None:
    remember(session, token_id=account.row.id, members={"a.ics": "1"}, now=NOW)
    edit = ClientEdit(
        calendar_token_id=account.row.id,
        name="a.ics",
        kind=ClientEditKind.DELETED,
        happened_at=NOW,
    )
    added(session, edit)


def test_open_account__right_or_wrong__is_its_own_or_none(session: Session) -> None:
    scene = a_scene(session)
    made, other = an_account(session, scene), an_account(session, scene)
    opened = open_account(session, username=made.username, password=made.password)
    assert opened is not None
    assert (opened.token_id, opened.person_id) == (made.row.id, scene.member.id)
    assert (opened.writable, opened.public) == (False, False)
    for username, password in (
        (made.username, other.password),
        ("unknown", made.password),
        ("unknown", ""),
        (made.username, ""),
    ):
        assert open_account(session, username=username, password=password) is None


def test_open_account__may_not_see_it_any_more__is_none(session: Session) -> None:
    scene = a_scene(session)
    made = an_account(session, scene)
    made.row.of, made.row.subject_id = FeedOf.FACILITY, scene.facility.id
    session.flush()
    assert open_account(session, username=made.username, password=made.password) is None


def test_create_account__read_write_of_anothers_facility__is_refused(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(NotPermitted):
        create_account(
            session,
            actor=scene.by_stranger,
            now=NOW,
            name="x",
            of=FeedOf.FACILITY,
            subject_id=scene.facility.id,
            access=CalendarAccess.READ_WRITE,
        )


def test_delete_account__with_programs__takes_what_they_did_with_it(session: Session) -> None:
    scene = a_scene(session)
    used(session, an_account(session, scene))
    other = a_scene(session)
    actor, person_id = other.by_member, other.member.id
    used(session, an_account(session, other))
    exported = personal.export(session, actor=actor, person_id=person_id)
    assert [each["name"] for each in exported["calendar_programs"]] == ["a.ics"]
    personal.delete_account(session, actor=actor, now=NOW, person_id=person_id)
    for table in (CalendarToken, ClientEdit, SyncState):
        assert len(session.exec(select(table)).all()) == 1


@pytest.mark.parametrize(("early", "gone"), [(SECOND, 0), (0 * SECOND, 2)])
def test_clear__what_programs_did__goes_after_30_days(
    session: Session, early: timedelta, gone: int
) -> None:
    used(session, an_account(session, a_scene(session)))
    assert clear(session, now=NOW + EDITS_KEPT - early).edits == gone
