"""Reserved hours, their release, the cap and the ledger: over HTTP, with numbers that agree."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, func, select

from booking.models import LedgerEntry
from tests.journeys.everyday import Town, at, codes, written

# The week that begins three weeks after the first day; all of it lies beyond T1.
DAY = 21
WEEK = "2026-W51"


def group(kind: str, share: float) -> dict[str, Any]:
    return {
        "key": kind,
        "name": f"The {kind} group",
        "rule": {"kind": "attribute", "key": "kind", "op": "eq", "value": kind},
        "reserved_share": share,
    }


def publish(town: Town, *groups: dict[str, Any], cap: float | None = None) -> None:
    policy = {"groups": list(groups), "cap_share": cap}
    assert town.put("mona", "/facilities/nairobi/policy", policy)["number"] >= 1


def quota(town: Town, who: str, resource: str) -> Any:
    project = town.ids["sorghum" if who == "cy" else "maize"]
    return town.get(who, f"/quotas?resource={resource}&project={project}&period={WEEK}")


def test_reserve__of_others__opens_at_t2(town: Town) -> None:
    xrd = town.a_resource("xrd")
    publish(town, group("startup", 0.25))
    before = quota(town, "cy", xrd)
    assert (before["free_credits"], before["may_book_credits"]) == (168, 126)
    assert quota(town, "ann", xrd)["may_book_credits"] == 168

    town.book("cy", xrd, at(DAY, 0), 100)
    refused = town.book("cy", xrd, at(DAY + 5), 27, expect=409)
    town.book("cy", xrd, at(DAY + 4, 4), 26)
    last = town.book("cy", xrd, at(DAY + 6), 1, expect=409)

    (why,) = refused["errors"]
    assert why["code"] == "quota"
    assert "you may book 26, and this asks for 27" in why["detail"]
    assert why["opens_at"] == written(at(DAY + 5 - 7))
    assert codes(last) == {"quota"}
    after = quota(town, "cy", xrd)
    assert (after["free_credits"], after["may_book_credits"]) == (42, 0)
    (reserved,) = quota(town, "ann", xrd)["groups"]
    assert (reserved["reserved_credits"], reserved["left_credits"]) == (42, 42)
    assert quota(town, "ann", xrd)["may_book_credits"] == 42
    town.book("ann", xrd, at(DAY + 5, 12), 2)
    assert quota(town, "ann", xrd)["groups"][0]["left_credits"] == 40
    town.clock.to(DAY + 6 - 7, -0.25)
    assert codes(town.book("cy", xrd, at(DAY + 6), expect=409)) == {"quota"}
    # T2 itself still protects; after it all is open.
    town.clock.to(DAY + 6 - 7, 0.25)
    town.book("cy", xrd, at(DAY + 6), 1)


def test_reserve__of_another_group__opens_to_members_of_any_at_t1(town: Town) -> None:
    xrd = town.a_resource("xrd")
    publish(town, group("startup", 0.25), group("university", 0.25))
    assert quota(town, "cy", xrd)["may_book_credits"] == 126
    town.book("cy", xrd, at(DAY), 126)
    wish = town.wish(xrd, at(DAY + 6), 2, project="sorghum")
    assert codes(town.post("cy", "/bookings", wish, expect=409)) == {"quota"}

    town.clock.to(DAY + 6 - 14, 1)

    town.post("cy", "/bookings", wish)


def test_managers__book_for_somebody__do_not_go_round_quotas(town: Town) -> None:
    xrd = town.a_resource("xrd")
    publish(town, group("startup", 0.25))
    wish = town.wish(xrd, at(DAY), 127, project="sorghum", person_id=town.ids["cy"])
    assert codes(town.post("mona", "/bookings", wish | {"waiver": "Boss."}, expect=409)) == {
        "quota"
    }


def test_refused__by_the_quota__offers_times_that_can_be_had(town: Town) -> None:
    xrd = town.a_resource("xrd")
    publish(town, group("startup", 0.25))
    town.book("cy", xrd, at(DAY), 126)

    refused = town.book("cy", xrd, at(DAY + 5, 12), 2, expect=409)

    assert refused["alternatives"]
    for each in refused["alternatives"]:
        made = town.post("cy", "/bookings", each | {"project_id": town.ids["sorghum"]})
        town.delete("cy", f"/bookings/{made['id']}")


def test_cap__of_an_organisation__counts_all_its_bookings_of_the_week(town: Town) -> None:
    xrd, sem = town.a_resource("xrd"), town.a_resource("sem", kind="microscope")
    publish(town, cap=0.1)
    shown = quota(town, "ann", xrd)
    assert (shown["offered_credits"], shown["cap_credits"]) == (336, 33.6)

    town.book("ann", xrd, at(DAY), 20)
    refused = town.book("ben", sem, at(DAY), 14, expect=409)
    whole = town.book("ben", sem, at(DAY), 34, expect=409)
    town.book("ben", sem, at(DAY), 13.5)
    town.book("cy", sem, at(DAY + 1), 20)

    assert (codes(refused), codes(whole)) <= ({"cap_reached"}, {"above_cap"})
    assert "33.6" in refused["errors"][0]["detail"]
    shown = quota(town, "ann", xrd)
    assert shown["used_credits"] == 33.5
    assert shown["left_credits"] == pytest.approx(0.1)
    assert any("33.5 of at most 33.6" in each for each in shown["reasons"])


def test_ledger__through_a_bookings_life__adds_up(town: Town) -> None:
    xrd = town.a_resource("xrd")
    publish(town)
    made = town.book("ann", xrd, at(DAY), 4)
    assert charged(town, made) == 4000
    town.patch("ann", f"/bookings/{made['id']}", {"ends_at": written(at(DAY, 6))})
    assert charged(town, made) == 6000
    town.patch("ann", f"/bookings/{made['id']}", {"ends_at": written(at(DAY, 3))})
    assert charged(town, made) == 3000
    assert quota(town, "ann", xrd)["used_credits"] == 3
    town.delete("ann", f"/bookings/{made['id']}")
    assert charged(town, made) == 0
    late = town.book("ann", xrd, at(DAY), 4)
    held = town.book("ann", xrd, at(DAY, 8), hold=True)
    assert charged(town, held) == 0
    town.clock.to(DAY - 6)
    town.delete("ann", f"/bookings/{late['id']}")
    assert charged(town, late) == 4000


def charged(town: Town, booking: dict[str, Any]) -> int:
    with town.database.reading() as session:
        query = select(func.coalesce(func.sum(col(LedgerEntry.credit_thousandths)), 0))
        return int(session.exec(query.where(LedgerEntry.booking_id == UUID(booking["id"]))).one())
