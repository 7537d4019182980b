"""/openapi.json says of every route who may call it and what else may be answered."""

import re
from typing import Any

import pytest

from api.app import create_app
from tests.conftest import settings_for
from tests.matrix.world import Caller
from tests.test_permissions_matrix import ROWS


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    paths = create_app(settings_for("sqlite://")).openapi()["paths"]
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith("/api/v1")
    }


def test_security__every_route__is_needed_where_nobody_alone_is_refused(
    operations: dict[str, Any],
) -> None:
    required = {
        name for name, each in operations.items() if each.get("security") == [{"bearer": []}]
    }
    refused = {name for name, row in ROWS.items() if Caller.NOBODY not in row.permitted}
    assert required == refused


def test_responses__routes_that_know_who_acts__may_be_401(operations: dict[str, Any]) -> None:
    asking = [each for each in operations.values() if each.get("security")]
    assert asking
    assert all("401" in each["responses"] for each in asking)


def test_responses__routes_with_a_body__may_be_413(operations: dict[str, Any]) -> None:
    reading = [each for each in operations.values() if "requestBody" in each]
    assert reading
    assert all("413" in each["responses"] for each in reading)


def test_responses__refusals__are_problems(operations: dict[str, Any]) -> None:
    for each in operations.values():
        for status, answer in each["responses"].items():
            if re.match("[45]", status):
                assert list(answer["content"]) == ["application/problem+json"]
