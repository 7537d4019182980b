"""Quotas over HTTP: what may be had, and what a refusal says."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from booking.db import Database
from booking.engine.vocabulary import OrganisationKind
from booking.models import Person, Project
from tests.builders import a_token
from tests.policies import PolicyScene, a_policy, a_policy_scene, hour, of_kind


@dataclass(frozen=True, slots=True)
class Talk:
    """A startup and an SME that talk to a facility with a policy."""

    client: TestClient
    scene: PolicyScene
    tokens: dict[str, str]

    def send(self, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(
            method,
            f"/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.tokens[who]}"},
        )
        return answer.json() | {"http": answer.status_code}

    def quotas(self, who: str, project: Project, period: str) -> Any:
        query = f"project={project.id}&resource={self.scene.resource.id}&period={period}"
        return self.send(who, "GET", f"/quotas?{query}")

    def book(self, who: str, project: Project, start: int, length: int) -> Any:
        wanted = {
            "resource_id": str(self.scene.resource.id),
            "project_id": str(project.id),
            "starts_at": hour(start).isoformat(),
            "ends_at": hour(start + length).isoformat(),
        }
        return self.send(who, "POST", "/bookings", wanted)


@pytest.fixture
def talk(client: TestClient, database: Database) -> Talk:
    with database.writing() as session:
        scene = a_policy_scene(session)
        groups = (of_kind(OrganisationKind.STARTUP, 50), of_kind(OrganisationKind.NGO, 10))
        scene.publish(session, a_policy(*groups, cap_share_ppm=600_000))
        tokens = {
            name: a_token(session, session.get_one(Person, project.principal_investigator_id))
            for name, project in (("startup", scene.startup), ("sme", scene.sme))
        }
    return Talk(client, scene, tokens)


def test_quotas__of_a_week__say_what_may_be_booked_now_and_why(talk: Talk) -> None:
    assert talk.book("sme", talk.scene.sme, 0, 60)["http"] == 201
    assert talk.book("startup", talk.scene.startup, 60, 40)["http"] == 201

    found = talk.quotas("sme", talk.scene.sme, "2026-W51")

    assert (found["starts_at"], found["ends_at"]) == (
        "2026-12-14T00:00:00Z",
        "2026-12-21T00:00:00Z",
    )
    assert (found["offered_credits"], found["resource_credits"]) == (168, 168)
    assert (found["cap_credits"], found["used_credits"]) == (100.8, 60)
    startup, ngo = found["groups"]
    assert (startup["reserved_credits"], startup["taken_credits"]) == (84, 40)
    assert (startup["left_credits"], startup["member"]) == (44, False)
    assert ngo["left_credits"] == 16.8
    # 68 are free, of which 60.8 are kept.
    assert (found["free_credits"], found["may_book_credits"]) == (68, 7.2)
    assert "Of 68 free credits 7.2 are open to everyone" in found["reasons"][1]
    assert not any("when a round is allocated" in each for each in found["reasons"])


def test_quotas__what_may_be_booked__is_booked_and_no_more(talk: Talk) -> None:
    may_book = talk.quotas("sme", talk.scene.sme, "2026-W51")["may_book_credits"]
    assert may_book == 67.2

    assert talk.book("sme", talk.scene.sme, 0, 68)["http"] == 409
    assert talk.book("sme", talk.scene.sme, 0, 67)["http"] == 201


def test_quotas__of_a_member__count_its_reserve_up_to_the_cap(talk: Talk) -> None:
    found = talk.quotas("startup", talk.scene.startup, "2026-W51")

    assert found["groups"][0]["member"] is True
    assert found["may_book_credits"] == 100.8
    assert "The cap leaves your organisation 100.8" in found["reasons"][1]


def test_quotas__of_a_month__are_the_sum_of_the_weeks_that_begin_in_it(talk: Talk) -> None:
    found = talk.quotas("sme", talk.scene.sme, "2026-12")

    assert (found["starts_at"], found["ends_at"]) == (
        "2026-12-07T00:00:00Z",
        "2027-01-04T00:00:00Z",
    )
    assert [each["free_credits"] for each in found["weeks"]] == [168] * 4
    assert found["groups"][0]["reserved_credits"] == 4 * 84
    assert found["may_book_credits"] == sum(each["may_book_credits"] for each in found["weeks"])


def test_quotas__of_next_week__say_what_has_opened_to_everyone(talk: Talk) -> None:
    found = talk.quotas("sme", talk.scene.sme, "2026-W49")

    assert (
        "Whatever starts before 2026-11-30 09:00 UTC is open to everyone"
        in (found["weeks"][0]["reason"])
    )
    assert talk.quotas("sme", talk.scene.sme, "2026-W48")["weeks"][0]["may_book_credits"] == 100.8


def test_book__refused_by_quota__says_when_the_rest_opens(talk: Talk) -> None:
    refused = talk.book("sme", talk.scene.sme, 9, 68)

    (error,) = refused["errors"]
    assert (refused["http"], error["code"], error["pointer"]) == (409, "quota", "/starts_at")
    assert error["opens_at"] == "2026-12-07T09:00:00Z"
    assert "The startup group (84 of 84 left)" in error["detail"]


def test_book_batch__together_above_the_quota__books_none(talk: Talk) -> None:
    def one(start: int) -> dict[str, str]:
        return {
            "resource_id": str(talk.scene.resource.id),
            "project_id": str(talk.scene.sme.id),
            "starts_at": hour(start).isoformat(),
            "ends_at": hour(start + 34).isoformat(),
        }

    refused = talk.send("sme", "POST", "/bookings/batch", {"bookings": [one(0), one(40)]})

    assert refused["http"] == 409
    assert [(each["code"], each["pointer"]) for each in refused["errors"]] == [
        ("quota", "/bookings/1/starts_at")
    ]
