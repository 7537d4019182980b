"""What happens on many resources within a period: in few queries, and names for few."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import event
from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus, ResourceState
from booking.engine.permissions import ANONYMOUS, Role
from booking.queries.month import own_bookings, times_of_facility, times_of_resource
from booking.queries.people import actor_of
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
    opening_hours,
)
from tests.pages.furniture import a_call
from tests.scenes import a_scene, at

DECEMBER = Interval(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
WEEK = Interval(at(-24 * 60), at(6 * 24 * 60))


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Collect the statements that the block sends."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        sent.append(text)

    bind = session.connection()
    event.listen(bind, "before_cursor_execute", note)
    yield sent
    event.remove(bind, "before_cursor_execute", note)


def test_facility__many_bookings__three_queries_whatever_their_number(session: Session) -> None:
    place = a_facility(session)
    project = a_project(session)
    for number in range(4):
        resource = a_resource(session, place.id, name=f"Instrument {number}")
        for day in range(5):
            start = DECEMBER.start + timedelta(days=day)
            a_booking(session, resource, project, start, start + timedelta(hours=2))
    session.flush()
    with statements(session) as sent:
        page = times_of_facility(
            session, place.id, viewer=ANONYMOUS, within=DECEMBER, now=NOW, limit=40
        )
    assert len(sent) == 3
    assert [len(each.taken) for each in page.items] == [5] * 4


def test_facility__more_than_a_page__next_begins_after_it(session: Session) -> None:
    place = a_facility(session)
    for name in ("alpha", "Beta", "gamma"):
        a_resource(session, place.id, name=name)
    a_resource(session, place.id, name="hidden", state=ResourceState.DRAFT)
    asked = {"viewer": ANONYMOUS, "within": DECEMBER, "now": NOW, "limit": 2}
    first = times_of_facility(session, place.id, **asked)  # type: ignore[arg-type]
    rest = times_of_facility(session, place.id, cursor=first.next, **asked)  # type: ignore[arg-type]
    assert [each.line.name for each in first.items] == ["alpha", "Beta"]
    assert ([each.line.name for each in rest.items], rest.next) == (["gamma"], None)


def test_resource__names__only_for_those_who_may_see_the_booking(session: Session) -> None:
    scene = a_scene(session)
    a_booking(session, scene.resource, scene.project, at(0), at(60), title="Secret run")
    auditor = a_person(session)
    a_role(session, auditor.id, Role.AUDITOR)
    seeing = {
        "stranger": scene.by_stranger,
        "nobody": ANONYMOUS,
        "member": scene.by_member,
        "manager": scene.by_manager,
        "auditor": actor_of(session, auditor.id),
    }
    titles = {}
    for who, viewer in seeing.items():
        times = times_of_resource(session, scene.resource.id, viewer=viewer, within=WEEK, now=NOW)
        assert times is not None
        (taken,) = times.taken
        titles[who] = (taken.title, taken.id is not None, bool(taken.person_name))
    hidden, shown = ("", False, False), ("Secret run", True, True)
    assert titles == {
        "stranger": hidden,
        "nobody": hidden,
        "member": shown,
        "manager": shown,
        "auditor": shown,
    }


def test_resource__closures_rounds_and_hours__only_those_that_are_its_own(
    session: Session,
) -> None:
    scene = a_scene(session)
    other = a_resource(session, scene.facility.id)
    opening_hours(session, scene.facility.id, time(8), time(17))
    opening_hours(session, scene.facility.id, time(9), time(10), resource_id=other.id)
    a_closure(session, scene.facility.id, at(0), at(60), reason="All")
    a_closure(session, scene.facility.id, at(0), at(60), resource_id=other.id, reason="Other")
    a_call(session, scene.facility.id)
    late = Interval(NOW + timedelta(days=59), NOW + timedelta(days=66))
    here = times_of_resource(session, scene.resource.id, viewer=ANONYMOUS, within=WEEK, now=NOW)
    then = times_of_resource(session, scene.resource.id, viewer=ANONYMOUS, within=late, now=NOW)
    assert here is not None
    assert then is not None
    assert [each.reason for each in here.closed] == ["All"]
    assert max(end - start for start, end in here.open) == 9 * 3600
    assert (here.kept, [each.name for each in then.kept]) == ((), ["Spring call"])


def test_resource__ended_or_cancelled__not_taken(session: Session) -> None:
    scene = a_scene(session)
    a_booking(session, scene.resource, scene.project, at(0), at(60), status=BookingStatus.CANCELLED)
    a_booking(session, scene.resource, scene.project, WEEK.end, WEEK.end + timedelta(hours=1))
    times = times_of_resource(session, scene.resource.id, viewer=ANONYMOUS, within=WEEK, now=NOW)
    assert times is not None
    assert times.taken == ()


def test_own_bookings__mine_or_a_projects__and_nobody_elses(session: Session) -> None:
    scene = a_scene(session)
    mine = a_booking(session, scene.resource, scene.project, at(0), at(60))
    a_booking(session, scene.resource, a_project(session), at(120), at(180))
    found = own_bookings(session, viewer=scene.by_member, within=WEEK)
    assert [each.id for each in found] == [mine.id]
    of_project = own_bookings(
        session, viewer=scene.by_manager, within=WEEK, project_id=scene.project.id
    )
    assert [each.id for each in of_project] == [mine.id]
    assert own_bookings(session, viewer=scene.by_stranger, within=WEEK) == ()
    assert (
        own_bookings(session, viewer=scene.by_stranger, within=WEEK, project_id=scene.project.id)
        == ()
    )
