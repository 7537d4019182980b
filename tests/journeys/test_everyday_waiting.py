"""Who waits, who is asked next, and who must give way: over HTTP."""

from datetime import timedelta
from typing import Any

from tests.journeys.everyday import Town, at, codes, written


def wait(town: Town, who: str, resource: str, **given: Any) -> Any:
    project = "sorghum" if who == "cy" else "maize"
    wish = town.wish(resource, at(3, 9), 2, project=project)
    return town.post(who, "/waiting-list", wish | given)


def my_offers(town: Town, who: str) -> Any:
    return town.get(who, "/offers?state=made")["items"]


def test_wait__for_what_is_free__is_told_what_is(town: Town) -> None:
    xrd = town.a_resource("xrd")

    refused = town.post("ann", "/waiting-list", town.wish(xrd, at(3, 9), 2), expect=409)

    assert refused["alternatives"][0]["starts_at"] == written(at(3, 9))


def test_line__cancelled_time__is_offered_one_after_another(town: Town) -> None:
    xrd = town.a_resource("xrd")
    taken = town.book("ann", xrd, at(3, 9), 2)
    town.clock.to(0, 10)
    first = wait(town, "cy", xrd, title="Second run")
    town.clock.to(0, 11)
    second = wait(town, "ben", xrd, minutes=60)
    assert (first["place"], second["place"], second["minutes"]) == (1, 2, 60)
    town.post("cy", "/waiting-list", town.wish(xrd, at(3, 9), 2, project="sorghum"), expect=409)

    town.delete("ann", f"/bookings/{taken['id']}")
    town.offer()

    (offer,) = my_offers(town, "cy")
    assert my_offers(town, "ben") == []
    assert (offer["entry_id"], offer["booking_status"]) == (first["id"], "held")
    assert offer["deadline_at"] == written(at(1, 11))
    assert offer["why"]
    # What is offered is held: nobody slips in.
    assert codes(town.book("ann", xrd, at(3, 9), 2, expect=409)) == {"taken"}
    town.post("ben", f"/offers/{offer['id']}/accept", expect=404)
    declined = town.post("cy", f"/offers/{offer['id']}/decline", expect=200)
    town.post("cy", f"/offers/{offer['id']}/accept", expect=409)
    town.offer()
    (offer,) = my_offers(town, "ben")
    accepted = town.post("ben", f"/offers/{offer['id']}/accept", expect=200)

    assert declined["booking_status"] == "cancelled"
    assert (accepted["state"], accepted["booking_status"]) == ("accepted", "confirmed")
    assert accepted["ends_at"] == written(at(3, 10))
    booked = town.get("ann", f"/bookings/{accepted['booking_id']}")
    assert (booked["status"], booked["source"]) == ("confirmed", "waiting-list")
    (entry,) = town.get("ben", "/waiting-list?state=booked")["items"]
    assert (entry["id"], entry["place"], entry["offer_id"]) == (second["id"], None, None)


def test_offer__not_answered__expires_and_goes_on(town: Town) -> None:
    xrd = town.a_resource("xrd")
    taken = town.book("ann", xrd, at(3, 9), 2)
    first = wait(town, "cy", xrd)
    town.clock.to(0, 10)
    wait(town, "ben", xrd)
    town.delete("ann", f"/bookings/{taken['id']}")
    town.offer()
    (offer,) = my_offers(town, "cy")

    town.clock.to(1, 10)
    late = town.post("cy", f"/offers/{offer['id']}/accept", expect=409)
    town.offer()

    assert late["detail"]
    assert town.get("cy", f"/offers/{offer['id']}")["state"] == "expired"
    assert town.get("cy", f"/bookings/{offer['booking_id']}")["status"] == "expired"
    (following,) = my_offers(town, "ben")
    assert following["starts_at"] == written(at(3, 9))
    assert first["id"] in {each["id"] for each in town.get("cy", "/waiting-list")["items"]}


