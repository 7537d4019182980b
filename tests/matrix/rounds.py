"""A facility's round in any state, with its policy, its terms and one request."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from sqlmodel import Session

from booking.engine.allocation.problem import FORMAT, Problem, read_problem, write_problem
from booking.engine.allocation.run import allocate
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.vocabulary import AppealedFact, CalculationKind
from booking.models import (
    AccessRequest,
    Appeal,
    Calculation,
    Decision,
    Facility,
    PolicyVersion,
    Project,
    Round,
    RoundFacility,
    RoundResult,
    TermsVersion,
)
from booking.queries.decisions import latest_decision
from booking.services.policies import PolicyWish
from tests.builders import NOW, added

ACCESS = NOW + timedelta(days=40)
HASH = "0" * 64


def a_round(session: Session, facility: Facility, *, state: RoundState) -> Round:
    policy = added(
        session,
        PolicyVersion(facility_id=facility.id, number=1, ladder=[], published_at=NOW),
    )
    added(
        session,
        TermsVersion(facility_id=facility.id, number=1, text="Clean up.", published_at=NOW),
    )
    row = added(
        session,
        Round(
            slug=f"round-{uuid4().hex[:8]}",
            name="Sample Round",
            facility_id=facility.id,
            state=state,
            call_opens_at=NOW,
            call_closes_at=NOW + timedelta(days=10),
            decision_on=date(2026, 12, 20),
            access_starts_at=ACCESS,
            access_ends_at=ACCESS + timedelta(days=1),
            policy_version_id=policy.id,
            seed="a seed",
            seed_hash=HASH,
            created_at=NOW,
            updated_at=NOW,
        ),
    )
    added(session, RoundFacility(round_id=row.id, facility_id=facility.id))
    return row


def a_request(session: Session, found: Round, project: Project) -> AccessRequest:
    """Add a submitted request, decided already where the round is published."""
    row = added(
        session,
        AccessRequest(
            round_id=found.id,
            project_id=project.id,
            submitted_by=project.principal_investigator_id,
            title="Sample Request",
            state=RequestState.SUBMITTED,
            created_at=NOW,
            submitted_at=NOW,
            updated_at=NOW,
        ),
    )
    if found.state is RoundState.PUBLISHED:
        row.state = RequestState.NOT_GRANTED
        _decision(session, found, row)
    return row


def an_appeal(session: Session, request: AccessRequest) -> Appeal | None:
    """Add an appeal that waits for its answer, where something was decided."""
    decision = latest_decision(session, request.id)
    if decision is None:
        return None
    return added(
        session,
        Appeal(
            request_id=request.id,
            result_id=decision[1].id,
            fact=AppealedFact.GROUP,
            grounds="We were founded later than that.",
            asked_by=request.submitted_by,
            asked_at=NOW,
        ),
    )


def a_calculation(session: Session, found: Round) -> Calculation:
    """Add a trial of a policy that waits."""
    return added(
        session,
        Calculation(
            round_id=found.id,
            kind=CalculationKind.WHAT_IF,
            question={"policy": asdict(PolicyWish()), "against": 1},
            asked_at=NOW,
        ),
    )


@cache
def _empty_problem() -> Problem:
    nothing: dict[str, list[Any]] = {
        "facilities": [],
        "resources": [],
        "organisations": [],
        "requests": [],
    }
    described = {
        "format": FORMAT,
        "origin": "2027-01-04T00:00:00Z",
        "step_minutes": 60,
        "seed": "matrix",
        "ladder": [{"up_to": 1.0, "points": 600}],
    }
    return read_problem(described | nothing)


@cache
def _empty_result() -> dict[str, Any]:
    return allocate(_empty_problem())


def _decision(session: Session, found: Round, request: AccessRequest) -> None:
    result = added(
        session,
        RoundResult(
            round_id=found.id,
            number=1,
            problem=json.dumps(write_problem(_empty_problem())),
            result=json.dumps(_empty_result()),
            problem_sha256=HASH,
            result_sha256=HASH,
            objective=0,
            bound=0,
            gap=0,
            allocated_at=NOW,
        ),
    )
    added(session, Decision(result_id=result.id, request_id=request.id, granted=False))
