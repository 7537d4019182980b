"""Every rule of booking over HTTP: all that is wrong at once, and alternatives that can be had."""

from typing import Any, Final

import pytest

from tests.journeys.everyday import Town, address, at, codes, written

STRICT: Final[dict[str, Any]] = {
    "grid_minutes": 30,
    "minimum_minutes": 60,
    "maximum_minutes": 240,
    "lead_minutes": 120,
    "horizon_days": 30,
    "capacity": 2,
    "qualification_needed": True,
    "concurrent_per_project": 1,
    "concurrent_per_organisation": 1,
}


def qualify(town: Town, resource: str, who: str, **given: Any) -> None:
    town.post("mona", f"/resources/{resource}/qualifications", {"email": address(who)} | given)


def test_book__everything_wrong__says_all_of_it_at_once(town: Town) -> None:
    xrd = town.a_resource("xrd", **STRICT, mode="round-only")
    hours = [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(5)]
    town.put("mona", f"/resources/{xrd}/opening-hours", {"hours": hours})
    town.put("mona", "/facilities/nairobi/terms", {"text": "Bring gloves."})
    town.patch("mona", "/facilities/nairobi", {"restricted": True})
    closed = {"resource_id": xrd, "starts_at": written(at(40, 7)), "ends_at": written(at(41, 20))}
    town.post("mona", "/closures", closed)
    path = f"/organisations/{town.ids['Kilimo']}/suspend"
    town.post("olga", path, {"reason": "Unpaid."}, expect=200)

    late = town.book("ann", xrd, at(40, 19.2), 5, quantity=3, person_id=town.ids["cy"], expect=409)
    short = town.book("ann", xrd, at(0, 10), 0.5, expect=409)
    past = town.book("ann", xrd, at(-1, 10), 1, expect=409)

    standing = {"not_qualified", "terms_not_accepted", "organisation_suspended", "round_only"}
    assert codes(late) == standing | {
        "off_grid", "too_long", "beyond_horizon", "closed", "closure", "above_capacity",
        "not_on_project", "project_not_allowed",
    }  # fmt: skip
    assert codes(short) == standing | {"too_short", "too_soon", "project_not_allowed"}
    assert {"in_the_past", "closed"} < codes(past)
    for refusal in (late, short, past):
        assert all(each["detail"].endswith(".") and each["pointer"] for each in refusal["errors"])
        assert refusal["alternatives"] == []
    opens = next(each for each in late["errors"] if each["code"] == "beyond_horizon")
    assert opens["opens_at"] == written(at(10, 19.2))


def test_book__drafts_and_what_is_retired__cannot_be_had(town: Town) -> None:
    draft = town.a_resource("draft", state="draft")
    gone = town.a_resource("gone")
    town.patch("mona", f"/resources/{gone}", {"state": "retired"})

    town.get("ann", f"/resources/{draft}", expect=404)
    assert codes(town.book("ann", draft, at(1, 9), expect=409)) == {"not_published"}
    assert codes(town.book("mona", draft, at(1, 9), project="maize", expect=409)) == {
        "not_published"
    }
    assert codes(town.book("ann", gone, at(1, 9), expect=409)) == {"not_published"}


def test_alternatives__of_what_is_taken__can_all_be_booked(town: Town) -> None:
    xrd, like = town.a_resource("xrd"), town.a_resource("like", facility="kisumu")
    town.book("cy", xrd, at(1, 9), 3)

    refused = town.book("ann", xrd, at(1, 10), 2, expect=409)

    offered = refused["alternatives"]
    assert codes(refused) == {"taken"}
    assert {each["resource_id"] for each in offered} == {xrd, like}
    for each in offered:
        made = town.post("ann", "/bookings", each | {"project_id": town.ids["maize"]})
        town.delete("ann", f"/bookings/{made['id']}")
    assert {
        "resource_id": xrd,
        "starts_at": written(at(1, 12)),
        "ends_at": written(at(1, 14)),
    } in offered


def test_buffers__before_and_after__keep_others_away(town: Town) -> None:
    xrd = town.a_resource("xrd", buffer_before_minutes=30, buffer_after_minutes=15)
    town.book("cy", xrd, at(1, 12))

    assert codes(town.book("ann", xrd, at(1, 11), 0.5, expect=409)) == {"taken"}
    assert codes(town.book("ann", xrd, at(1, 13), expect=409)) == {"taken"}
    town.book("ann", xrd, at(1, 10), 1.25)
    town.book("ann", xrd, at(1, 13.75))


def test_pool__mixed_quantities__never_more_than_it_holds(town: Town) -> None:
    pool = town.a_resource("pool", capacity=10)
    town.book("ann", pool, at(1, 9), 2, quantity=6)
    town.book("cy", pool, at(1, 10), 2, quantity=4)

    assert codes(town.book("cy", pool, at(1, 9), 2, quantity=1, expect=409)) == {"taken"}
    town.book("cy", pool, at(1, 9), quantity=4)
    assert codes(town.book("cy", pool, at(3, 9), quantity=11, expect=409)) == {"above_capacity"}


