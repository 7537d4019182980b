"""Reads for trying a policy: on which round's demand, whose it is, and what was tried before."""

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import Session, col, select

from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.vocabulary import CalculationKind
from booking.models import AccessRequest, Calculation, Organisation, Round, RoundResult
from booking.queries.calculations import CalculationFacts, page_of_calculations
from booking.queries.paging import Page

DECIDED: Final = (RoundState.ALLOCATED, RoundState.PUBLISHED, RoundState.CLOSED)


def round_to_try_on(session: Session, facility_id: UUID) -> Round | None:
    """Return the latest round that the facility leads and whose demand is known with its scores.

    That is one with a result, or one in review in which every request is scored.
    """
    candidates = session.exec(
        select(Round)
        .where(
            Round.facility_id == facility_id,
            col(Round.state).in_((RoundState.REVIEWING, *DECIDED)),
        )
        .order_by(col(Round.call_opens_at).desc(), col(Round.id).desc())
    )
    return next((each for each in candidates if _is_known(session, each)), None)


def _is_known(session: Session, found: Round) -> bool:
    if found.state in DECIDED:
        query = select(RoundResult.id).where(RoundResult.round_id == found.id)
        return session.exec(query.limit(1)).first() is not None
    merits = session.exec(
        select(AccessRequest.merit).where(
            AccessRequest.round_id == found.id, AccessRequest.state == RequestState.SUBMITTED
        )
    ).all()
    return bool(merits) and None not in merits


def days_of_requests(session: Session, round_id: UUID) -> dict[str, date]:
    """Return the day (UTC) on which each request of a round was sent, by its id as text."""
    rows = session.exec(
        select(AccessRequest.id, AccessRequest.submitted_at).where(
            AccessRequest.round_id == round_id, col(AccessRequest.submitted_at).is_not(None)
        )
    )
    return {str(request_id): at.date() for request_id, at in rows if at is not None}


def kinds_of_organisations(session: Session, organisation_ids: Collection[str]) -> dict[str, str]:
    """Return the kind of each of those organisations, ids as text."""
    wanted = [UUID(each) for each in organisation_ids]
    rows = session.exec(
        select(Organisation.id, Organisation.kind).where(col(Organisation.id).in_(wanted))
    )
    return {str(organisation_id): kind for organisation_id, kind in rows}


def trials(
    session: Session, facility_id: UUID, *, limit: int, cursor: str | None = None
) -> Page[CalculationFacts]:
    """Return the policies tried on rounds that the facility leads, the newest first."""
    led = select(Round.id).where(Round.facility_id == facility_id)
    chosen = and_(
        col(Calculation.round_id).in_(led), col(Calculation.kind) == CalculationKind.WHAT_IF
    )
    return page_of_calculations(session, chosen, limit=limit, cursor=cursor)
