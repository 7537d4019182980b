"""What happens on the day, and what calendars and searches show of it: over HTTP."""

from typing import Any

from tests.journeys.everyday import Town, at, codes, written


def test_use__in_and_out__gives_the_rest_back(town: Town) -> None:
    xrd = town.a_resource("xrd")
    made = town.book("ann", xrd, at(1, 9), 4)
    path = f"/bookings/{made['id']}"
    town.clock.to(1, 8.25)
    early = town.post("ann", f"{path}/check-in", expect=409)
    town.clock.to(1, 8.5)
    town.post("cy", f"{path}/check-in", expect=404)
    begun = town.post("ann", f"{path}/check-in", {"via": "code"}, expect=200)
    town.post("ann", f"{path}/check-in", expect=409)
    assert codes(town.book("cy", xrd, at(1, 11), expect=409)) == {"taken"}
    town.clock.to(1, 10.1)

    done = town.post("omar", f"{path}/check-out", {"note": "All well"}, expect=200)

    assert codes(early) == {"too_early"}
    assert (begun["status"], done["status"]) == ("in_use", "completed")
    assert (done["ends_at"], done["sequence"]) == (written(at(1, 10.25)), 1)
    usage = town.get("ann", f"{path}/usage")
    assert (usage["booked_minutes"], usage["used_minutes"], usage["via"]) == (240, 96, "code")
    town.book("cy", xrd, at(1, 11))
    town.post("ann", f"{path}/check-out", expect=409)
    town.delete("ann", path, expect=409)


def test_no_show__after_the_grace__is_free_for_who_waits(town: Town) -> None:
    xrd = town.a_resource("xrd", no_show_grace_minutes=15)
    made = town.book("ann", xrd, at(1, 9), 4)
    path = f"/bookings/{made['id']}"
    wish = town.wish(xrd, at(1, 9), 4, project="sorghum", minutes=120)
    town.post("cy", "/waiting-list", wish)
    town.clock.to(1, 9)
    town.post("ann", f"{path}/no-show", expect=403)
    assert codes(town.post("omar", f"{path}/no-show", expect=409)) == {"not_missed_yet"}
    town.lapse()
    assert town.get("ann", path)["status"] == "confirmed"
    town.clock.to(1, 9.25)

    town.lapse()
    town.offer()

    assert town.get("ann", path)["status"] == "no_show"
    town.post("ann", f"{path}/check-in", expect=409)
    (offer,) = town.get("cy", "/offers?state=made")["items"]
    assert offer["starts_at"] >= written(at(1, 9.25))
    accepted = town.post("cy", f"/offers/{offer['id']}/accept", expect=200)
    assert accepted["booking_status"] == "confirmed"


def test_day_sheet__of_the_facility__is_for_its_staff(town: Town) -> None:
    xrd = town.a_resource("xrd")
    made = town.book("ann", xrd, at(1, 9))
    day = "/facilities/nairobi/day-sheet?on=2026-11-24"

    sheet = town.get("omar", day)

    (line,) = next(each for each in sheet["resources"] if each["resource_id"] == xrd)["bookings"]
    assert (line["id"], line["person_name"]) == (made["id"], "Ann")
    town.get("ann", day, expect=403)
    for wrong in ("20261124", "9999-12-31", "2026-02-30"):
        town.get("omar", f"/facilities/nairobi/day-sheet?on={wrong}", expect=422)


