"""Routes about persons, organisations and projects."""

from typing import Final

from tests.matrix.world import SIGNED_IN, Caller, Row

OFFICER: Final = frozenset({Caller.OFFICER})
OVERSIGHT: Final = frozenset({Caller.OFFICER, Caller.AUDITOR})
STAFF_CHIEFS: Final = OFFICER | {Caller.MANAGER}
HEADS: Final = OFFICER | {Caller.ORGANISATION_ADMIN}
QUALIFYING: Final = STAFF_CHIEFS | {Caller.OPERATOR}
SEES_PROJECT: Final = OVERSIGHT | {Caller.ON_PROJECT, Caller.ORGANISATION_ADMIN}
EDITS_PROJECT: Final = HEADS | {Caller.ON_PROJECT}
SEES_FACTS: Final = OVERSIGHT | {Caller.ORGANISATION_ADMIN, Caller.MEMBER}

ROWS: Final[dict[str, Row]] = {
    "GET /me": Row(SIGNED_IN),
    "PATCH /me": Row(SIGNED_IN, lambda _: {"name": "New Name"}),
    "DELETE /me": Row(SIGNED_IN),
    "GET /me/export": Row(SIGNED_IN),
    "GET /me/tokens": Row(SIGNED_IN),
    "POST /me/tokens": Row(SIGNED_IN, lambda _: {"scopes": ["read"]}),
    "DELETE /me/tokens/{token_id}": Row(SIGNED_IN),
    "GET /me/calendar-tokens": Row(SIGNED_IN),
    "POST /me/calendar-tokens": Row(SIGNED_IN, lambda _: {"of": "me"}),
    "DELETE /me/calendar-tokens/{token_id}": Row(SIGNED_IN),
    "GET /people": Row(OVERSIGHT),
    "POST /people": Row(OFFICER, lambda _: {"email": "entered@example.org"}),
    "POST /people/roles": Row(
        OFFICER, lambda world: {"email": world.newcomer.email, "role": "auditor"}
    ),
    "DELETE /people/roles/{role_id}": Row(STAFF_CHIEFS),
    "GET /facilities/{facility}/staff": Row(STAFF_CHIEFS, for_reading=False),
    "POST /facilities/{facility}/staff": Row(
        STAFF_CHIEFS, lambda world: {"email": world.newcomer.email, "role": "operator"}
    ),
    "GET /organisations/{organisation_id}/members": Row(HEADS, for_reading=False),
    "POST /organisations/{organisation_id}/members": Row(
        HEADS, lambda world: {"email": world.newcomer.email, "role": "member"}
    ),
    "GET /resources/{resource_id}/qualifications": Row(QUALIFYING, for_reading=False),
    "POST /resources/{resource_id}/qualifications": Row(
        QUALIFYING, lambda world: {"email": world.newcomer.email}
    ),
    "DELETE /resources/{resource_id}/qualifications/{qualification_id}": Row(QUALIFYING),
    "GET /organisations": Row(SIGNED_IN),
    "POST /organisations": Row(
        SIGNED_IN, lambda _: {"name": "Kilimo Labs", "country": "KE", "kind": "sme"}
    ),
    "GET /organisations/{organisation_id}": Row(SIGNED_IN),
    "PATCH /organisations/{organisation_id}": Row(HEADS, lambda _: {"name": "New Name"}),
    "GET /facts": Row(OFFICER, for_reading=False),
    "GET /organisations/{organisation_id}/facts": Row(SEES_FACTS),
    "GET /organisations/{organisation_id}/groups": Row(SEES_FACTS),
    "GET /organisations/{organisation_id}/fair-share": Row(SEES_FACTS),
    "POST /organisations/{organisation_id}/facts": Row(
        HEADS, lambda _: {"name": "staff", "value": 9, "as_of": "2024-12-31"}
    ),
    "POST /organisations/{organisation_id}/facts/{fact_id}/verify": Row(OFFICER),
    "POST /organisations/{organisation_id}/suspend": Row(OFFICER, lambda _: {"reason": "Why"}),
    "POST /organisations/{organisation_id}/reinstate": Row(OFFICER),
    "GET /projects": Row(SIGNED_IN),
    "POST /projects": Row(
        HEADS | {Caller.MEMBER},
        lambda world: {"name": "Soil", "organisation_id": str(world.home.organisation.id)},
    ),
    "GET /projects/{project_id}": Row(SEES_PROJECT),
    "PATCH /projects/{project_id}": Row(EDITS_PROJECT, lambda _: {"name": "New Name"}),
    "GET /projects/{project_id}/members": Row(SEES_PROJECT),
    "POST /projects/{project_id}/members": Row(
        EDITS_PROJECT, lambda world: {"email": world.newcomer.email}
    ),
    "DELETE /projects/{project_id}/members/{person_id}": Row(EDITS_PROJECT),
}