def test_leave__with_an_offer__lets_the_time_go(town: Town) -> None:
    xrd = town.a_resource("xrd")
    taken = town.book("ann", xrd, at(3, 9), 2)
    entry = wait(town, "cy", xrd)
    town.delete("ann", f"/bookings/{taken['id']}")
    town.offer()

    town.delete("ann", f"/waiting-list/{entry['id']}", expect=404)
    left = town.delete("cy", f"/waiting-list/{entry['id']}")

    assert left["state"] == "withdrawn"
    town.delete("cy", f"/waiting-list/{entry['id']}", expect=409)
    assert town.get("cy", "/offers?state=made")["items"] == []
    town.book("ann", xrd, at(3, 9), 2)


def test_freed__by_moving_and_shortening__is_offered_too(town: Town) -> None:
    xrd = town.a_resource("xrd")
    moved, shortened = town.book("ann", xrd, at(3, 9), 2), town.book("ann", xrd, at(4, 9), 2)
    wait(town, "cy", xrd)
    wait(town, "cy", xrd, starts_at=written(at(4, 9)), ends_at=written(at(4, 11)), minutes=60)

    elsewhere = {"starts_at": written(at(5, 9)), "ends_at": written(at(5, 11))}
    town.patch("ann", f"/bookings/{moved['id']}", elsewhere)
    town.patch("ann", f"/bookings/{shortened['id']}", {"ends_at": written(at(4, 10))})
    town.offer()

    found = sorted(each["starts_at"] for each in my_offers(town, "cy"))
    assert found == [written(at(3, 9)), written(at(4, 10))]


def test_closure__over_bookings__displaces_and_offers_others(town: Town) -> None:
    xrd, like = town.a_resource("xrd"), town.a_resource("like", facility="kisumu")
    made = town.book("ann", xrd, at(3, 9), 2)
    used = town.book("cy", xrd, at(0, 9), 8)
    town.post("cy", f"/bookings/{used['id']}/check-in", expect=200)
    closing = {
        "facility": "nairobi",
        "starts_at": written(at(0, 12)),
        "ends_at": written(at(4)),
        "reason": "New roof",
    }

    tried = town.post("omar", "/closures", closing | {"dry_run": True}, expect=200)
    assert town.get("ann", f"/bookings/{made['id']}")["status"] == "confirmed"
    town.post("ann", "/closures", closing, expect=403)
    guessed = town.post("omar", "/closures", closing | {"estimated": True})
    town.delete("omar", f"/closures/{guessed['id']}", expect=204)
    done = town.post("omar", "/closures", closing)

    assert guessed["displaced"] == []
    for report in (tried, done):
        assert [each["booking_id"] for each in report["displaced"]] == [made["id"]]
        assert [each["booking_id"] for each in report["staying"]] == [used["id"]]
        assert report["displaced"][0]["alternatives"]
    assert town.get("ann", f"/bookings/{made['id']}")["status"] == "displaced"
    assert town.get("cy", f"/bookings/{used['id']}")["status"] == "in_use"
    (offer,) = my_offers(town, "ann")
    assert (offer["displaced_id"], offer["resource_id"]) == (made["id"], like)
    kept = town.post("ann", f"/offers/{offer['id']}/accept", expect=200)
    assert kept["booking_status"] == "confirmed"
    assert codes(town.book("ann", xrd, at(3, 9), expect=409)) == {"closure"}
    town.delete("omar", f"/closures/{done['id']}", expect=204)
    town.book("ann", xrd, at(3, 9))


def test_holidays__proposed_and_adopted__close_the_facility(town: Town) -> None:
    xrd = town.a_resource("xrd")
    christmas = town.book("ann", xrd, at(32, 9))
    path = "/facilities/nairobi/holiday-proposals?year=2026"

    proposed = {each["on"]: each for each in town.get("mona", path)["items"]}
    town.get("ann", path, expect=403)
    town.post("mona", "/facilities/nairobi/holidays", {"dates": []}, expect=422)
    body = {"dates": ["2026-12-25"]}
    done = town.post("mona", "/facilities/nairobi/holidays", body)
    again = town.post("mona", "/facilities/nairobi/holidays", body)

    assert proposed["2026-12-25"]["closure_id"] is None
    assert [each["booking_id"] for each in done["displaced"]] == [christmas["id"]]
    assert (again["already"], again["closures"]) == (body["dates"], [])
    assert codes(town.book("cy", xrd, at(32, 12), expect=409)) == {"closure"}
    town.book("cy", xrd, at(32, 12) - timedelta(days=1))
