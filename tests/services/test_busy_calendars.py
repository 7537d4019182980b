"""Outside calendars as busy time: whose they are, what they take, and what they never free."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from booking.engine.booking_facts import BookingCode
from booking.engine.busy_calendars import BACK_OFF, FETCHED_EVERY, MOST_CALENDARS
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import Action, Actor
from booking.errors import NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import BusyCalendar, BusyTime, Closure, Event, Facility, FreedTime
from booking.queries import busy_calendars as reads
from booking.queries.busy_calendars import Owner
from booking.services import busy_calendars as services
from booking.services import personal
from booking.services.booking_changes import Move, move
from booking.services.bookings import book_batch
from booking.services.busy_calendars import Answer, Source
from booking.services.closures import remove_closure
from tests.builders import NOW, a_booking
from tests.scenes import DOMAIN, Scene, a_scene, at, booked, codes

URL = "https://cal.example/busy.ics"
LATER = NOW + timedelta(minutes=30)


def span(start: int, end: int) -> Interval:
    return Interval(at(start), at(end))


def brought(*busy: Interval, url: str | None = URL) -> Answer:
    return Answer(Source(url, "digest", '"1"'), busy)


def of_member(scene: Scene) -> Owner:
    return Owner("UTC", person_id=scene.member.id)


def of_resource(scene: Scene) -> Owner:
    return Owner("UTC", resource_id=scene.resource.id, facility_id=scene.facility.id)


def followed(session: Session, scene: Scene, *busy: Interval, **given: Any) -> BusyCalendar:
    """Let the member follow a calendar that says these times are taken."""
    answer = brought(*busy, **given)
    return services.add(
        session, actor=scene.by_member, now=NOW, owner=of_member(scene), name="work", answer=answer
    )


def closed_by(session: Session, scene: Scene, *busy: Interval) -> BusyCalendar:
    """Let the resource follow a calendar that says these times are taken."""
    return services.add(
        session,
        actor=scene.by_manager,
        now=NOW,
        owner=of_resource(scene),
        name="",
        answer=brought(*busy),
    )


def again(session: Session, row: BusyCalendar, owner: Owner, answer: Answer, now: Any) -> Any:
    asked = services.ToFetch(row.id, URL, "", "", "", None, owner)
    return services.take_in(session, now=now, asked=asked, answer=answer)


def closures(session: Session) -> list[Interval]:
    rows = session.exec(select(Closure)).all()
    return sorted((Interval(each.starts_at, each.ends_at) for each in rows), key=lambda x: x.start)


def kinds(session: Session) -> list[str]:
    return [each.kind for each in session.exec(select(Event)) if "busy" in each.kind]


def test_book__while_the_person_is_busy_elsewhere__is_refused_and_says_when(
    session: Session,
) -> None:
    scene = a_scene(session)
    followed(session, scene, span(30, 45))
    assert codes(session, scene) == {BookingCode.BUSY_ELSEWHERE}
    assert codes(session, scene, actor=scene.by_manager) == {BookingCode.BUSY_ELSEWHERE}


def test_book__touching_busy_time__is_made(session: Session) -> None:
    scene = a_scene(session)
    followed(session, scene, span(-60, 0), span(60, 120))
    assert booked(session, scene).status is BookingStatus.CONFIRMED


def test_book__busy_but_wanted_all_the_same__is_made(session: Session) -> None:
    scene = a_scene(session)
    followed(session, scene, span(0, 60))
    assert booked(session, scene, scene.wish(even_if_busy=True)).starts_at == at(0)


def test_book__while_somebody_else_is_busy__is_made(session: Session) -> None:
    scene, other = a_scene(session), a_scene(session)
    followed(session, other, span(0, 60))
    assert booked(session, scene).starts_at == at(0)


def test_book__refused_as_busy__offers_times_that_are_not(session: Session) -> None:
    scene = a_scene(session)
    followed(session, scene, span(-600, 120))
    with pytest.raises(RulesBroken) as caught:
        book_batch(session, actor=scene.by_member, now=NOW, domain=DOMAIN, every=[scene.wish()])
    starts = [each["starts_at"] for each in caught.value.beside["alternatives"]]
    assert starts
    assert f"{at(120):%Y-%m-%dT%H:%M:%SZ}" in starts


def test_move__into_busy_time__is_refused_unless_wanted(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    followed(session, scene, span(120, 180))

    def moved(**given: Any) -> Any:
        to = Move(starts_at=at(120), ends_at=at(180), **given)
        return move(session, actor=scene.by_member, now=NOW, booking_id=booking.id, to=to)

    with pytest.raises(RulesBroken, match="busy elsewhere"):
        moved()
    assert moved(even_if_busy=True).starts_at == at(120)


def test_add__to_a_resource__closes_it_without_displacing_or_titles(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    version = scene.facility.offer_version
    row = closed_by(session, scene, span(30, 90))
    (closure,) = session.exec(select(Closure)).all()
    assert (closure.reason, closure.estimated) == ("busy elsewhere", True)
    assert closure.busy_calendar_id == row.id
    assert booking.status is BookingStatus.CONFIRMED
    found = reads.conflicts(session, scene.resource.id, now=NOW, limit=9)
    assert [each.booking_id for each in found] == [booking.id]
    assert BookingCode.CLOSURE in codes(session, scene, scene.wish(60, 90))
    facility = session.get(Facility, scene.facility.id, populate_existing=True)
    assert facility is not None
    assert facility.offer_version > version


@pytest.mark.parametrize(("url", "name"), [(URL, "cal.example"), (None, "Uploaded calendar")])
def test_add__without_a_name__has_one_that_tells_it_apart(
    session: Session, url: str | None, name: str
) -> None:
    row = services.add(
        session,
        actor=(scene := a_scene(session)).by_member,
        now=NOW,
        owner=of_member(scene),
        name=" ",
        answer=brought(url=url),
    )
    assert row.name == name


def test_take_in__what_changed__is_written_and_the_rest_stays(session: Session) -> None:
    scene = a_scene(session)
    row = closed_by(session, scene, span(0, 60), span(120, 180))
    kept = {each.id for each in session.exec(select(Closure)) if each.starts_at == at(0)}
    again(session, row, of_resource(scene), brought(span(0, 60), span(200, 210)), LATER)
    assert closures(session) == [span(0, 60), span(200, 210)]
    assert kept <= {each.id for each in session.exec(select(Closure))}
    (freed,) = session.exec(select(FreedTime)).all()
    assert (freed.starts_at, freed.ends_at) == (at(120), at(180))


def test_take_in__the_same_again__writes_no_event(session: Session) -> None:
    scene = a_scene(session)
    row = followed(session, scene, span(0, 60))
    before = kinds(session)
    again(session, row, of_member(scene), brought(span(0, 60)), LATER)
    again(session, row, of_member(scene), Answer(Source(URL, "digest"), None), LATER)
    assert kinds(session) == before == [EventKind.BUSY_CALENDAR_ADDED, "busy_calendar.changed"]
    assert row.due_at == LATER + FETCHED_EVERY


def test_take_in__an_answer_older_than_the_newest__is_let_drop(session: Session) -> None:
    scene = a_scene(session)
    row = followed(session, scene, span(0, 60))
    again(session, row, of_member(scene), brought(span(60, 90)), LATER)
    again(session, row, of_member(scene), brought(span(0, 60)), NOW)
    assert [each.starts_at for each in session.exec(select(BusyTime))] == [at(60)]


def test_note_failure__five_times__frees_nothing_backs_off_and_tells_once(
    session: Session,
) -> None:
    scene = a_scene(session)
    row = followed(session, scene, span(0, 60))
    asked = services.ToFetch(row.id, URL, "", "", "", None, of_member(scene))
    for wait in BACK_OFF:
        services.note_failure(session, now=NOW, asked=asked, problem="It is gone.")
        assert row.due_at == NOW + wait
    assert kinds(session).count(EventKind.BUSY_CALENDAR_FAILED) == 1
    assert (row.failures, row.problem) == (len(BACK_OFF), "It is gone.")
    assert codes(session, scene) == {BookingCode.BUSY_ELSEWHERE}
    again(session, row, of_member(scene), brought(), LATER)
    assert (row.failures, row.problem) == (0, "")
    assert booked(session, scene).starts_at == at(0)


def test_claim_due__claimed_once__is_not_claimed_again_before_its_time(session: Session) -> None:
    scene = a_scene(session)
    row = followed(session, scene)
    followed(session, scene, url=None)

    def claimed(now: Any) -> list[Any]:
        until = now + timedelta(minutes=2)
        return [each.id for each in services.claim_due(session, now=now, until=until, limit=9)]

    assert claimed(LATER - timedelta(seconds=1)) == []
    assert claimed(LATER) == [row.id]
    assert claimed(LATER + timedelta(seconds=119)) == []
    assert not reads.any_due(session, now=LATER + timedelta(seconds=119))
    assert claimed(LATER + timedelta(seconds=120)) == [row.id]


def test_remove__of_a_resource__opens_what_is_to_come_and_leaves_what_was(
    session: Session,
) -> None:
    scene = a_scene(session)
    before = Interval(NOW - timedelta(hours=2), NOW)
    row = closed_by(session, scene, before, span(0, 60))
    services.remove(
        session, actor=scene.by_manager, now=NOW, owner=of_resource(scene), calendar_id=row.id
    )
    assert closures(session) == [before]
    assert booked(session, scene).starts_at == at(0)


def test_remove_closure__of_a_busy_calendar__is_refused(session: Session) -> None:
    scene = a_scene(session)
    closed_by(session, scene, span(0, 60))
    (closure,) = session.exec(select(Closure)).all()
    with pytest.raises(WrongState, match="busy calendar"):
        remove_closure(session, actor=scene.by_manager, now=NOW, closure_id=closure.id)


def test_add__one_above_the_most__is_refused(session: Session) -> None:
    scene = a_scene(session)
    for _ in range(MOST_CALENDARS):
        followed(session, scene)
    with pytest.raises(RulesBroken, match="already"):
        followed(session, scene)


def test_refresh__of_an_upload__says_to_upload_again(session: Session) -> None:
    scene = a_scene(session)
    row = followed(session, scene, url=None)
    assert row.due_at is None
    with pytest.raises(WrongState, match="uploaded"):
        services.to_refresh(
            session, actor=scene.by_member, owner=of_member(scene), calendar_id=row.id
        )


def test_every_service__somebody_else__is_refused(session: Session) -> None:
    scene = a_scene(session)
    mine, here = followed(session, scene), closed_by(session, scene)
    for actor in (scene.by_stranger, scene.by_manager, Actor(person_id=scene.manager.id)):
        _refused(session, actor, of_member(scene), mine)
    for actor in (scene.by_stranger, scene.by_member):
        _refused(session, actor, of_resource(scene), here)
        with pytest.raises(NotPermitted):
            services.calendars_at(session, actor=actor, resource_id=scene.resource.id)
    with pytest.raises(NotPermitted):
        services.own_calendars(
            session,
            actor=scene.by_stranger,
            action=Action.PROFILE_SEE,
            person_id=scene.member.id,
        )
    with pytest.raises(NotFound):
        services.remove(
            session, actor=scene.by_member, now=NOW, owner=of_member(scene), calendar_id=here.id
        )


def _refused(session: Session, actor: Actor, owner: Owner, row: BusyCalendar) -> None:
    with pytest.raises(NotPermitted):
        services.add(session, actor=actor, now=NOW, owner=owner, name="", answer=brought())
    with pytest.raises(NotPermitted):
        services.to_refresh(session, actor=actor, owner=owner, calendar_id=row.id)
    with pytest.raises(NotPermitted):
        services.remove(session, actor=actor, now=NOW, owner=owner, calendar_id=row.id)


def test_delete_account__with_busy_calendars__takes_them_and_exports_them_before(
    session: Session,
) -> None:
    scene = a_scene(session)
    followed(session, scene, span(0, 60))
    held = personal.export(session, actor=scene.by_member, person_id=scene.member.id)
    (calendar,) = held["busy_calendars"]
    assert calendar["url"] == URL
    assert len(calendar["busy_times"]) == 1
    personal.delete_account(session, actor=scene.by_member, now=NOW, person_id=scene.member.id)
    assert not session.exec(select(BusyCalendar)).all()
    assert not session.exec(select(BusyTime)).all()


def test_conflicts__a_booking_that_only_touches__is_none(session: Session) -> None:
    scene = a_scene(session)
    closed_by(session, scene, span(60, 120))
    a_booking(session, scene.resource, scene.project, at(0), at(60))
    inside = a_booking(session, scene.resource, scene.project, at(119), at(180))
    found = reads.conflicts(session, scene.resource.id, now=NOW, limit=9)
    assert [each.booking_id for each in found] == [inside.id]
