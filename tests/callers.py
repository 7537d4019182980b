"""People who book over HTTP."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from booking.db import Database
from tests.builders import a_token
from tests.scenes import Scene, a_scene, at


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token, and the bookings they make over HTTP."""

    client: TestClient
    scene: Scene
    token: str

    def send(self, method: str, path: str, json: Any = None, **headers: str) -> Response:
        headers["Authorization"] = f"Bearer {self.token}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, f"/api/v1{path}", json=json, headers=named)

    def wish(self, start: int = 0, end: int = 60, **given: Any) -> dict[str, Any]:
        return {
            "resource_id": str(self.scene.resource.id),
            "project_id": str(self.scene.project.id),
            "starts_at": at(start).isoformat(),
            "ends_at": at(end).isoformat(),
        } | given

    def book(self, start: int = 0, end: int = 60, **given: Any) -> dict[str, Any]:
        answer = self.send("POST", "/bookings", self.wish(start, end, **given))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


def callers(
    client: TestClient, database: Database, **resource: Any
) -> tuple[Caller, Caller, Caller]:
    """Make a member, a manager and a stranger."""
    with database.writing() as session:
        scene, other = a_scene(session, **resource), a_scene(session, kind="another kind")
        tokens = [
            a_token(session, person) for person in (scene.member, scene.manager, other.member)
        ]
    member, manager, stranger = (Caller(client, scene, token) for token in tokens)
    return member, manager, stranger


def refused(answer: Response, status: int) -> set[str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {each["code"] for each in answer.json()["errors"]}
