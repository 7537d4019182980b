"""A round from its draft to the bookings, over HTTP; and what may go wrong on the way."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from booking.db import Database
from booking.engine.allocation.problem import sha256_of
from booking.engine.allocation.replay import verify_bundle
from booking.models import Booking, Event, LedgerEntry
from tests.builders import a_token
from tests.rounds import RoundScene, a_round_scene, hour


class People:
    """The people of a scene, each with a token."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self.client = client
        with database.writing() as session:
            self.scene: RoundScene = a_round_scene(session)
            self.tokens = {
                "manager": a_token(session, self.scene.manager),
                "reviewer": a_token(session, self.scene.reviewer),
                "first": a_token(session, self.scene.members[0]),
                "second": a_token(session, self.scene.members[1]),
            }

    def send(
        self,
        who: str,
        method: str,
        path: str,
        json: Any = None,
        expect: int = 200,
        *,
        key: str | None = None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = self.client.request(
            method,
            f"/api/v1{path}",
            json=json,
            headers=headers | ({"Idempotency-Key": key} if key else {}),
        )
        assert answer.status_code == expect, answer.text
        return answer.json()

    def draft(self) -> dict[str, Any]:
        made: dict[str, Any] = self.send(
            "manager",
            "POST",
            "/rounds",
            {
                "slug": "spring",
                "name": "Spring round",
                "facilities": [self.scene.facility.slug],
                "call_opens_at": "2026-11-23T09:00:00Z",
                "call_closes_at": "2026-12-10T00:00:00Z",
                "decision_on": "2026-12-20",
                "access_starts_at": "2027-01-04T00:00:00Z",
                "access_ends_at": "2027-01-05T00:00:00Z",
            },
            201,
        )
        return made

    def publish_policy(self) -> None:
        group = {
            "key": "ldc",
            "name": "Least developed countries",
            "rule": {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]},
            "reserved_share": 0.2,
        }
        path = f"/facilities/{self.scene.facility.slug}/policy"
        answer = self.send("manager", "PUT", path, {"groups": [group], "cap_share": None})
        assert answer["number"] == 1

    def ask(self, who: str, which: int, **given: Any) -> dict[str, Any]:
        wanted = {
            "resource_id": str(self.scene.resource.id),
            "earliest_at": hour(0).isoformat(),
            "latest_at": hour(4).isoformat(),
        }
        body = {
            "project_id": str(self.scene.projects[which].id),
            "title": f"Request of the {who}",
            "sessions": [{"minutes": 240, "alternatives": [wanted]}],
        } | given
        made: dict[str, Any] = self.send(who, "POST", "/rounds/spring/requests", body, 201)
        return made

    def score(self, request: dict[str, Any], score: int) -> None:
        path = f"/rounds/spring/requests/{request['id']}/reviews"
        self.send("reviewer", "POST", path, {"score": score, "comment": "Good."}, 201)

    def scored_round(self) -> tuple[dict[str, Any], dict[str, Any]]:
        self.draft()
        self.publish_policy()
        assert self.send("manager", "POST", "/rounds/spring/open")["state"] == "open"
        first, second = self.ask("first", 0), self.ask("second", 1)
        assert self.send("manager", "POST", "/rounds/spring/close")["state"] == "reviewing"
        self.score(first, 900)
        self.score(second, 500)
        return first, second


@pytest.fixture
def people(client: TestClient, database: Database) -> People:
    return People(client, database)


def events(session: Session, kind: str) -> int:
    return len(session.exec(select(Event).where(Event.kind == kind)).all())


def test_run__two_competing_requests__books_one_and_tells_the_other_why(
    people: People, database: Database
) -> None:
    first, second = people.scored_round()
    certificate = people.send("manager", "POST", "/rounds/spring/allocate")
    assert (certificate["granted"], certificate["not_granted"]) == (1, 1)
    path = f"/rounds/spring/requests/{first['id']}/decision"
    people.send("first", "GET", path, expect=404)
    published = people.send("manager", "POST", "/rounds/spring/publish")
    assert published == {"bookings": 1, "state": "published"}
    answers = [
        people.send(who, "GET", f"/rounds/spring/requests/{row['id']}/decision")
        for who, row in (("first", first), ("second", second))
    ]
    granted, refused = sorted(answers, key=lambda each: not each["granted"])
    assert granted["placements"][0]["starts_at"] == "2027-01-04T00:00:00Z"
    assert refused["reasons"][0]["code"] == "outbid"
    (blocker,) = refused["reasons"][0]["blockers"]
    assert f"request {blocker['name']} with" in refused["reasons"][0]["sentence"]
    assert refused["nearest"][0]["starts_at"] == "2027-01-04T04:00:00Z"
    assert granted["nearest"] == []
    assert refused["points_needed_per_hour"] > 0
    with database.reading() as session:
        booking = session.exec(select(Booking)).one()
        assert (booking.source, booking.status) == ("round", "confirmed")
        assert session.exec(select(LedgerEntry)).one().access_units == 240
        assert events(session, "booking.confirmed") == 1
        assert events(session, "request.granted") == events(session, "request.not_granted") == 1
        assert events(session, "round.published") == 1


def test_see_request__submitted__shows_the_working_of_each_group(people: People) -> None:
    _, second = people.scored_round()
    found = second["memberships"][0]
    assert found["group"] == "ldc"
    assert found["member"] is True
    assert "Uganda" in found["working"][0]


