"""The whole API against its own description: no fault, and only documented answers."""

from typing import Any, Final

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from booking.db import Database
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Role
from tests.builders import a_person, a_role, a_token
from tests.matrix.world import Caller, World, a_world
from tests.test_permissions_matrix import PREFIX, ids_in, mounted

EXAMPLES_A_ROUTE: Final = 6
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("message/rfc822", "application/octet-stream")
# What takes things away comes last, so that the rest finds them.
ORDER: Final = ("get", "post", "put", "patch", "delete")


def test_every_route__any_input__answers_as_documented(app: FastAPI, database: Database) -> None:
    with database.writing() as session:
        world = a_world(session, round_state=RoundState.OPEN)
    described = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations: list[Any] = [
        each.ok() for each in described.get_all_operations() if isinstance(each, Ok)
    ]
    for each in sorted(operations, key=lambda each: ORDER.index(each.method)):
        _try(each, world, _almighty(database, world))
    assert len(operations) >= len(mounted())


def _almighty(database: Database, world: World) -> dict[str, str]:
    """Make somebody who may do nearly everything, also away with themselves."""
    facility_id = world.home.facility.id
    with database.writing() as session:
        person = a_person(session)
        for role in (Role.OFFICER, Role.AUDITOR):
            a_role(session, person.id, role)
        for role in (Role.MANAGER, Role.OPERATOR, Role.REVIEWER):
            a_role(session, person.id, role, facility_id=facility_id)
        return {"Authorization": f"Bearer {a_token(session, person)}"}


def _try(operation: Any, world: World, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES_A_ROUTE,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation, world))
    def answer(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    answer()


def _cases(operation: Any, world: World) -> st.SearchStrategy[Any]:
    """Draw well-formed and malformed requests; half of them are about what is there."""
    known = ids_in(operation.path.removeprefix(PREFIX), world, Caller.OFFICER)
    there = {
        each.name: str(known[each.name]) for each in operation.path_parameters if each.name in known
    }
    kinds: list[st.SearchStrategy[Any]] = [
        operation.as_strategy(generation_mode=mode, path_parameters=chosen)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for chosen in ({}, there)
    ]
    return st.one_of(kinds)
