"""OSG topology and our own JSON."""

import json
from datetime import time
from typing import Any

import pytest

from booking.engine.catalogue_files import osg, own_json
from booking.engine.catalogue_files.drafts import FileUnreadable, ResourceDraft, Row, RowRefused
from booking.engine.opening import WeeklyHours
from booking.reference.countries import country_code

SERVICE = {"resource": "ALPHA-CE", "services": ["CE"], "active": True, "country": "USA"}


def osg_rows(*entries: Any) -> tuple[Row, ...]:
    return osg.read(json.dumps(entries), find_country=country_code)


def reason_of(row: Row) -> str:
    assert isinstance(row, RowRefused)
    return row.reason


def own_rows(*entries: Any) -> tuple[Row, ...]:
    text = json.dumps({"format": own_json.FORMAT, "resources": entries})
    return own_json.read(text).rows


def test_read_osg__active_service__is_a_virtual_resource() -> None:
    (row,) = osg_rows({**SERVICE, "ownership_percent": {"CMS": 60, "ATLAS": 30}})
    assert isinstance(row, ResourceDraft)
    assert (row.name, row.values["kind"]) == ("ALPHA-CE", "compute cluster")
    assert (row.values["country"], row.values["access_by"]) == ("US", "virtual")
    assert row.imported is not None
    assert row.imported["entry"]["ownership_percent"] == {"CMS": 60, "ATLAS": 30}


def test_read_osg__spellings_of_one_country__give_one_code() -> None:
    spellings = ["United States", "USA", "US", "United States of America", None]
    rows = osg_rows(
        *({**SERVICE, "resource": str(at), "country": each} for at, each in enumerate(spellings))
    )
    codes = [each.values["country"] for each in rows if isinstance(each, ResourceDraft)]
    assert codes == ["US", "US", "US", "US", ""]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"active": False}, "not active"),
        ({"resource": ""}, "no name"),
        ({"services": []}, "no services"),
        ({"services": "CE"}, "list"),
        ({"country": "Atlantis"}, "Atlantis"),
        ({"city": "half \ud800"}, "half a character"),
        ({"city": "nul \x00"}, "NUL"),
    ],
)
def test_read_osg__faulty_entry__is_refused(change: dict[str, Any], word: str) -> None:
    (row,) = osg_rows({**SERVICE, **change})
    assert word in reason_of(row)


def test_read_osg__object_or_twice_the_same__first_is_taken() -> None:
    text = json.dumps({"resources": [SERVICE, SERVICE, 7]})
    rows = osg.read(text, find_country=country_code)
    assert isinstance(rows[0], ResourceDraft)
    assert "repeats row 1" in reason_of(rows[1])
    assert "not an object" in reason_of(rows[2])


@pytest.mark.parametrize("text", ["", "{", "7", "[" * 100_000, "[" + "9" * 5000 + "]"])
def test_read_osg__no_list_of_resources__is_unreadable(text: str) -> None:
    with pytest.raises(FileUnreadable):
        osg.read(text, find_country=country_code)


def test_read_own__unknown_key__is_refused_by_its_path() -> None:
    (row,) = own_rows({"name": "Lathe", "kind": "tool", "colour": "red"})
    assert "/resources/0/colour" in reason_of(row)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"capacity": 0}, "capacity"),
        ({"capacity": True}, "capacity"),
        ({"grid_minutes": 0}, "grid_minutes"),
        ({"mode": "auction"}, "mode"),
        ({"minimum_minutes": 61, "maximum_minutes": 60}, "shortest booking"),
        ({"maximum_minutes": 14}, "grid of 15"),
        ({"web_address": "javascript:alert(1)"}, "web_address"),
        ({"opening_hours": [{"weekday": 7, "opens": "09:00", "closes": "17:00"}]}, "weekday"),
        ({"opening_hours": [{"weekday": 0}]}, "opening_hours"),
        ({"imported": 7}, "imported"),
        ({"name": " "}, "name"),
        ({"state": "lost"}, "state"),
    ],
)
def test_read_own__faulty_field__is_refused(change: dict[str, Any], pointer: str) -> None:
    (row,) = own_rows({"name": "Lathe", "kind": "tool", **change})
    assert pointer in reason_of(row)


def test_read_own__limits_at_their_boundary__are_taken() -> None:
    (row,) = own_rows(
        {"name": "Lathe", "kind": "tool", "minimum_minutes": 15, "maximum_minutes": 15}
    )
    assert isinstance(row, ResourceDraft)


def test_read_own__what_was_written__is_the_same() -> None:
    hours = (WeeklyHours(0, time(9), time(17)),)
    entry = {
        "name": "Lathe",
        "kind": "tool",
        "capacity": 3,
        "state": "draft",
        "source": "own",
        "source_key": "k",
        "imported": {"cells": [["Name", "Lathe"]]},
        "imported_position": 4,
        "opening_hours": own_json.hours_to_json(hours),
    }
    text = own_json.write({"slug": "shop", "name": "Workshop", "zone": "Africa/Nairobi"}, [entry])
    found = own_json.read(text)
    (row,) = found.rows
    assert isinstance(row, ResourceDraft)
    assert (row.source, row.key, row.state, row.hours) == ("own", "k", "draft", hours)
    assert row.values["imported_position"] == 4
    assert found.facility["zone"] == "Africa/Nairobi"


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"format": "other"},
        {"format": own_json.FORMAT, "colour": 1},
        {"format": own_json.FORMAT, "resources": {}},
        {"format": own_json.FORMAT, "facility": []},
        {"format": own_json.FORMAT, "facility": {"planet": "Mars"}},
        {"format": own_json.FORMAT, "facility": {"opening_hours": [{}]}},
    ],
)
def test_read_own__wrong_file__is_unreadable(found: Any) -> None:
    with pytest.raises(FileUnreadable):
        own_json.read(json.dumps(found))
