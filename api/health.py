"""For whoever watches the installation: alive, ready, and figures."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.deps import ReadSession
from api.problems import problem, problems
from booking.guards import missing_guards

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", response_model=None, responses=problems(503))
def readyz(session: ReadSession) -> dict[str, str] | Response:
    """Say whether the database answers and every guard is in force."""
    missing = missing_guards(session)
    if missing:
        return problem(503, f"Guards are missing: {', '.join(missing)}. Run: benchshare migrate")
    return {"status": "ready"}


@router.get("/metrics", response_class=Response)
def metrics() -> Response:
    """Return figures of this process in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
