"""/openapi.json: what FastAPI writes of the routes, and what holds for all of them."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from api.deps import acting, signed_in
from api.problems import Problem, problems

BEARER: Final = "bearer"
READS: Final = frozenset({"GET", "HEAD"})
TOO_LARGE, NOT_SIGNED_IN = 413, 401


def describe(app: FastAPI) -> None:
    """Let `app` describe refusals, body limits and who must sign in, beside its routes."""
    write = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = write()
            _add_schemas(document.setdefault("components", {}))
            for route in iter_route_contexts(app.routes):
                if isinstance(route.original_route, APIRoute) and route.include_in_schema:
                    for method in route.methods or ():
                        operation = document["paths"][route.path_format][method.lower()]
                        _complete(operation, method, route.dependant)
        return write()

    app.openapi = described  # type: ignore[method-assign]


def _add_schemas(components: dict[str, Any]) -> None:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = problem.pop("$defs")
    components["schemas"] = {**components.get("schemas", {}), **parts, "Problem": problem}
    components["securitySchemes"] = {
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `benchshare token create` or of your account's page.",
        }
    }


def _complete(operation: dict[str, Any], method: str, needs: Dependant) -> None:
    """Add what follows from a route's needs: who acts may be refused, a body be too large."""
    statuses: list[int] = []
    if "requestBody" in operation:
        statuses.append(TOO_LARGE)
    if _asks(needs, acting):
        statuses.append(NOT_SIGNED_IN)
        required = method not in READS or _asks(needs, signed_in)
        operation["security"] = [{BEARER: []}] if required else [{}, {BEARER: []}]
    for status, answer in problems(*statuses).items():
        if status in statuses:
            operation["responses"].setdefault(str(status), answer)


def _asks(needs: Dependant, call: Callable[..., Any]) -> bool:
    return any(each.call is call or _asks(each, call) for each in needs.dependencies)
