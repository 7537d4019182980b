"""Routes about policies, terms, rounds, access requests and what came of them."""

from typing import Any, Final

from booking.engine.lifecycle import RoundState
from tests.matrix.people_rows import OVERSIGHT, SEES_PROJECT, STAFF_CHIEFS
from tests.matrix.world import EVERYBODY, SIGNED_IN, Caller, Row, World

RUNNING: Final = STAFF_CHIEFS
APPLYING: Final = frozenset({Caller.ON_PROJECT, Caller.ORGANISATION_ADMIN})
BOARD: Final = OVERSIGHT | {Caller.MANAGER}
REVIEWING: Final = BOARD | {Caller.REVIEWER}
PUBLISHED: Final = RoundState.PUBLISHED


def a_draft(world: World) -> dict[str, Any]:
    return {
        "slug": "another-round",
        "name": "Another Round",
        "facilities": [world.home.facility.slug],
        "call_opens_at": "2027-03-01T00:00:00Z",
        "call_closes_at": "2027-03-15T00:00:00Z",
        "decision_on": "2027-04-01",
        "access_starts_at": "2027-05-01T00:00:00Z",
        "access_ends_at": "2027-06-01T00:00:00Z",
    }


def a_wish(world: World) -> dict[str, Any]:
    window = {"earliest_at": "2027-01-02T09:00:00Z", "latest_at": "2027-01-03T09:00:00Z"}
    wanted = window | {"resource_id": str(world.home.resource.id)}
    return {
        "project_id": str(world.home.project.id),
        "title": "Soil maps",
        "sessions": [{"minutes": 60, "alternatives": [wanted]}],
        "state": "draft",
    }


ROWS: Final[dict[str, Row]] = {
    "GET /facilities/{key}/policy": Row(EVERYBODY),
    "PUT /facilities/{key}/policy": Row(RUNNING, lambda _: {"groups": []}),
    "GET /facilities/{key}/policy/try": Row(BOARD),
    "POST /facilities/{key}/policy/try": Row(
        RUNNING, lambda _: {"groups": []}, round_state=RoundState.REVIEWING
    ),
    "POST /calculations/{calculation_id}/publish": Row(RUNNING),
    "GET /facilities/{key}/policies": Row(EVERYBODY),
    "GET /facilities/{key}/policies/compare": Row(
        EVERYBODY, query=lambda _: {"from": "1", "to": "1"}
    ),
    "GET /facilities/{key}/terms": Row(EVERYBODY),
    "PUT /facilities/{key}/terms": Row(RUNNING, lambda _: {"text": "Clean up well."}),
    "POST /facilities/{key}/terms/accept": Row(
        APPLYING, lambda world: {"project_id": str(world.home.project.id)}
    ),
    "GET /rounds": Row(EVERYBODY),
    "POST /rounds": Row(RUNNING, a_draft),
    "GET /rounds/{key}": Row(EVERYBODY),
    "PATCH /rounds/{key}": Row(
        RUNNING, lambda _: {"name": "New Name"}, round_state=RoundState.DRAFT
    ),
    "DELETE /rounds/{key}": Row(RUNNING, round_state=RoundState.DRAFT),
    "POST /rounds/{key}/lead": Row(
        RUNNING,
        lambda world: {"facility": world.home.facility.slug},
        round_state=RoundState.DRAFT,
    ),
    "POST /rounds/{key}/open": Row(RUNNING, round_state=RoundState.DRAFT),
    "POST /rounds/{key}/close": Row(RUNNING),
    "POST /rounds/{key}/allocate": Row(RUNNING),
    "GET /rounds/{key}/calculations": Row(BOARD),
    "POST /rounds/{key}/calculations": Row(RUNNING, lambda _: {"kind": "allocation"}),
    "GET /calculations/{calculation_id}": Row(BOARD),
    "POST /calculations/{calculation_id}/stop": Row(RUNNING),
    "POST /rounds/{key}/adoptions": Row(
        RUNNING, lambda world: {"request_id": str(world.request.id), "group": "ldc"}
    ),
    "POST /rounds/{key}/publish": Row(RUNNING),
    "GET /rounds/{key}/result": Row(EVERYBODY, round_state=PUBLISHED),
    "GET /rounds/{key}/bundle": Row(BOARD, round_state=PUBLISHED),
    "GET /rounds/{key}/requests": Row(SIGNED_IN),
    "POST /rounds/{key}/requests": Row(APPLYING, a_wish),
    "GET /rounds/{key}/requests/{request_id}": Row(REVIEWING | APPLYING),
    "PATCH /rounds/{key}/requests/{request_id}": Row(APPLYING, lambda _: {"title": "Soil"}),
    "POST /rounds/{key}/requests/{request_id}/submit": Row(APPLYING),
    "POST /rounds/{key}/requests/{request_id}/withdraw": Row(APPLYING),
    "GET /rounds/{key}/requests/{request_id}/decision": Row(
        REVIEWING | APPLYING, round_state=PUBLISHED
    ),
    "GET /appeals": Row(SIGNED_IN),
    "GET /appeals/{appeal_id}": Row(REVIEWING | APPLYING, round_state=PUBLISHED),
    "POST /appeals/{appeal_id}/answer": Row(
        frozenset({Caller.OFFICER}),
        lambda _: {"state": "dismissed", "answer": "The register says so."},
        round_state=PUBLISHED,
    ),
    "GET /requests/{request_id}/appeals": Row(REVIEWING | APPLYING, round_state=PUBLISHED),
    "POST /requests/{request_id}/appeals": Row(
        APPLYING,
        lambda _: {"fact": "merit", "grounds": "A zero is missing."},
        round_state=PUBLISHED,
    ),
    "GET /requests/{request_id}/counterfactuals": Row(REVIEWING | APPLYING),
    "POST /requests/{request_id}/counterfactuals": Row(
        RUNNING | APPLYING, lambda _: {}, round_state=PUBLISHED
    ),
    "GET /rounds/{key}/requests/{request_id}/reviews": Row(REVIEWING),
    "POST /rounds/{key}/requests/{request_id}/reviews": Row(
        frozenset({Caller.REVIEWER}),
        lambda _: {"score": 800, "comment": "Sound."},
        round_state=RoundState.REVIEWING,
    ),
    "GET /quotas": Row(
        SEES_PROJECT,
        query=lambda world: {
            "project": str(world.home.project.id),
            "resource": str(world.home.resource.id),
        },
    ),
    "GET /reports/equity": Row(EVERYBODY),
    "GET /reports/equity.csv": Row(EVERYBODY),
}
