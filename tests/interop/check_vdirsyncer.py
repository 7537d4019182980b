"""vdirsyncer between a folder and a calendar: edits and deletions cross, then it is quiet."""

from pathlib import Path
from textwrap import dedent

import httpx2

from tests.interop.clients import run
from tests.interop.serving import PASSWORD, USERNAME

EVENT = dedent("""\
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Benchshare//Tests//EN
    BEGIN:VEVENT
    UID:{uid}
    DTSTAMP:20261123T090000Z
    DTSTART:20261201T080000Z
    DTEND:20261201T100000Z
    SUMMARY:{summary}
    END:VEVENT
    END:VCALENDAR
    """).replace("\n", "\r\n")


def configured(folder: Path, url: str) -> Path:
    config = folder / "config"
    config.write_text(
        dedent(f"""\
            [general]
            status_path = "{folder}/status"
            [pair bench]
            a = "here"
            b = "there"
            collections = ["bench"]
            conflict_resolution = "b wins"
            [storage here]
            type = "filesystem"
            path = "{folder}/calendars"
            fileext = ".ics"
            [storage there]
            type = "caldav"
            url = "{url}"
            username = "{USERNAME}"
            password = "{PASSWORD}"
            """)
    )
    return config


def synced(config: Path) -> str:
    ended = run("vdirsyncer", "-c", config, "sync")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def test_sync__edited_and_deleted_on_either_side__settles(memory_url: str, tmp_path: Path) -> None:
    calendar = f"{memory_url}calendars/{USERNAME}/bench/"
    config = configured(tmp_path, memory_url)
    here = tmp_path / "calendars" / "bench"
    with httpx2.Client(auth=(USERNAME, PASSWORD), base_url=calendar) as there:
        assert there.request("MKCALENDAR", "").status_code == 201
        for name in ("kept", "edited", "deleted"):
            there.put(f"{name}.ics", content=EVENT.format(uid=name, summary="as made"))
        found = run("vdirsyncer", "-c", config, "discover", input="y\n" * 9)
        assert found.returncode == 0, found.stderr
        synced(config)
        files = {path.read_text().split("UID:")[1].split()[0]: path for path in here.glob("*.ics")}

        files["edited"].write_bytes(EVENT.format(uid="edited", summary="edited here").encode())
        files["deleted"].unlink()
        there.put("new.ics", content=EVENT.format(uid="new", summary="made there"))
        there.delete("kept.ics")
        synced(config)

        assert "edited here" in there.get("edited.ics").text
        assert there.get("deleted.ics").status_code == 404
        held = sorted("made there" in path.read_text() for path in here.glob("*.ics"))
        assert held == [False, True]
        settled = synced(config)
        assert not [word for word in ("Copying", "Deleting") if word in settled]
