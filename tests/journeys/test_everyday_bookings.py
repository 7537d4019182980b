"""Everyday bookings over HTTP: every way to make one, and what people do with them afterwards."""

from datetime import timedelta
from typing import Any

from tests.journeys.everyday import Town, at, codes, written


def test_book__instantly__stands_and_is_found_by_its_people(town: Town) -> None:
    xrd = town.a_resource("xrd")

    made = town.book("ann", xrd, at(1, 9), title="Maïs 玉米 🌽")

    assert (made["status"], made["title"]) == ("confirmed", "Maïs 玉米 🌽")
    for who in ("ann", "ben", "mona", "omar", "olga"):
        assert town.get(who, f"/bookings/{made['id']}") == made, who
        assert made in town.get(who, "/bookings")["items"], who
    town.get("cy", f"/bookings/{made['id']}", expect=404)
    assert town.get("cy", "/bookings")["items"] == []


def test_approval__approved_rejected_and_left_alone__each_goes_its_way(town: Town) -> None:
    sem = town.a_resource("sem", mode="approval", approval_days=2)
    first, second, third = (town.book("ann", sem, at(5, hour)) for hour in (9, 11, 13))
    assert {each["status"] for each in (first, second, third)} == {"pending"}
    assert first["expires_at"] == written(at(2, 9))
    assert codes(town.book("cy", sem, at(5, 9), expect=409)) == {"taken"}

    town.post("ann", f"/bookings/{first['id']}/approve", expect=403)
    assert len(town.get("mona", "/facilities/nairobi/approvals")["items"]) == 3
    approved = town.post("mona", f"/bookings/{first['id']}/approve", expect=200)
    town.post("mona", f"/bookings/{second['id']}/reject", {"reason": " "}, expect=422)
    town.post("mona", f"/bookings/{second['id']}/reject", {}, expect=422)
    because = {"reason": "The sample outgasses."}
    rejected = town.post("mona", f"/bookings/{second['id']}/reject", because, expect=200)
    town.clock.to(2, 9)
    town.lapse()

    assert (approved["status"], approved["expires_at"]) == ("confirmed", None)
    assert (rejected["status"], rejected["reason"]) == ("rejected", because["reason"])
    assert town.get("ann", f"/bookings/{third['id']}")["status"] == "expired"
    again = town.post("mona", f"/bookings/{third['id']}/approve", expect=409)
    assert "expired" in again["detail"]
    town.book("cy", sem, at(5, 11))
    town.book("cy", sem, at(5, 13))


def test_hold__confirmed_or_left__stands_or_frees_its_time(town: Town) -> None:
    xrd = town.a_resource("xrd")
    kept, left = (town.book("ann", xrd, at(1, hour), hold=True) for hour in (9, 11))
    assert (kept["status"], kept["expires_at"]) == ("held", written(at(0, 9.25)))
    assert codes(town.book("cy", xrd, at(1, 9), expect=409)) == {"taken"}

    confirmed = town.post("ann", f"/bookings/{kept['id']}/confirm", {"title": "Run 1"}, expect=200)
    town.clock.to(0, 9.25)
    late = town.post("ann", f"/bookings/{left['id']}/confirm", expect=409)
    town.lapse()

    assert (confirmed["status"], confirmed["title"]) == ("confirmed", "Run 1")
    assert "held for you until" in late["detail"]
    assert town.get("ann", f"/bookings/{left['id']}")["status"] == "expired"
    town.book("cy", xrd, at(1, 11))
    town.post("ann", f"/bookings/{kept['id']}/confirm", expect=409)


def test_book__on_behalf_of_another__is_theirs(town: Town) -> None:
    xrd = town.a_resource("xrd")

    made = town.book("ann", xrd, at(1, 9), person_id=town.ids["ben"])
    by_manager = town.book("mona", xrd, at(1, 10), person_id=town.ids["ben"])
    refused = town.book("ann", xrd, at(1, 11), person_id=town.ids["cy"], expect=409)

    assert made["person_id"] == by_manager["person_id"] == town.ids["ben"]
    assert by_manager["source"] == "manager"
    assert codes(refused) == {"not_on_project"}
    town.book("cy", xrd, at(1, 12), project="maize", expect=403)


