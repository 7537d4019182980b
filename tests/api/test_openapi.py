"""The whole API against its own description: no fault, and only documented answers."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from booking.config import Settings
from booking.db import Database
from booking.engine.permissions import SYSTEM, Role
from booking.services.tokens import create_token
from tests import builders

HEADERS: dict[str, str] = {}
EXAMPLES_A_ROUTE = 12
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture
def described(database: Database, tmp_path: Path) -> Any:
    """The API as its description says, with an officer's token and something to find."""
    with database.writing() as session:
        officer = builders.a_person(session)
        builders.a_role(session, officer.id, Role.OFFICER)
        facility = builders.a_facility(session, slug="sample")
        builders.a_resource(session, facility.id)
        builders.a_project(session, officer)
        _, token = create_token(
            session, actor=SYSTEM, now=builders.NOW, person_id=officer.id, name="fuzz"
        )
    HEADERS["Authorization"] = f"Bearer {token}"
    made = Settings(database_url=database.url, secret_key="for tests only", mail=f"file:{tmp_path}")
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(made))


def test_every_route__any_input__answers_as_documented(described: Any) -> None:
    tried = [_try(operation.ok()) for operation in described.get_all_operations()]
    assert len(tried) > 1


def _try(operation: Any) -> str:
    @settings(
        max_examples=EXAMPLES_A_ROUTE,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answer(case: Any) -> None:
        case.call_and_validate(headers=HEADERS, checks=CHECKS)

    answer()
    return str(operation.label)
