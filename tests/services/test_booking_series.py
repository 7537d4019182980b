"""Series: which dates are booked, which are refused, and what is left behind."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Actor
from booking.engine.repetition import Every, Repetition
from booking.errors import Malformed, NotFound, NotPermitted, RulesBroken
from booking.models import Booking, BookingSeries, Event
from booking.services.booking_series import MOST_WITH_ALTERNATIVES, SeriesOutcome, book_series
from booking.services.bookings import NewBooking
from tests.builders import NOW, a_closure
from tests.scenes import DOMAIN, Scene, a_scene, at, booked

DAY = timedelta(days=1)


def series(
    session: Session,
    scene: Scene,
    new: NewBooking | None = None,
    *,
    repeats: Repetition,
    actor: Actor | None = None,
    **given: Any,
) -> SeriesOutcome:
    return book_series(
        session,
        actor=actor or scene.by_member,
        now=NOW,
        domain=DOMAIN,
        new=new or scene.wish(),
        repeats=repeats,
        **given,
    )


def daily(count: int) -> Repetition:
    return Repetition(Every.DAY, count=count)


def left_behind(session: Session, scene: Scene) -> tuple[int, int]:
    session.flush()
    rows = select(Booking).where(Booking.project_id == scene.project.id)
    of_series = select(BookingSeries).where(BookingSeries.project_id == scene.project.id)
    return len(session.exec(rows).all()), len(session.exec(of_series).all())


def test_book_series__free_time__is_single_bookings_of_one_series(session: Session) -> None:
    scene = a_scene(session)

    outcome = series(session, scene, scene.wish(title="Run"), repeats=daily(3))

    assert [each.starts_at for each in outcome.bookings] == [at(0) + n * DAY for n in range(3)]
    assert {each.series_id for each in outcome.bookings} == {outcome.series_id}
    assert len({each.uid for each in outcome.bookings}) == 3
    assert {each.status for each in outcome.bookings} == {BookingStatus.CONFIRMED}
    assert outcome.refused == ()
    assert left_behind(session, scene) == (3, 1)


def test_book_series__event__names_its_bookings(session: Session) -> None:
    scene = a_scene(session)

    outcome = series(session, scene, repeats=daily(2))

    session.flush()
    events = session.exec(select(Event).where(Event.facility_id == scene.facility.id)).all()
    kinds = sorted(each.kind for each in events)
    assert kinds == ["booking.confirmed", "booking.confirmed", "booking_series.booked"]
    (told,) = [each for each in events if each.kind == "booking_series.booked"]
    assert told.subject_id == outcome.series_id
    assert told.payload["booking_ids"] == [str(each.id) for each in outcome.bookings]
    assert told.payload["repeats"]["count"] == 2


def test_book_series__a_date_taken__is_skipped_with_alternatives(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene, scene.wish(1440, 1500))

    outcome = series(session, scene, repeats=daily(3))

    (refused,) = outcome.refused
    assert len(outcome.bookings) == 2
    assert (refused.starts_at, refused.ends_at) == (at(1440), at(1500))
    assert [each.code for each in refused.violations] == ["taken"]
    assert [each["starts_at"] for each in refused.alternatives][:2] == [
        "2026-11-25T08:00:00Z",
        "2026-11-25T10:00:00Z",
    ]


def test_book_series__alternatives__are_not_the_series_own_times(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene)

    outcome = series(session, scene, repeats=Repetition(Every.DAY, count=2), skip_refused=True)

    times = {each["starts_at"] for each in outcome.refused[0].alternatives}
    assert at(1440).isoformat().replace("+00:00", "Z") not in times


def test_book_series__one_refused_and_none_to_be_skipped__books_none(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene, scene.wish(1440, 1500))

    with pytest.raises(RulesBroken) as error:
        series(session, scene, repeats=daily(3), skip_refused=False)

    assert [each.pointer for each in error.value.violations] == ["/dates/1/starts_at"]
    assert error.value.beside["refused"][0]["starts_at"] == "2026-11-25T09:00:00Z"
    assert left_behind(session, scene) == (1, 0)


def test_book_series__every_date_refused__is_a_refusal(session: Session) -> None:
    scene = a_scene(session)
    a_closure(session, scene.facility.id, at(-600), at(6000))

    with pytest.raises(RulesBroken) as error:
        series(session, scene, repeats=daily(2))
    assert {each.code for each in error.value.violations} == {"closure"}
    assert left_behind(session, scene) == (0, 0)


def test_book_series__trial__tells_and_leaves_nothing(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene, scene.wish(1440, 1500))

    outcome = series(session, scene, repeats=daily(3), dry_run=True, skip_refused=False)

    assert (outcome.series_id, outcome.bookings) == (None, ())
    assert [each.start for each in outcome.dates] == [at(0), at(2880)]
    assert len(outcome.refused) == 1
    assert left_behind(session, scene) == (1, 0)
    assert series(session, scene, repeats=daily(3)).dates == outcome.dates


def test_book_series__limit_at_a_time__counts_its_own_dates(session: Session) -> None:
    scene = a_scene(session, concurrent_per_project=2)

    outcome = series(session, scene, repeats=daily(3))

    assert len(outcome.bookings) == 2
    assert [each.code for each in outcome.refused[0].violations] == ["too_many_for_project"]


def test_book_series__over_the_horizon__is_refused_from_there_on(session: Session) -> None:
    scene = a_scene(session, horizon_days=2)

    outcome = series(session, scene, repeats=daily(4))

    assert [each.start for each in outcome.dates] == [at(0), at(1440)]
    assert {each.violations[0].code for each in outcome.refused} == {"beyond_horizon"}


def test_book_series__summer_time__keeps_the_clock_of_the_facility(session: Session) -> None:
    scene = a_scene(session)
    scene.facility.zone = "Europe/Lisbon"
    session.flush()
    start = datetime(2027, 3, 27, 9, tzinfo=UTC)
    new = scene.wish(starts_at=start, ends_at=start + timedelta(hours=1))

    outcome = series(session, scene, new, repeats=daily(2))

    assert [each.starts_at.hour for each in outcome.bookings] == [9, 8]


def test_book_series__time_the_clock_skips__is_refused_and_the_rest_booked(
    session: Session,
) -> None:
    scene = a_scene(session)
    scene.facility.zone = "Europe/Lisbon"
    session.flush()
    start = datetime(2027, 3, 27, 1, 15, tzinfo=UTC)
    new = scene.wish(starts_at=start, ends_at=start + timedelta(minutes=30))

    outcome = series(session, scene, new, repeats=daily(3))

    (refused,) = outcome.refused
    assert [each.code for each in refused.violations] == ["no_such_time"]
    assert refused.starts_at == refused.ends_at == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert refused.alternatives[0]["starts_at"] == "2027-03-28T01:00:00Z"
    assert len(outcome.bookings) == 2


def test_book_series__many_refused__looks_for_alternatives_to_the_first(
    session: Session,
) -> None:
    scene = a_scene(session, horizon_days=3)

    outcome = series(session, scene, repeats=daily(30))

    with_some = [bool(each.alternatives) for each in outcome.refused]
    assert with_some == [True] * MOST_WITH_ALTERNATIVES + [False] * (27 - MOST_WITH_ALTERNATIVES)


@pytest.mark.parametrize(
    ("repeats", "code"),
    [
        (Repetition(Every.DAY), "count_or_until"),
        (Repetition(Every.DAY, count=201), "too_many_dates"),
        (Repetition(Every.WEEK, 52, until=date(2099, 1, 1)), "value_error"),
    ],
)
def test_book_series__senseless__is_malformed(
    session: Session, repeats: Repetition, code: str
) -> None:
    scene = a_scene(session)

    with pytest.raises(Malformed) as error:
        series(session, scene, repeats=repeats)
    assert [each.code for each in error.value.violations] == [code]


def test_book_series__by_a_stranger_or_of_nothing__is_refused(session: Session) -> None:
    scene = a_scene(session)

    with pytest.raises(NotPermitted):
        series(session, scene, repeats=daily(2), actor=scene.by_stranger)
    with pytest.raises(NotPermitted):
        series(session, scene, scene.wish(waiver="Please"), repeats=daily(2))
    with pytest.raises(NotFound):
        series(session, scene, scene.wish(resource_id=uuid4()), repeats=daily(2))
