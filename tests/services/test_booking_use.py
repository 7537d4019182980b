"""Approve, reject, check in and out, miss: who, when, and what is counted."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import Role
from booking.engine.vocabulary import CheckInBy
from booking.errors import Malformed, NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import Booking, FreedTime, UsageRecord
from booking.queries.attendance import usage_of
from booking.queries.people import actor_of
from booking.services.booking_use import approve, check_in, check_out, miss, note, reject
from tests.builders import NOW, a_person, a_role
from tests.events import kinds_about
from tests.scenes import Scene, a_scene, at, booked

SECOND = timedelta(seconds=1)


def made(session: Session, scene: Scene, **given: Any) -> Booking:
    return booked(session, scene, scene.wish(**given))


def in_use(session: Session, scene: Scene, *, since: int = 0, **given: Any) -> Booking:
    booking = made(session, scene, **given)
    check_in(session, actor=scene.by_member, now=at(since), booking_id=booking.id)
    return booking


def use_of(session: Session, booking: Booking) -> UsageRecord:
    found = usage_of(session, booking.id)
    assert found is not None
    return found


def freed(session: Session) -> list[tuple[datetime, datetime]]:
    session.flush()
    rows = session.exec(select(FreedTime).order_by(col(FreedTime.starts_at)))
    return [(each.starts_at, each.ends_at) for each in rows]


def the_code(caught: pytest.ExceptionInfo[RulesBroken]) -> str:
    (violation,) = caught.value.violations
    return violation.code


def test_approve__by_manager__confirms_and_raises_sequence(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    approve(session, actor=scene.by_manager, now=NOW, booking_id=booking.id)

    assert booking.status is BookingStatus.CONFIRMED
    assert (booking.sequence, booking.revision) == (1, 1)


def test_approve__by_its_own_project__is_not_permitted(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    with pytest.raises(NotPermitted):
        approve(session, actor=scene.by_member, now=NOW, booking_id=booking.id)


def test_approve__once_it_is_over__is_refused(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    with pytest.raises(RulesBroken) as caught:
        approve(session, actor=scene.by_manager, now=at(60), booking_id=booking.id)

    assert the_code(caught) == "over"


def test_reject__with_a_reason__frees_the_time(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    reject(
        session,
        actor=scene.by_manager,
        now=NOW,
        booking_id=booking.id,
        reason=" No samples of that kind here. ",
    )

    assert booking.status is BookingStatus.REJECTED
    assert booking.reason == "No samples of that kind here."
    assert (booking.sequence, booking.revision) == (1, 1)


def test_reject__without_a_reason__is_malformed(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    with pytest.raises(Malformed):
        reject(session, actor=scene.by_manager, now=NOW, booking_id=booking.id, reason=" ")


def test_reject__confirmed_booking__is_the_wrong_state(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(WrongState):
        reject(session, actor=scene.by_manager, now=NOW, booking_id=booking.id, reason="No")


@pytest.mark.parametrize(("now", "found"), [(at(-30) - SECOND, "too_early"), (at(60), "over")])
def test_check_in__outside_its_time__is_refused(
    session: Session, now: datetime, found: str
) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(RulesBroken) as caught:
        check_in(session, actor=scene.by_member, now=now, booking_id=booking.id)

    assert the_code(caught) == found
    assert usage_of(session, booking.id) is None


def test_check_in__in_its_time__is_kept_with_who_and_how(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    check_in(session, actor=scene.by_member, now=at(-30), booking_id=booking.id, via=CheckInBy.CODE)

    use = use_of(session, booking)
    assert str(booking.status) == "in_use"
    assert (use.checked_in_at, use.checked_in_by, use.via) == (at(-30), scene.member.id, "code")
    assert (use.booked_minutes, use.used_minutes) == (60, None)
    assert kinds_about(session, booking.id)[-1] == "booking.checked_in"


def test_check_in__twice__is_the_wrong_state(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)

    with pytest.raises(WrongState):
        check_in(session, actor=scene.by_member, now=at(1), booking_id=booking.id)


def test_check_in__way_not_said__is_told_by_who_it_is(session: Session) -> None:
    scene = a_scene(session)
    mine, theirs = made(session, scene), made(session, scene, start=60, end=120)

    check_in(session, actor=scene.by_member, now=at(0), booking_id=mine.id)
    check_in(session, actor=scene.by_manager, now=at(60), booking_id=theirs.id)

    assert use_of(session, mine).via is CheckInBy.BUTTON
    assert use_of(session, theirs).via is CheckInBy.OPERATOR


def test_check_in__as_an_operator_by_a_member__is_not_permitted(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(NotPermitted):
        check_in(
            session,
            actor=scene.by_member,
            now=at(0),
            booking_id=booking.id,
            via=CheckInBy.OPERATOR,
        )


def test_check_out__early__gives_back_whole_steps(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)

    check_out(session, actor=scene.by_member, now=at(20), booking_id=booking.id, note=" Fine ")

    use = use_of(session, booking)
    assert (booking.status, booking.ends_at) == (BookingStatus.COMPLETED, at(30))
    assert (booking.sequence, booking.revision) == (1, 2)
    assert (use.checked_out_at, use.used_minutes, use.note) == (at(20), 20, "Fine")
    assert (use.booked_minutes, use.checked_out_by) == (60, scene.member.id)
    assert freed(session) == [(at(30), at(60))]


@pytest.mark.parametrize("left", [46, 60, 500])
def test_check_out__in_the_last_step_or_later__keeps_its_end(session: Session, left: int) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)

    check_out(session, actor=scene.by_manager, now=at(left), booking_id=booking.id)

    assert (booking.ends_at, booking.sequence) == (at(60), 0)
    assert use_of(session, booking).used_minutes == min(left, 60)
    assert freed(session) == []


def test_check_out__before_the_start__keeps_one_step(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene, since=-25)

    check_out(session, actor=scene.by_member, now=at(-5), booking_id=booking.id)

    assert (booking.starts_at, booking.ends_at) == (at(0), at(15))
    assert use_of(session, booking).used_minutes == 20


def test_check_out__time_given_back__can_be_booked_again(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)

    check_out(session, actor=scene.by_member, now=at(20), booking_id=booking.id)

    again = booked(session, scene, scene.wish(start=30, end=60))
    assert again.starts_at == booking.ends_at


def test_check_out__before_check_in__is_the_wrong_state(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(WrongState):
        check_out(session, actor=scene.by_member, now=at(30), booking_id=booking.id)


def test_note__by_an_operator__replaces_what_stood_there(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)
    operator = a_person(session)
    a_role(session, operator.id, Role.OPERATOR, facility_id=scene.facility.id)

    by_operator = actor_of(session, operator.id)
    for text in ("Left open", " Left clean "):
        note(session, actor=by_operator, now=at(5), booking_id=booking.id, text=text)

    assert use_of(session, booking).note == "Left clean"
    assert kinds_about(session, booking.id)[-1] == "booking.noted"


def test_note__by_the_project_itself__is_not_permitted(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)

    with pytest.raises(NotPermitted):
        note(session, actor=scene.by_member, now=at(5), booking_id=booking.id, text="Spotless")


def test_note__nobody_checked_in__says_so(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(NotFound):
        note(session, actor=scene.by_manager, now=at(5), booking_id=booking.id, text="Where?")


@pytest.mark.parametrize(("grace", "first"), [(None, 0), (20, 20), (90, 60)])
def test_miss__by_an_operator__from_the_end_of_the_grace(
    session: Session, grace: int | None, first: int
) -> None:
    scene = a_scene(session, no_show_grace_minutes=grace)
    booking = made(session, scene)

    with pytest.raises(RulesBroken) as caught:
        miss(session, actor=scene.by_manager, now=at(first) - SECOND, booking_id=booking.id)
    assert the_code(caught) == "not_missed_yet"
    miss(session, actor=scene.by_manager, now=at(first), booking_id=booking.id, reason=" Ill ")

    assert (booking.status, booking.reason) == (BookingStatus.NO_SHOW, "Ill")
    assert (booking.sequence, booking.revision) == (1, 1)
    assert kinds_about(session, booking.id)[-1] == "booking.no_show"
    assert freed(session) == ([(at(first), at(60))] if first < 60 else [])


def test_miss__by_the_project_itself__is_not_permitted(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    with pytest.raises(NotPermitted):
        miss(session, actor=scene.by_member, now=at(30), booking_id=booking.id)


def test_miss__in_use__is_the_wrong_state(session: Session) -> None:
    scene = a_scene(session)
    booking = in_use(session, scene)

    with pytest.raises(WrongState):
        miss(session, actor=scene.by_manager, now=at(30), booking_id=booking.id)
