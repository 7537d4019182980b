"""Import of catalogue files: dirty bytes, repeats, reports; and export of what came in."""

import csv
import io
import json
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.catalogue_files import uniquip
from booking.engine.lifecycle import ResourceState
from booking.engine.permissions import SYSTEM
from booking.errors import Malformed
from booking.models import Facility, Resource
from booking.queries.catalogue import resources_of
from booking.services.catalogue import edit_resource
from booking.services.catalogue_export import ExportFormat, export_catalogue
from booking.services.catalogue_import import ImportFormat, ImportReport, Outcome, import_catalogue
from booking.services.decoding import LARGEST_FILE, decode
from tests.builders import NOW, a_booking, a_facility, a_resource
from tests.scenes import a_scene, at

DIRTY = (
    "Name,Description,Department,Contact Telephone,Building\r"
    "Café oven,Röntgen “tube” for Müller\N{RIGHT SINGLE QUOTATION MARK}s lab,"
    "Génie,020 7946 0000,West\r"
    "Confocal microscop,Cut at twenty,Génie,+44 20 7946 0001,West\r"
    "Confocal microscop,Cut at twenty,Génie,,East\r"
    "Café oven,the same again,Génie,,West\r"
    "UNKNOWN,,Génie,,\r"
    'Broken,"row,without end\r'
    "Séquenceur,,Génie,,West\r"
)


def imported(
    session: Session, facility: Facility, content: str | bytes, form: str = "uniquip", **given: Any
) -> ImportReport:
    return import_catalogue(
        session,
        actor=SYSTEM,
        now=NOW,
        facility_id=facility.id,
        content=content.encode() if isinstance(content, str) else content,
        form=ImportFormat(form),
        **given,
    )


def exported(session: Session, facility: Facility, form: str) -> str:
    return export_catalogue(
        session,
        actor=SYSTEM,
        facility_id=facility.id,
        form=ExportFormat(form),
        base_url="https://bench.example.org",
    )


def outcomes(report: ImportReport) -> dict[int, str]:
    return {each.row: each.outcome.value for each in report.rows}


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def only(session: Session, facility: Facility) -> Resource:
    (row,) = resources_of(session, facility.id)
    return row


def test_import__dirty_mac_roman_file__reports_each_row(session: Session) -> None:
    facility = a_facility(session)
    report = imported(session, facility, DIRTY.encode("mac_roman"))
    assert report.encoding == "mac_roman"
    taken = {2: "created", 3: "created", 4: "created", 8: "created"}
    assert outcomes(report) == taken | {5: "refused", 6: "refused", 7: "refused"}
    names = {each.name for each in resources_of(session, facility.id)}
    assert names == {"Café oven", "Confocal microscop", "Séquenceur"}


def test_import__again__changes_nothing(session: Session) -> None:
    facility = a_facility(session)
    imported(session, facility, DIRTY.encode("mac_roman"))
    again = imported(session, facility, DIRTY.encode("mac_roman"))
    assert again.counts[Outcome.UNCHANGED] == 4
    assert again.counts[Outcome.CREATED] == again.counts[Outcome.UPDATED] == 0
    assert len(resources_of(session, facility.id)) == 4


def test_export__of_an_imported_file__gives_back_what_came_in(session: Session) -> None:
    facility = a_facility(session)
    imported(session, facility, DIRTY.encode("mac_roman"))
    rows = cells(exported(session, facility, "uniquip"))
    lines = cells(DIRTY.split("Café oven,the same", maxsplit=1)[0].replace("\r", "\n"))
    assert rows[: len(lines)] == lines
    assert rows[-1][0] == "Séquenceur"


def test_import__row_changed_in_the_file__is_updated(session: Session) -> None:
    facility = a_facility(session)
    imported(session, facility, "ID,Name\n1,Lathe\n")
    report = imported(session, facility, "ID,Name\n1,Big lathe\n")
    assert outcomes(report) == {2: "updated"}
    assert only(session, facility).name == "Big lathe"


def test_import__edited_here_since__keeps_the_edit(session: Session) -> None:
    facility = a_facility(session)
    imported(session, facility, "ID,Name\n1,Lathe\n")
    edit_resource(
        session,
        actor=SYSTEM,
        now=NOW,
        resource_id=only(session, facility).id,
        changes={"name": "Mine"},
    )
    assert outcomes(imported(session, facility, "ID,Name\n1,Lathe\n")) == {2: "unchanged"}
    assert cells(exported(session, facility, "uniquip"))[1] == ["1", "Mine"]


def test_import__dry_run__writes_nothing(session: Session) -> None:
    facility = a_facility(session)
    report = imported(session, facility, "ID,Name\n1,Lathe\n", dry_run=True)
    assert outcomes(report) == {2: "created"}
    assert resources_of(session, facility.id) == []


def test_import__as_drafts__publishes_nothing(session: Session) -> None:
    facility = a_facility(session)
    imported(session, facility, "ID,Name\n1,Lathe\n", state=ResourceState.DRAFT)
    assert only(session, facility).state is ResourceState.DRAFT


def test_import__own_resource_exported_to_uniquip__is_not_doubled(session: Session) -> None:
    facility = a_facility(session)
    a_resource(session, facility.id)
    again = imported(session, facility, exported(session, facility, "uniquip"))
    assert outcomes(again) == {2: "unchanged"}


