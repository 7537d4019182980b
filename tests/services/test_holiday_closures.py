"""Holidays are proposed; adopted ones close the facility's own day, estimates displace nobody."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import ClosureKind
from booking.errors import Malformed, NotPermitted, RulesBroken
from booking.models import Closure
from booking.reference.holiday_calendar import holidays_in, knows_holidays_of, regions_of
from booking.services.catalogue import edit_facility
from booking.services.holiday_closures import (
    Adopted,
    HolidayProposal,
    adopt_holidays,
    holiday_proposals,
)
from tests.builders import NOW, a_booking, a_facility
from tests.scenes import Scene, a_scene

CHRISTMAS = date(2026, 12, 25)


def proposed(session: Session, scene: Scene, year: int = 2027) -> dict[date, HolidayProposal]:
    found = holiday_proposals(
        session, actor=scene.by_manager, now=NOW, facility_id=scene.facility.id, year=year
    )
    return {each.on: each for each in found}


def adopted(session: Session, scene: Scene, *dates: date, dry_run: bool = False) -> Adopted:
    return adopt_holidays(
        session,
        actor=scene.by_manager,
        now=NOW,
        facility_id=scene.facility.id,
        dates=dates,
        dry_run=dry_run,
    )


def test_holidays_in__islamic_date__is_marked_and_its_mark_not_in_the_name() -> None:
    found = {each.on: each for each in holidays_in("KE", "", 2027)}
    eid = next(each for each in found.values() if "Eid" in each.name)
    assert (eid.estimated, "estimated" in eid.name) == (True, False)
    assert not found[date(2027, 12, 25)].estimated
    assert found[date(2027, 12, 25)].category == "public"


def test_holidays_in__shared_with_a_certain_one__is_certain() -> None:
    found = {each.on: each for each in holidays_in("KM", "", 2027)}
    assert "Christmas" in found[date(2027, 12, 25)].name
    assert not found[date(2027, 12, 25)].estimated


def test_regions__differ_within_a_country() -> None:
    assert regions_of("DE")["BY"] == "Bayern"
    epiphany = date(2027, 1, 6)
    assert epiphany in {each.on for each in holidays_in("DE", "BY", 2027)}
    assert epiphany not in {each.on for each in holidays_in("DE", "", 2027)}
    with pytest.raises(ValueError, match="no region"):
        holidays_in("DE", "XX", 2027)
    assert not knows_holidays_of("ZZ")
    assert (holidays_in("ZZ", "", 2027), dict(regions_of("ZZ"))) == ((), {})


def test_adopt__a_certain_one__closes_the_local_day_and_displaces(session: Session) -> None:
    scene = a_scene(session)
    last = datetime(2026, 12, 25, 20, tzinfo=UTC)
    within = a_booking(session, scene.resource, scene.project, last, last + timedelta(hours=1))
    a_booking(
        session,
        scene.resource,
        scene.project,
        last + timedelta(hours=1),
        last + timedelta(hours=2),
    )

    done = adopted(session, scene, CHRISTMAS)

    (row,) = done.closures
    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 12, 24, 21, tzinfo=UTC),
        datetime(2026, 12, 25, 21, tzinfo=UTC),
    )
    assert (row.kind, row.estimated, row.reason) == (ClosureKind.HOLIDAY, False, "Christmas Day")
    assert [each.booking_id for each in done.displacement.displaced] == [within.id]
    assert proposed(session, scene, 2026)[CHRISTMAS].closure_id == row.id


def test_adopt__again__adds_nothing(session: Session) -> None:
    scene = a_scene(session)
    adopted(session, scene, CHRISTMAS)

    again = adopted(session, scene, CHRISTMAS, CHRISTMAS)

    assert (again.closures, again.already) == ((), (CHRISTMAS,))
    assert len(session.exec(select(Closure)).all()) == 1


def test_adopt__estimated__displaces_none(session: Session) -> None:
    scene = a_scene(session)
    eid = next(each for each in proposed(session, scene).values() if each.estimated)
    a_booking(
        session,
        scene.resource,
        scene.project,
        eid.starts_at,
        eid.starts_at + timedelta(hours=1),
    )

    done = adopted(session, scene, eid.on)

    assert done.closures[0].estimated
    assert done.displacement.displaced == ()
    assert len(done.displacement.staying) == 1


def test_adopt__dry_run__leaves_nothing(session: Session) -> None:
    scene = a_scene(session)
    assert len(adopted(session, scene, CHRISTMAS, dry_run=True).closures) == 1
    assert session.exec(select(Closure)).all() == []


def test_adopt__no_holiday_or_over__is_refused_with_its_place(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Malformed) as unknown:
        adopted(session, scene, CHRISTMAS, date(2026, 12, 24), date(9999, 1, 1))
    assert [each.pointer for each in unknown.value.violations] == ["/dates/1", "/dates/2"]
    with pytest.raises(RulesBroken):
        adopted(session, scene, date(2026, 10, 20))
    assert session.exec(select(Closure)).all() == []


def test_proposals__year_unknown_or_no_right__are_refused(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Malformed):
        proposed(session, scene, 1999)
    with pytest.raises(NotPermitted):
        holiday_proposals(
            session, actor=scene.by_member, now=NOW, facility_id=scene.facility.id, year=2027
        )


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 5, 1), 24)]
)
def test_adopt__day_of_a_clock_change__is_as_long_as_the_clock_says(
    session: Session, on: date, hours: int
) -> None:
    facility = a_facility(session, country="DE", zone="Europe/Berlin", holiday_region="BB")
    found = holiday_proposals(session, actor=SYSTEM, now=NOW, facility_id=facility.id, year=2027)
    day = {each.on: each for each in found}[on]
    assert day.ends_at - day.starts_at == timedelta(hours=hours)


def test_edit_facility__region__must_be_one_of_its_country(session: Session) -> None:
    facility = a_facility(session, country="DE", zone="Europe/Berlin")

    def edited(**changes: str) -> None:
        edit_facility(session, actor=SYSTEM, now=NOW, facility_id=facility.id, changes=changes)

    edited(holiday_region="BY")
    assert facility.holiday_region == "BY"
    for wrong in ({"holiday_region": "XX"}, {"country": "KE"}):
        with pytest.raises(Malformed) as refused:
            edited(**wrong)
        assert [each.code for each in refused.value.violations] == ["region_unknown"]
    edited(country="KE", holiday_region="")