def test_qualification__held_until_then__counts_up_to_its_end(town: Town) -> None:
    xrd = town.a_resource("xrd", qualification_needed=True)
    assert codes(town.book("ann", xrd, at(1, 9), expect=409)) == {"not_qualified"}

    qualify(town, xrd, "ann", expires_at=written(at(2, 10)))

    town.book("ann", xrd, at(2, 9))
    refused = town.book("ann", xrd, at(2, 9.25), expect=409)
    assert "not_qualified" in codes(refused)
    not_his = town.book("ann", xrd, at(1, 9), person_id=town.ids["ben"], expect=409)
    assert codes(not_his) == {"not_qualified"}


def test_terms__a_new_version__must_be_accepted_again(town: Town) -> None:
    xrd = town.a_resource("xrd")
    accepting = {"project_id": town.ids["maize"]}
    town.put("mona", "/facilities/nairobi/terms", {"text": "Bring gloves."})
    assert codes(town.book("ann", xrd, at(1, 9), expect=409)) == {"terms_not_accepted"}
    town.post("ann", "/facilities/nairobi/terms/accept", accepting, expect=200)
    town.book("ann", xrd, at(1, 9))

    town.put("mona", "/facilities/nairobi/terms", {"text": "Bring gloves and goggles."})

    refused = town.book("ann", xrd, at(1, 10), expect=409)
    assert "version 1 is" in refused["errors"][0]["detail"]
    town.post("ann", "/facilities/nairobi/terms/accept", accepting | {"number": 1}, expect=409)
    town.post("ann", "/facilities/nairobi/terms/accept", accepting | {"number": 2}, expect=200)
    town.book("ann", xrd, at(1, 10))


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("concurrent_per_project", "too_many_for_project"),
        ("concurrent_per_organisation", "too_many_for_organisation"),
    ],
)
def test_concurrent__one_at_a_time__opens_again_after_it(town: Town, limit: str, code: str) -> None:
    only_one: dict[str, Any] = {limit: 1}
    xrd = town.a_resource("xrd", **only_one)
    made = town.book("ann", xrd, at(1, 9))
    assert codes(town.book("ben", xrd, at(2, 9), expect=409)) == {code}
    town.patch("ann", f"/bookings/{made['id']}", {"ends_at": written(at(1, 11))})
    town.book("cy", xrd, at(2, 9))

    town.clock.to(1, 11)

    town.book("ann", xrd, at(3, 9))


def test_waiver__by_a_manager_with_a_reason__sets_aside_what_is_waivable(town: Town) -> None:
    xrd = town.a_resource("xrd", lead_minutes=180, maximum_minutes=60)
    wish = town.wish(xrd, at(0, 10), 2)

    told = town.post("mona", "/bookings", wish, expect=409)
    not_told = town.post("ann", "/bookings", wish, expect=409)
    town.post("ann", "/bookings", wish | {"waiver": "Please."}, expect=403)
    town.post("mona", "/bookings", wish | {"waiver": "  "}, expect=422)
    made = town.post("mona", "/bookings", wish | {"waiver": "Visit of the board."})
    hard = town.post("mona", "/bookings", wish | {"waiver": "Again."}, expect=409)

    assert {each["code"]: each.get("waivable", False) for each in told["errors"]} == {
        "too_long": True,
        "too_soon": True,
    }
    assert not any(each.get("waivable") for each in not_told["errors"])
    assert made["waiver"] == "Visit of the board."
    assert codes(hard) == {"taken"}
    shown = town.get("ann", f"/bookings/{made['id']}")
    assert shown["waiver"] == made["waiver"]


def test_times__across_midnight_and_far_ahead__are_what_they_say(town: Town) -> None:
    xrd = town.a_resource("xrd", horizon_days=3650)

    assert town.book("ann", xrd, at(1, 22), 8)["ends_at"] == written(at(2, 6))
    offset = {"starts_at": "2028-02-29T09:00:00+05:30", "ends_at": "2028-02-29T10:00:00+05:30"}
    made = town.post("ann", "/bookings", town.wish(xrd, at(1)) | offset)
    assert made["starts_at"] == "2028-02-29T03:30:00Z"
    for starts_at, ends_at, status in (
        ("2040-01-01T00:00Z", "2040-01-01T01:00Z", 409),
        ("2199-01-01T00:00Z", "2199-01-01T01:00Z", 422),
        (written(at(1, 9)), "2060-01-01T01:00Z", 422),
    ):
        wish = town.wish(xrd, at(1)) | {"starts_at": starts_at, "ends_at": ends_at}
        town.post("ann", "/bookings", wish, expect=status)
