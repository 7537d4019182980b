"""What a published round leaves to read: the equity report and quotas, over HTTP."""

from fastapi.testclient import TestClient

from booking.db import Database
from tests.journeys.test_round import People, people

__all__ = ["people"]


def published(people: People) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/allocate")
    people.send("manager", "POST", "/rounds/spring/publish")


def test_report__two_organisations__suppresses_small_cells(people: People) -> None:
    published(people)
    report = people.send("first", "GET", "/reports/equity")
    assert report["suppressed"] is True
    assert report["rounds"][0]["jain"] is None
    group = report["groups"][0]
    assert (group["key"], group["target_share"], group["credited_credits"]) == ("ldc", 0.2, None)
    assert group["reserved_credits"] == 4.8


def test_report__another_period__has_no_round(people: People) -> None:
    published(people)
    assert people.send("first", "GET", "/reports/equity?from=2027-01-05")["rounds"] == []
    assert people.send("first", "GET", "/reports/equity?to=2027-01-04")["rounds"] == []
    assert len(people.send("first", "GET", "/reports/equity?to=2027-01-05")["rounds"]) == 1


def test_quotas__with_a_policy__count_the_group_and_say_when_it_opens(people: People) -> None:
    published(people)
    query = f"project={people.scene.projects[1].id}&resource={people.scene.resource.id}"
    found = people.send("second", "GET", f"/quotas?{query}&period=2027-W01")
    assert found["policy_version"] == 1
    assert found["offered_credits"] == 168
    group = found["groups"][0]
    assert group["member"] is True
    # A fifth of the 144 hours that the round does not share out, and 0.8 that it left.
    assert (group["reserved_credits"], group["left_credits"]) == (29.6, 29.6)
    assert (found["free_credits"], found["may_book_credits"]) == (164, 164)
    assert group["opens_to_everyone_at"] == "2026-12-28T00:00:00Z"


def test_quotas__without_a_policy__say_that_nothing_limits(people: People) -> None:
    query = f"project={people.scene.projects[0].id}&resource={people.scene.resource.id}"
    found = people.send("first", "GET", f"/quotas?{query}")
    assert (found["policy_version"], found["groups"]) == (None, [])
    people.send("second", "GET", f"/quotas?{query}", expect=404)
    people.send("first", "GET", f"/quotas?{query}&period=2027-W60", expect=422)


def test_openapi__of_rounds__names_every_route(client: TestClient, database: Database) -> None:
    del database
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/rounds", "/rounds/{key}/bundle", "/quotas", "/reports/equity"):
        assert f"/api/v1{path}" in paths
