"""Closures from a file: every row by its number, once, and nobody displaced for nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import ClosureKind
from booking.errors import Malformed
from booking.models import Booking, Closure, Event, Facility
from booking.services.closures_import import ClosuresReport, import_closures
from tests.builders import NOW, a_booking, a_closure, a_resource
from tests.scenes import a_scene, at

HEADER = "resource,starts_at,ends_at,reason,severity\n"


def closed(session: Session, facility: Facility, text: str | bytes, **given: Any) -> ClosuresReport:
    return import_closures(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=facility.id,
        content=text.encode() if isinstance(text, str) else text,
        **given,
    )


def outcomes(report: ClosuresReport) -> dict[int, str]:
    return {each.row: str(each.outcome) for each in report.rows}


def test_import_closures__good_and_bad_rows__by_number_and_once(session: Session) -> None:
    scene = a_scene(session, name="Lathe")
    booking = a_booking(session, scene.resource, scene.project, at(0), at(60))
    text = HEADER + (
        "Lathe,2026-11-24T09:00:00Z,2026-11-24T10:00:00Z,laser,Outage\n"
        ",2026-12-24T00:00:00+03:00,2026-12-26T00:00:00+03:00,holidays,holiday\n"
        "Mill,2026-12-24T00:00:00Z,2026-12-26T00:00:00Z,,\n"
        "Lathe,,2026-12-26T00:00:00Z,,\n"
        "Lathe,2026-12-26T00:00:00Z,2026-12-24T00:00:00Z,,\n"
        "Lathe,2026-12-24T00:00:00Z,2099-12-24T00:00:00Z,,\n"
        "Lathe,2026-10-24T00:00:00Z,2026-10-25T00:00:00Z,,\n"
        "Lathe,20261224,20261225,,\n"
        "Lathe,2026-12-24T00:00:00Z,2026-12-26T00:00:00Z,,purple\n"
    )

    done = closed(session, scene.facility, text)

    assert outcomes(done) == {2: "created", 3: "created"} | dict.fromkeys(range(4, 11), "refused")
    assert [each.booking_id for each in done.displaced] == [booking.id]
    mends = [
        "its id",
        "no date-time",
        "after the start",
        "its year",
        "was over",
        "write it",
        "purple",
    ]
    for row, mend in zip(done.rows[2:], mends, strict=True):
        assert mend in row.reason
    again = closed(session, scene.facility, text)
    assert set(outcomes(again).values()) == {"unchanged", "refused"}
    assert not again.displaced
    changed = closed(session, scene.facility, text.replace("laser", "new laser"))
    assert outcomes(changed)[2] == "updated"


@pytest.mark.parametrize(
    ("zone", "written", "begins", "mends"),
    [
        ("Africa/Nairobi", "2026-12-01T09:00", "2026-12-01T06:00Z", ()),
        ("Africa/Nairobi", "2026-12-01T09:00Z", "2026-12-01T09:00Z", ()),
        ("Europe/Berlin", "2027-03-28 01:59", "2027-03-28T00:59Z", ()),
        ("Europe/Berlin", "2027-03-28 02:00", "", ("skipped", "2027-03-28T03:00:00+02:00")),
        ("Europe/Berlin", "2027-03-28 03:00", "2027-03-28T01:00Z", ()),
        ("Europe/Berlin", "2027-10-31 01:59", "2027-10-30T23:59Z", ()),
        (
            "Europe/Berlin",
            "2027-10-31 02:00",
            "",
            ("twice", "2027-10-31T02:00:00+02:00", "2027-10-31T02:00:00+01:00"),
        ),
        ("Europe/Berlin", "2027-10-31 03:00", "2027-10-31T02:00Z", ()),
        ("Europe/Berlin", "0001-01-01", "", ("its year",)),
        ("Africa/Nairobi", "soon", "", ("2026-12-01T09:00,", "2026-12-01T09:00:00+03:00")),
    ],
)
def test_import_closures__time_without_offset__is_on_the_facilitys_clock(
    session: Session, zone: str, written: str, begins: str, mends: tuple[str, ...]
) -> None:
    scene = a_scene(session, name="Lathe")
    scene.facility.zone = zone
    ends = "2027-11-02T00:00Z" if "2027" in written else "2026-12-02T00:00Z"

    done = closed(session, scene.facility, f"{HEADER}Lathe,{written},{ends},x,\n")

    starts = [each.starts_at for each in session.exec(select(Closure)).all()]
    assert starts == [datetime.fromisoformat(each) for each in [begins] if each]
    assert bool(starts) is not bool(done.rows[0].reason)
    for words in mends:
        assert words in done.rows[0].reason


def test_import_closures__row_with_many_faults__names_each(session: Session) -> None:
    scene = a_scene(session, name="Lathe")
    done = closed(session, scene.facility, f"{HEADER}Mill,soon,later,x,purple\n")
    for words in ("'soon'", "'later'", "'purple'", "no resource 'Mill'", "severe", "minor"):
        assert words in done.rows[0].reason


def test_import_closures__same_file_again__writes_nothing(session: Session) -> None:
    scene = a_scene(session, name="Lathe")
    text = HEADER + (
        "Lathe,2026-11-24T09:00:00Z,2026-11-24T10:00:00Z,laser,Outage\n"
        "lathe ,2026-11-24T12:00:00+03:00,2026-11-24T13:00:00+03:00,pump,Severe\n"
    )
    first = closed(session, scene.facility, text)
    events = len(session.exec(select(Event)).all())

    again = closed(session, scene.facility, text)

    assert outcomes(first) == {2: "created", 3: "skipped"}
    assert outcomes(again) == {2: "unchanged", 3: "skipped"}
    assert len(session.exec(select(Event)).all()) == events


@pytest.mark.parametrize(
    ("severity", "outcome", "kind"),
    [
        ("Outage", "created", ClosureKind.OUTAGE),
        ("Outage (completely inaccessible)", "created", ClosureKind.OUTAGE),
        ("Severe", "created", ClosureKind.OUTAGE),
        ("", "created", ClosureKind.MAINTENANCE),
        ("Intermittent", "skipped", None),
        ("Intermittent Outage (may be up for some of the time)", "skipped", None),
        ("No Significant Outage Expected", "skipped", None),
    ],
)
def test_import_closures__severity_of_a_downtime_list__closes_only_what_is_down(
    session: Session, severity: str, outcome: str, kind: ClosureKind | None
) -> None:
    scene = a_scene(session, name="Lathe")
    booking = a_booking(session, scene.resource, scene.project, at(0), at(60))

    done = closed(session, scene.facility, f"{HEADER}Lathe,{at(0)},{at(15)},x,{severity}\n")

    assert outcomes(done) == {2: outcome}
    assert [each.kind for each in session.exec(select(Closure)).all()] == [kind] * bool(kind)
    stays = booking.status is BookingStatus.CONFIRMED
    assert stays is (kind is None)
    assert bool(done.rows[0].reason) is (kind is None)


@pytest.mark.parametrize(
    ("begins", "ends", "outcome"),
    [
        (-60, 1, "created"),
        (-60, 0, "refused"),
        (-120, -60, "refused"),
        (-73 * 366 * 1440, 60, "refused"),
    ],
)
def test_import_closures__that_began_before__taken_while_it_runs(
    session: Session, begins: int, ends: int, outcome: str
) -> None:
    scene = a_scene(session, name="Lathe")
    start, end = (NOW + timedelta(minutes=each) for each in (begins, ends))

    done = closed(session, scene.facility, f"{HEADER}Lathe,{start},{end},x,\n")

    assert outcomes(done) == {2: outcome}


@pytest.mark.parametrize(
    "text",
    [
        "Instrument;Start Time;End Time;Description\nL\u00e4the;{0};{1};P\u00fcmpe\n",
        "RESOURCE\tSTART-TIME\tEND-TIME\nL\u00e4the\t{0}\t{1}\n",
        "resourcename,starttime,endtime\nL\u00e4the,Nov 24, 2026 09:00 +0000,x\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_import_closures__headers_and_encodings__are_understood(
    session: Session, text: str, encoding: str
) -> None:
    scene = a_scene(session, name="L\u00e4the")
    text = text.replace("Nov 24, 2026 09:00 +0000,x", '"Nov 24, 2026 09:00 +0000",{1}')

    done = closed(
        session, scene.facility, text.format("2026-11-24 09:00 UTC", at(60)).encode(encoding)
    )

    assert outcomes(done) == {2: "created"}, done.rows
    row = session.exec(select(Closure)).one()
    assert (row.starts_at, row.ends_at) == (at(0), at(60))


@pytest.mark.parametrize("header", ["resource,reason", "resource,starts_at", "resource,ends_at"])
def test_import_closures__without_a_time_column__is_refused_with_its_name(
    session: Session, header: str
) -> None:
    scene = a_scene(session)
    with pytest.raises(Malformed, match=r"column says when|names no column"):
        closed(session, scene.facility, f"{header}\nx,y\n")


def test_import_closures__dry_run__reports_and_writes_nothing(session: Session) -> None:
    scene = a_scene(session, name="Lathe")
    booking = a_booking(session, scene.resource, scene.project, at(0), at(60))

    done = closed(session, scene.facility, f"{HEADER}Lathe,{at(0)},{at(15)},x,\n", dry_run=True)

    assert (outcomes(done), done.dry_run) == ({2: "created"}, True)
    assert [each.booking_id for each in done.displaced] == [booking.id]
    assert done.displaced[0].alternatives
    assert session.exec(select(Closure)).all() == []
    assert session.exec(select(Event)).all() == []
    assert booking.status is BookingStatus.CONFIRMED


def test_import_closures__two_resources_of_one_name__asks_for_the_id(session: Session) -> None:
    scene = a_scene(session, name="Lathe")
    other = a_resource(session, scene.facility.id, name="Lathe")
    rows = f"Lathe,{at(0)},{at(15)},x,\n{other.id},{at(0)},{at(15)},x,\n"

    done = closed(session, scene.facility, HEADER + rows)

    assert outcomes(done) == {2: "refused", 3: "created"}
    assert "2 resources are named" in done.rows[0].reason


def test_import_closures__of_an_estimated_date__makes_it_certain(session: Session) -> None:
    scene = a_scene(session)
    a_booking(session, scene.resource, scene.project, at(0), at(60))
    row = a_closure(
        session, scene.facility.id, at(0), at(60), estimated=True, kind=ClosureKind.HOLIDAY
    )

    done = closed(session, scene.facility, f"{HEADER},{at(0)},{at(60)},Eid,holiday\n")

    assert (outcomes(done), row.estimated) == ({2: "updated"}, False)
    assert len(done.displaced) == 1


def test_import_closures__many_windows__one_event_each_and_one_sweep(session: Session) -> None:
    scene = a_scene(session, name="Lathe")
    booking = a_booking(session, scene.resource, scene.project, at(0), at(60))
    start = datetime(2026, 11, 24, tzinfo=UTC)
    rows = "".join(
        f"Lathe,{start + timedelta(hours=each)},{start + timedelta(hours=each + 1)},x,\n"
        for each in range(300)
    )

    done = closed(session, scene.facility, HEADER + rows)

    kinds = [each.kind for each in session.exec(select(Event)).all()]
    assert kinds.count(EventKind.CLOSURE_ADDED) == 300
    assert kinds.count(EventKind.BOOKING_DISPLACED) == 1
    assert [each.booking_id for each in done.displaced] == [booking.id]
    assert session.exec(select(Booking)).first() is not None