def test_see__before_publication__hides_seed_and_requests_of_others(people: People) -> None:
    first, _ = people.scored_round()
    round_ = people.send("first", "GET", "/rounds/spring")
    assert round_["seed"] is None
    assert len(round_["seed_hash"]) == 64
    people.send("second", "GET", f"/rounds/spring/requests/{first['id']}", expect=404)
    assert len(people.send("first", "GET", "/rounds/spring/requests")["items"]) == 1
    assert len(people.send("manager", "GET", "/rounds/spring/requests")["items"]) == 2


def test_allocate__by_an_applicant__is_not_permitted(people: People) -> None:
    people.scored_round()
    for step in ("allocate", "publish", "close"):
        people.send("first", "POST", f"/rounds/spring/{step}", expect=403)


def test_bundle__run_again__verifies_until_a_number_changes(people: People) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/allocate")
    bundle = people.send("manager", "GET", "/rounds/spring/bundle")
    assert verify_bundle(bundle) == ()
    for where, name in (("result", "objective"), ("problem", "step_minutes"), ("result", "gap")):
        changed = copy.deepcopy(bundle)
        changed[where][name] += 1
        assert verify_bundle(changed), name


def test_bundle__a_policy_changed_and_its_hash_made_anew__is_found(people: People) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/allocate")
    bundle = people.send("manager", "GET", "/rounds/spring/bundle")
    assert bundle["policy"]["groups"][0]["reserved_share_ppm"] == 200_000
    bundle["policy"]["ladder"][0]["points"] += 1
    del bundle["bundle_sha256"]
    (found,) = verify_bundle(bundle | {"bundle_sha256": sha256_of(bundle)})
    assert "ladder" in found


def test_bundle__with_nothing_but_the_package__verifies_on_the_command_line(
    people: People, tmp_path: Path
) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/allocate")
    bundle = people.send("manager", "GET", "/rounds/spring/bundle")
    path = tmp_path / "bundle.json"
    for change, status in ((0, 0), (1, 1)):
        bundle["result"]["objective"] += change
        path.write_text(json.dumps(bundle))
        done = subprocess.run(
            [sys.executable, "-m", "api", "round", "verify", path.name],
            cwd=tmp_path,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, bool(done.stderr)) == (status, bool(status)), done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["bundle.json"]


def test_result__published__shows_others_the_certificate_alone(people: People) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/allocate")
    people.send("first", "GET", "/rounds/spring/result", expect=404)
    people.send("manager", "POST", "/rounds/spring/publish")
    assert "bookings" in people.send("manager", "GET", "/rounds/spring/result")
    shown = people.send("first", "GET", "/rounds/spring/result")
    assert shown["bound"] >= shown["objective"] > 0
    assert not {"bookings", "decisions", "prices", "facilities", "report"} & set(shown)


def test_publish_policy__seen_before_another_version__is_stale(people: People) -> None:
    path = f"/api/v1/facilities/{people.scene.facility.slug}/policy"
    headers = {"Authorization": f"Bearer {people.tokens['manager']}"}
    first = people.client.put(path, json={"note": "first"}, headers=headers)
    headers["If-Match"] = first.headers["ETag"]
    for note, expected in (("second", 200), ("third", 412)):
        answer = people.client.put(path, json={"note": note}, headers=headers)
        assert answer.status_code == expected, answer.text


def test_book__in_an_open_round__is_refused_until_it_is_published(people: People) -> None:
    people.scored_round()
    wish = {
        "resource_id": str(people.scene.resource.id),
        "project_id": str(people.scene.projects[0].id),
        "starts_at": hour(10).isoformat(),
        "ends_at": hour(11).isoformat(),
    }
    refused = people.send("first", "POST", "/bookings", wish, 409)
    assert [each["code"] for each in refused["errors"]] == ["in_round"]
    people.send("manager", "POST", "/rounds/spring/allocate")
    people.send("manager", "POST", "/rounds/spring/publish")
    people.send("first", "POST", "/bookings", wish, 201)


def test_close__published__ends_the_round(people: People, database: Database) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/allocate")
    people.send("manager", "POST", "/rounds/spring/publish")
    assert people.send("manager", "POST", "/rounds/spring/close")["state"] == "closed"
    with database.reading() as session:
        kinds = session.exec(
            select(Event.kind).where(col(Event.kind).startswith("round.")).order_by(col(Event.id))
        ).all()
    assert kinds == [
        "round.created",
        "round.opened",
        "round.call_closed",
        "round.allocated",
        "round.published",
        "round.closed",
    ]


def test_publish__repeated_with_its_key__answers_the_first_time_again(people: People) -> None:
    people.scored_round()
    for step in ("allocate", "publish"):
        path = f"/rounds/spring/{step}"
        if step == "publish":
            people.send("first", "POST", path, expect=403, key=step)
        once = people.send("manager", "POST", path, key=step)
        assert people.send("manager", "POST", path, key=step) == once
    people.send("manager", "POST", "/rounds/spring/publish", expect=409)
    repeated = people.send("manager", "POST", "/rounds/spring/allocate", key="allocate")
    assert repeated["number"] == 1


def test_publish__refused_with_a_key__may_be_repeated_with_it(people: People) -> None:
    people.scored_round()
    people.send("manager", "POST", "/rounds/spring/publish", expect=409, key="again")
    people.send("manager", "POST", "/rounds/spring/allocate")
    people.send("manager", "POST", "/rounds/spring/publish", key="again")