def test_batch__across_facilities__is_all_or_nothing(town: Town) -> None:
    near, far = town.a_resource("near"), town.a_resource("far", facility="kisumu")
    town.book("cy", far, at(1, 9))
    both = [town.wish(near, at(1, 9)), town.wish(far, at(1, 9))]

    refused = town.post("ann", "/bookings/batch", {"bookings": both}, expect=409)
    free = [town.wish(near, at(1, 9)), town.wish(far, at(1, 10))]
    booked = town.post("ann", "/bookings/batch", {"bookings": free})

    assert [each["pointer"] for each in refused["errors"]] == ["/bookings/1/starts_at"]
    assert len(town.get("ann", "/bookings")["items"]) == len(booked["items"]) == 2
    twice = [town.wish(near, at(2, 9)), town.wish(near, at(2, 9))]
    assert codes(town.post("ann", "/bookings/batch", {"bookings": twice}, expect=409)) == {"taken"}


def test_series__with_dates_that_are_gone__skips_and_names_them(town: Town) -> None:
    xrd = town.a_resource("xrd")
    town.book("cy", xrd, at(8, 9))
    repeats = {"every": "week", "count": 3}
    wanted = town.wish(xrd, at(1, 9), repeats=repeats, title="Weekly")

    tried = town.post("ann", "/bookings/series", wanted | {"dry_run": True}, expect=200)
    none = town.post("ann", "/bookings/series", wanted | {"if_refused": "none"}, expect=409)
    done = town.post("ann", "/bookings/series", wanted)

    assert [each["starts_at"] for each in tried["dates"]] == [written(at(d, 9)) for d in (1, 15)]
    assert tried["bookings"] == []
    assert codes(none) == {"taken"}
    assert [each["starts_at"] for each in done["bookings"]] == [written(at(d, 9)) for d in (1, 15)]
    (skipped,) = done["refused"]
    assert skipped["starts_at"] == written(at(8, 9))
    assert [each["code"] for each in skipped["errors"]] == ["taken"]
    instead = {
        name: skipped["alternatives"][0][name] for name in ("resource_id", "starts_at", "ends_at")
    }
    town.post("ann", "/bookings", instead | {"project_id": town.ids["maize"]})
    of_series = town.get("ann", f"/bookings?series={done['series_id']}")["items"]
    assert [each["id"] for each in of_series] == [each["id"] for each in done["bookings"]]


def test_change__move_shorten_retitle_hand_over__keeps_its_uid(town: Town) -> None:
    xrd, other = town.a_resource("xrd"), town.a_resource("other")
    town.book("cy", xrd, at(1, 11))
    made = town.book("ann", xrd, at(1, 9), 2)
    path = f"/bookings/{made['id']}"

    refused = town.patch("ann", path, {"ends_at": written(at(1, 12))}, expect=409)
    moved = town.patch("ann", path, times(at(2, 9), 2) | {"resource_id": other})
    shorter = town.patch("ann", path, {"ends_at": written(at(2, 10))})
    named = town.patch("ann", path, {"title": "Phase 2"})
    given = town.post("ann", f"{path}/hand-over", {"person_id": town.ids["ben"]}, expect=200)
    astray = town.post("ann", f"{path}/hand-over", {"person_id": town.ids["cy"]}, expect=409)

    assert codes(refused) == {"taken"}
    assert [each["sequence"] for each in (made, moved, shorter, named, given)] == [0, 1, 2, 2, 3]
    assert [each["revision"] for each in (made, moved, shorter, named, given)] == [0, 1, 2, 3, 4]
    assert given["uid"] == made["uid"]
    assert (given["person_id"], given["resource_id"]) == (town.ids["ben"], other)
    assert codes(astray) == {"not_on_project"}
    town.patch("cy", path, {"title": "Mine"}, expect=404)


def test_cancel__in_time_and_late__frees_or_is_refused(town: Town) -> None:
    xrd = town.a_resource("xrd", cancel_by_minutes=120)
    made = town.book("ann", xrd, at(1, 9))
    path = f"/bookings/{made['id']}"
    town.clock.to(1, 7.5)

    late = town.delete("ann", path, expect=409)
    late_move = town.patch("ann", path, times(at(2, 9)), expect=409)
    town.clock.to(1, 7)
    done = town.delete("ann", f"{path}?reason=Ill")

    assert codes(late) == codes(late_move) == {"after_cancel_by"}
    assert (done["status"], done["reason"]) == ("cancelled", "Ill")
    assert town.get("ann", path) == done
    town.delete("ann", path, expect=409)
    town.patch("ann", path, times(at(2, 9)), expect=409)
    town.book("cy", xrd, at(1, 9))


def times(start: Any, hours: float = 1) -> dict[str, str]:
    return {"starts_at": written(start), "ends_at": written(start + timedelta(hours=hours))}
