"""Policies tried on a round's real demand before they are published."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import Cursor, Limit, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.calculations import CalculationList, CalculationOut, listed, shown
from api.rest.policies import PolicyIn, PolicyOut, policy_shown, wish_in
from api.rest.rounds import Key
from booking.engine.permissions import Action, Scope
from booking.queries.policy_trials import trials
from booking.queries.rounds import facility_named
from booking.services import policy_trials
from booking.services.permits import permit

router = APIRouter(tags=["policies"], route_class=IdempotentRoute)


@router.get("/facilities/{key}/policy/try", responses=problems(401, 403, 404))
def list_trials(
    key: Key,
    session: ReadSession,
    actor: SignedIn,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CalculationList:
    """Return the policies tried on rounds that the facility leads, the newest first."""
    place = facility_named(session, key)
    permit(actor, Action.ROUND_SEE_BOARD, Scope(facility_id=place.id))
    page = trials(session, place.id, limit=limit, cursor=cursor)
    return CalculationList(items=[listed(each) for each in page.items], next=page.next)


@router.post(
    "/facilities/{key}/policy/try", status_code=201, responses=problems(401, 403, 404, 409)
)
def try_policy(
    key: Key,
    given: PolicyIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> CalculationOut:
    """Ask what a policy would do on the current or last round's demand; nothing is published.

    The answer is there once GET /calculations/{id} says `done`: figures today and under the
    policy, who gains and who loses, and what differs by group and facility.
    """
    row = policy_trials.try_policy(session, actor=actor, now=now, facility=key, wish=wish_in(given))
    response.headers["Location"] = f"/api/v1/calculations/{row.id}"
    return shown(row)


@router.post("/calculations/{calculation_id}/publish", responses=problems(401, 403, 404, 409))
def publish_tried(
    calculation_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> PolicyOut:
    """Publish the very policy that was tried, as PUT /facilities/{key}/policy does."""
    found = policy_trials.publish_tried(
        session, actor=actor, now=now, calculation_id=calculation_id
    )
    return policy_shown(session, found)