def test_import__formula__is_escaped_on_its_way_out_alone(session: Session) -> None:
    facility = a_facility(session)
    imported(session, facility, "ID,Name\n1,=cmd()\n")
    assert only(session, facility).name == "=cmd()"
    text = exported(session, facility, "uniquip")
    assert cells(text)[1] == ["1", "'=cmd()"]
    assert outcomes(imported(session, facility, text)) == {2: "unchanged"}


def test_import__own_json__is_lossless_into_another_facility(session: Session) -> None:
    first, second = a_facility(session), a_facility(session)
    imported(session, first, DIRTY.encode("mac_roman"))
    a_resource(session, first.id, capacity=7, measured_variables=["température"])
    text = exported(session, first, "json")
    report = imported(session, second, text, "json")
    assert report.counts[Outcome.CREATED] == 5
    assert (
        json.loads(exported(session, second, "json"))["resources"]
        == (json.loads(text)["resources"])
    )
    assert imported(session, first, text, "json").counts[Outcome.UNCHANGED] == 5


def test_import__own_json_with_facility__changes_it_and_its_hours(session: Session) -> None:
    facility = a_facility(session)
    hours = [{"weekday": 0, "opens": "09:00", "closes": "17:00"}]
    entry = {"name": "Lathe", "kind": "tool", "opening_hours": hours, "state": "draft"}
    text = json.dumps(
        {
            "format": "benchshare-catalogue/1",
            "facility": {"description": "New", "opening_hours": hours},
            "resources": [entry],
        }
    )
    report = imported(session, facility, text, "json")
    assert report.facility_changed == ("description", "opening_hours")
    assert only(session, facility).state is ResourceState.DRAFT
    found = json.loads(exported(session, facility, "json"))
    assert found["facility"]["opening_hours"] == hours
    assert found["resources"][0]["opening_hours"] == hours


def test_import__capacity_below_what_is_booked__refuses_the_row(session: Session) -> None:
    scene = a_scene(session, capacity=5, source="json", source_key="k")
    a_booking(session, scene.resource, scene.project, at(0), at(60), quantity=3)
    entry = {"name": "Lathe", "kind": "tool", "capacity": 2, "source": "json", "source_key": "k"}
    text = json.dumps({"format": "benchshare-catalogue/1", "resources": [entry]})
    (row,) = imported(session, scene.facility, text, "json").rows
    assert row.outcome is Outcome.REFUSED
    assert "2026-11-24 09:00 UTC" in row.reason


def test_import__osg__publishes_the_active_ones(session: Session) -> None:
    facility = a_facility(session)
    entries = [
        {"resource": "A", "services": ["Squid"], "active": True, "country": "Russia"},
        {"resource": "B", "services": ["CE"], "active": False, "country": "US"},
        {"resource": "C", "services": ["New kind"], "active": True, "country": None},
    ]
    report = imported(session, facility, json.dumps(entries), "osg")
    assert outcomes(report) == {1: "created", 2: "refused", 3: "created"}
    kinds = {each.name: each.kind for each in resources_of(session, facility.id)}
    assert kinds == {"A": "web cache", "C": "New kind"}


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"", "uniquip"),
        (b"apples\n", "uniquip"),
        (b"{", "osg"),
        (b"[]", "json"),
        (b"a" * (LARGEST_FILE + 1), "uniquip"),
        (b"Name\n" + b"Lathe\n" * 50_001, "uniquip"),
    ],
)
def test_import__unreadable_file__is_malformed(session: Session, content: bytes, form: str) -> None:
    with pytest.raises(Malformed):
        imported(session, a_facility(session), content, form)


@pytest.mark.parametrize("form", ["datacite", "dcat"])
def test_export__for_harvesters__names_what_is_published(session: Session, form: str) -> None:
    facility = a_facility(session)
    a_resource(session, facility.id, name="Seen", persistent_identifier="10.1/x")
    a_resource(session, facility.id, name="Remote", access_by="virtual", description="Text")
    a_resource(session, facility.id, name="Hidden", state=ResourceState.DRAFT)
    text = exported(session, facility, form)
    assert json.loads(text)
    assert "Seen" in text
    assert "Hidden" not in text


@pytest.mark.parametrize("encoding", ["mac_roman", "cp1252"])
@pytest.mark.parametrize(
    "text",
    [
        "Café, Zürich, Señor Núñez",
        "Schrödinger Köln Straße",
        "Men\N{RIGHT SINGLE QUOTATION MARK}s “quoted” \N{EN DASH} dash, 20°C ±2 µm",
        "García\N{RIGHT SINGLE QUOTATION MARK}s España, François",
        "Ångström Ørsted Émile Ölçü",
        "García Martínez",
    ],
)
def test_decode__old_encoding__is_told_apart(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert found.text == text
    assert found.encoding == encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_decode__unicode__is_read_without_its_mark(encoding: str) -> None:
    assert decode("Name,Größe".encode(encoding)).text == "Name,Größe"


def test_write__no_resources__is_the_standard_header(session: Session) -> None:
    assert cells(exported(session, a_facility(session), "uniquip")) == [list(uniquip.COLUMNS)]
