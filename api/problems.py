"""Every refusal as `application/problem+json` (RFC 9457): the only class-to-status table."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from sqlalchemy import exc
from starlette.exceptions import HTTPException
from starlette.routing import Route

from api.headers import SECURITY_HEADERS
from api.logs import said_shortly
from booking.engine.violations import Violation
from booking.errors import (
    DomainError,
    Malformed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    RulesBroken,
    StaleVersion,
    WrongState,
)

STATUS: Final[dict[type[DomainError], int]] = {
    Malformed: 422,
    NotFound: 404,
    NotPermitted: 403,
    NotSignedIn: 401,
    RulesBroken: 409,
    StaleVersion: 412,
    WrongState: 409,
}
TITLES: Final[dict[int, str]] = {
    401: "Sign in first",
    403: "Not permitted",
    404: "Not found",
    405: "That method does not work here",
    409: "Refused by the rules",
    412: "It has changed since you last saw it",
    413: "Too large",
    415: "Unsupported kind of content",
    422: "Malformed input",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not ready",
}
PROGRAM_PATHS: Final = ("/api/", "/feeds/", "/dav/", "/static/", "/healthz", "/readyz", "/metrics")
WRONG_METHOD, UNREADABLE = 405, 400
UNREADABLE_BODY: Final = (
    "What was sent could not be read. Send JSON in UTF-8, not nested too deeply, or a whole form."
)
OUT_OF_REACH: Final = (
    "The database cannot be reached at the moment. Send this again in a few seconds; with the "
    "same Idempotency-Key it is never done twice."
)
PAGE_OUT_OF_REACH: Final = (
    "The database cannot be reached at the moment. Open this page again in a few seconds."
)
FAULT: Final = (
    "This is a fault of ours, and what you sent may not have been done. Try again in a minute; if "
    "it comes back, tell the operator this reference, which also stands in the log: {reference}."
)
REFERENCE_BYTES: Final = 4
TRY_AGAIN_SECONDS: Final = 5
BODY_UNREADABLE: Final = Violation("body_unreadable", UNREADABLE_BODY)
CALENDAR_ENDINGS: Final = (".ics", ".ifb")
_MENDS: Final = {
    "missing": "This is missing; give it.",
    "extra_forbidden": "This is not known here; leave it out.",
    "json_invalid": "This is no JSON; mend it, and send it as application/json.",
}
log = structlog.get_logger()


class ProblemError(BaseModel):
    """One reason of a refusal; `pointer` is a JSON pointer or field name.

    `waivable` stands where the caller may set the rule aside by giving a `waiver`,
    `opens_at` where it is known from when on the same wish would keep the rule.
    """

    code: str
    detail: str
    pointer: str = ""
    waivable: bool = False
    opens_at: datetime | None = None


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemError] = []


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses=` for the refusals it may give, for /openapi.json."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": TITLES[status], "content": content}
        for status in (*statuses, 422, 429)
    }


def problem(
    status: int,
    detail: str,
    violations: tuple[Violation, ...] = (),
    *,
    headers: dict[str, str] | None = None,
    **beside: Any,
) -> Response:
    """Return the refusal as a response; `beside` are further members of the object."""
    body = Problem(
        type="about:blank",
        title=TITLES.get(status, "Refused"),
        status=status,
        detail=detail,
        errors=[ProblemError(**each) for each in error_items(violations)],
    ).model_dump(mode="json", exclude_unset=True)
    return JSONResponse(
        body | beside, status, headers=headers, media_type="application/problem+json"
    )


def error_items(violations: Iterable[Violation]) -> list[dict[str, Any]]:
    """Word violations as the `errors` of a problem."""
    return [
        {"code": each.code, "detail": each.reason, "pointer": each.pointer}
        | ({"waivable": True} if each.waivable else {})
        | ({"opens_at": each.opens_at} if each.opens_at else {})
        for each in violations
    ]


def refused(error: DomainError) -> Response:
    """Return the response to an expected refusal."""
    status = STATUS[type(error)]
    headers = {"WWW-Authenticate": "Bearer"} if status == STATUS[NotSignedIn] else None
    violations = error.violations
    if not violations:
        code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
        violations = (Violation(code, error.message),)
    return problem(status, error.message, violations, headers=headers, **error.beside)


def malformed(error: RequestValidationError) -> Response:
    """Return 422 with each field that could not be read, in the same shape."""
    return refused(_unreadable(error))


def _unreadable(error: RequestValidationError) -> Malformed:
    found = [
        Violation(str(each["type"]), _sentence(each), _pointer(each)) for each in error.errors()
    ]
    return Malformed("; ".join(f"{each.pointer}: {each.reason}" for each in found), found)


def _sentence(fault: Mapping[str, Any]) -> str:
    """Word what is wrong with a field; a rule of ours has its own sentence."""
    own = fault.get("ctx", {}).get("error")
    return _MENDS.get(fault["type"], str(own or fault["msg"]))


def _pointer(fault: Mapping[str, Any]) -> str:
    """Point into the body as the rules do: /starts_at; elsewhere say where: /query/limit."""
    where, *place = fault["loc"]
    if fault["type"] == "json_invalid":
        place = []
    return "".join(f"/{part}" for part in (place if where == "body" else fault["loc"]))


def _for_programs(request: Request) -> bool:
    path = request.url.path
    if path.endswith(CALENDAR_ENDINGS):
        return "text/html" not in request.headers.get("accept", "")
    return path.startswith(PROGRAM_PATHS)


def _in_a_browser(request: Request) -> bool:
    return not _for_programs(request) and "text/html" in request.headers.get("accept", "")


def _methods_of(request: Request) -> list[str]:
    """Return every method that works at this path, whichever route answers it."""
    return sorted(
        method
        for route in iter_route_contexts(request.app.routes)
        if isinstance(route.original_route, Route) and route.path_regex.match(request.url.path)
        for method in route.methods or ()
    )


def install_problems(
    app: FastAPI,
    page: Callable[[Request, DomainError], Response],
    trouble: Callable[[Request, int, str], Response],
) -> None:
    """Answer every failure of `app`: with a problem, or for people a page.

    `page` shows what was expected; `trouble` what was not, by its status and a sentence.
    """

    @app.exception_handler(DomainError)
    def _domain(request: Request, error: DomainError) -> Response:
        return refused(error) if _for_programs(request) else page(request, error)

    @app.exception_handler(RequestValidationError)
    def _malformed(request: Request, error: RequestValidationError) -> Response:
        return malformed(error) if _for_programs(request) else page(request, _unreadable(error))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == STATUS[NotFound] and not _for_programs(request):
            return page(request, NotFound("There is no such page. Look at the address again."))
        if error.status_code == UNREADABLE:
            return problem(STATUS[Malformed], UNREADABLE_BODY, (BODY_UNREADABLE,))
        detail = str(error.detail) or TITLES.get(error.status_code, "Refused")
        headers = dict(error.headers or {})
        if error.status_code == WRONG_METHOD:
            headers["Allow"] = ", ".join(_methods_of(request))
        return problem(error.status_code, detail, headers=headers)

    _install_troubles(app, trouble)


def _install_troubles(app: FastAPI, trouble: Callable[[Request, int, str], Response]) -> None:
    @app.exception_handler(exc.OperationalError)
    @app.exception_handler(exc.InterfaceError)
    @app.exception_handler(exc.TimeoutError)
    def _without_database(request: Request, error: exc.SQLAlchemyError) -> Response:
        log.error("database out of reach", error=said_shortly(error))
        headers = {"Retry-After": str(TRY_AGAIN_SECONDS)}
        if _in_a_browser(request):
            answer = trouble(request, 503, PAGE_OUT_OF_REACH)
            answer.headers.update(headers)
            return answer
        return problem(503, OUT_OF_REACH, headers=headers)

    @app.exception_handler(Exception)
    def _fault(request: Request, error: Exception) -> Response:
        reference = token_hex(REFERENCE_BYTES)
        # The server that runs us writes the traceback.
        log.error("fault", reference=reference, error=said_shortly(error))
        detail = FAULT.format(reference=reference)
        if not _in_a_browser(request):
            return problem(500, detail)
        answer = trouble(request, 500, detail)
        # This is answered outside the middleware that adds them.
        answer.headers.update(SECURITY_HEADERS)
        return answer