def test_calendar__names_and_titles__only_for_who_may_see(town: Town) -> None:
    xrd = town.a_resource("xrd", capacity=3)
    made = town.book("ann", xrd, at(1, 9), title="Secret alloy", quantity=2)
    gone = town.book("ann", xrd, at(1, 12), title="Gone")
    town.delete("ann", f"/bookings/{gone['id']}")
    path = f"/resources/{xrd}/calendar?start={written(at(1))}&end={written(at(2))}"

    for who in ("ann", "ben", "mona", "omar", "olga"):
        (shown,) = town.get(who, path)["bookings"]
        assert (shown["id"], shown["title"]) == (made["id"], "Secret alloy"), who
    others: tuple[str | None, ...] = ("cy", None)
    for other in others:
        found = town.get(other, path)
        assert "Secret" not in str(found)
        assert "Ann" not in str(found)
        (shown,) = found["bookings"]
        assert {name: shown[name] for name in ("starts_at", "ends_at", "quantity", "status")} == {
            name: made[name] for name in ("starts_at", "ends_at", "quantity", "status")
        }
        assert (shown["id"], shown["title"]) == (None, None)
    town.post("mona", "/closures", closing(xrd, at(1, 15), at(1, 16)))
    whole = town.get("cy", path)
    assert [each["starts_at"] for each in whole["closures"]] == [written(at(1, 15))]
    assert whole["open"] == [{"starts_at": written(at(1)), "ends_at": written(at(2))}]
    assert "Secret" not in str(
        town.get("cy", "/facilities/nairobi/calendar" + path[path.index("?") :])
    )


def test_slots__paged_to_the_end__repeat_nothing_and_can_be_booked(town: Town) -> None:
    names = [town.a_resource(f"xrd {number}", minimum_minutes=60) for number in range(3)]
    town.a_resource("far", facility="kisumu", kind="microscope")
    town.book("cy", names[0], at(1, 10))
    query = (
        f"/slots?kind=diffractometer&start={written(at(1, 9))}&end={written(at(1, 12))}&minutes=60"
    )

    whole = town.get(None, f"{query}&limit=100")["items"]
    paged = every_page(town, "ann", f"{query}&limit=4")

    assert paged == whole
    keys = [(each["resource_id"], each["starts_at"]) for each in paged]
    assert len(set(keys)) == len(keys)
    assert {each for each, _ in keys} == set(names)
    starts = {start for resource, start in keys if resource == names[0]}
    assert starts == {written(at(1, 9)), written(at(1, 11))}
    wish = {name: paged[0][name] for name in ("resource_id", "starts_at", "ends_at", "quantity")}
    town.post("ann", "/bookings", wish | {"project_id": town.ids["maize"]})


def test_slots__for_a_project__are_what_it_may_book(town: Town) -> None:
    free, locked = town.a_resource("free"), town.a_resource("locked", qualification_needed=True)
    query = f"/slots?start={written(at(1, 9))}&end={written(at(1, 10))}&minutes=60"

    mine = town.get("ann", f"{query}&project={town.ids['maize']}")["items"]
    everybody = town.get("ann", query)["items"]

    assert [each["resource_id"] for each in mine] == [free]
    assert {each["resource_id"] for each in everybody} == {free, locked}
    town.get("cy", f"{query}&project={town.ids['maize']}", expect=404)
    town.get(None, f"{query}&project={town.ids['maize']}", expect=404)


def test_search__by_when_it_is_free__leaves_out_what_is_not(town: Town) -> None:
    busy, pool = town.a_resource("busy"), town.a_resource("pool", capacity=4)
    town.book("ann", busy, at(1, 9), 3)
    town.book("ann", pool, at(1, 9), 3, quantity=3)
    window = f"free_from={written(at(1, 9))}&free_until={written(at(1, 12))}"

    def names(more: str = "") -> set[str]:
        return {
            each["name"] for each in every_page(town, None, f"/resources?{window}{more}&limit=1")
        }

    assert names() == names("&minutes=180") == {"pool"}
    assert names("&quantity=2") == names("&minutes=181") == set()
    assert names("&country=UG") == names("&kind=microscope") == set()
    wider = f"/resources?free_from={written(at(1, 9))}&free_until={written(at(1, 13))}&minutes=60"
    assert {each["name"] for each in town.get(None, wider)["items"]} == {"busy", "pool"}


def every_page(town: Town, who: str | None, path: str) -> list[Any]:
    page = town.get(who, path)
    items = list(page["items"])
    while page["next"] is not None:
        page = town.get(who, f"{path}&cursor={page['next']}")
        items += page["items"]
    return items


def closing(resource: str, start: Any, end: Any) -> dict[str, str]:
    return {"resource_id": resource, "starts_at": written(start), "ends_at": written(end)}
