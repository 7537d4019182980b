"""From nothing to the first booking: a fresh installation by commands and the API alone."""

from pathlib import Path

from typer.testing import CliRunner

from api.__main__ import app as commands
from booking.clock import utc_now
from tests.journeys.everyday import Town, at, run, settled_by_commands, written


def test_begin__with_commands_alone__somebody_books(bare_town: Town) -> None:
    town = bare_town
    settled_by_commands(town)
    xrd = town.a_resource("xrd")

    made = town.book("ann", xrd, at(1, 9))

    me = town.get("ann", "/me")
    assert (me["email"], me["name"]) == ("ann@people.example", "Ann")
    shown = town.get(None, f"/resources/{xrd}")
    assert {name: shown[name] for name in ("capacity", "mode", "grid_minutes", "horizon_days")} == {
        "capacity": 1,
        "mode": "instant",
        "grid_minutes": 15,
        "horizon_days": 365,
    }
    assert (shown["minimum_minutes"], shown["maximum_minutes"], shown["lead_minutes"]) == (
        None,
        None,
        0,
    )
    assert made["status"] == "confirmed"
    town.post("ann", "/resources", {"facility": "nairobi", "name": "x", "kind": "y"}, expect=403)
    town.post("mona", "/resources", {"facility": "kisumu", "name": "x", "kind": "y"}, expect=403)


def test_import_closures__by_command__names_bad_rows_and_displaces(
    town: Town, tmp_path: Path
) -> None:
    xrd, like = town.a_resource("xrd"), town.a_resource("like", facility="kisumu")
    # Commands go by the real clock.
    day = (utc_now() - at(0)).days + 30
    town.clock.to(day - 29)
    made = town.book("ann", xrd, at(day, 9), 2)
    when = {name: written(at(day, hour)) for name, hour in (("eight", 8), ("noon", 12))}
    rows = (
        "resource,starts_at,ends_at,reason,severity",
        f"xrd,{when['eight']},{when['noon']},New tube,outage",
        f"xrd,{when['noon']},{when['eight']},Backwards,outage",
        f"xrd,{when['noon']},2099-01-01T00:00:00Z,For ever,outage",
        "xrd,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z,Long ago,outage",
        f"nowhere,{when['eight']},{when['noon']},Unknown,outage",
        f"xrd,soon,{when['noon']},No date,outage",
    )
    file = tmp_path / "windows.csv"
    file.write_text("\n".join(rows))
    command = ("closures", "import", str(file), "--facility", "nairobi")

    tried = run(*command, "--dry-run")
    still = town.get("ann", f"/bookings/{made['id']}")
    done, again = run(*command), run(*command)

    assert still["status"] == "confirmed"
    assert [each["outcome"] for each in done["rows"]] == ["created", *["refused"] * 5]
    assert [each["row"] for each in done["rows"]] == [2, 3, 4, 5, 6, 7]
    assert all(each["reason"] for each in done["rows"][1:])
    for told in (tried, done):
        assert [each["booking_id"] for each in told["displaced"]] == [made["id"]]
    assert (again["created"], again["unchanged"], again["displaced"]) == (0, 1, [])
    assert town.get("ann", f"/bookings/{made['id']}")["status"] == "displaced"
    (offer,) = town.get("ann", "/offers")["items"]
    assert offer["displaced_id"] == made["id"]
    assert offer["resource_id"] in {xrd, like}
    assert CliRunner().invoke(commands, [*command[:-1], "x"]).exit_code != 0
