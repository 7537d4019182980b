"""Reviews of access requests: a score and a comment, or a conflict of interest."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind, RequestState, RoundState
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import NotSignedIn, RulesBroken, WrongState
from booking.events import record
from booking.models import AccessRequest, Review, Round
from booking.queries.requests import find_request, is_of_the_applicants, project, reviews_of
from booking.queries.rounds import lock_round, visible_round
from booking.services.conflicts import conflict_of_interest
from booking.services.permits import permit

LOWEST_SCORE: Final = 300
HIGHEST_SCORE: Final = 1000


def write_review(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    round_key: str,
    request_id: UUID,
    score: int,
    comment: str = "",
) -> Review:
    """Score a submitted request, or change the score that one gave before.

    The request's merit is the mean of its scores, rounded half to even.
    Raises: NotFound; NotSignedIn; WrongState unless the round is in review; RulesBroken
    for a score out of range or a reviewer who is of the applicants.
    """
    found, row, reviewer_id = _under_review(session, actor, round_key, request_id)
    if not LOWEST_SCORE <= score <= HIGHEST_SCORE:
        reason = f"A score is {LOWEST_SCORE} to {HIGHEST_SCORE}, not {score}."
        raise RulesBroken(reason, [Violation("score_out_of_range", reason, "/score")])
    if is_of_the_applicants(session, reviewer_id, project(session, row.project_id)):
        reason = (
            "You are on the project or in the organisation that applies, so you may not score "
            "it; declare the conflict of interest instead."
        )
        raise conflict_of_interest(reason)
    review = _own_review(session, row, reviewer_id, now=now)
    review.score, review.comment, review.conflict = score, comment, ""
    _settle(session, row, review)
    _record(session, found, review, EventKind.REVIEW_WRITTEN, now=now)
    return review


def declare_conflict(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    round_key: str,
    request_id: UUID,
    conflict: str,
) -> Review:
    """Say why one may not score a request; a score given before no longer counts.

    Raises: NotFound; NotSignedIn; WrongState unless the round is in review; RulesBroken
    without a reason.
    """
    found, row, reviewer_id = _under_review(session, actor, round_key, request_id)
    if not conflict.strip():
        reason = "Say in a few words what the conflict of interest is."
        raise RulesBroken(reason, [Violation("no_reason", reason, "/conflict")])
    review = _own_review(session, row, reviewer_id, now=now)
    review.score, review.comment, review.conflict = None, "", conflict.strip()
    _settle(session, row, review)
    _record(session, found, review, EventKind.REVIEW_CONFLICT_DECLARED, now=now)
    return review


def merit_of(scores: Sequence[int]) -> int | None:
    """Give the mean of the scores, rounded half to even; None without any."""
    return round(Fraction(sum(scores), len(scores))) if scores else None


def _under_review(
    session: Session, actor: Actor, round_key: str, request_id: UUID
) -> tuple[Round, AccessRequest, UUID]:
    found = visible_round(session, round_key, viewer=actor)
    permit(actor, Action.REVIEW_WRITE, Scope(facility_id=found.facility_id))
    if actor.person_id is None:
        raise NotSignedIn("A review is a person's; sign in as the reviewer.")
    row = find_request(session, request_id, round_id=found.id)
    found = lock_round(session, found.id)
    session.refresh(row)
    if found.state is not RoundState.REVIEWING:
        raise WrongState(
            f"The round is {found.state}; requests are scored after the call is closed and "
            "before the round is allocated."
        )
    if row.state is not RequestState.SUBMITTED:
        raise WrongState(f"The request is {row.state}; only a submitted one is scored.")
    return found, row, actor.person_id


def _own_review(
    session: Session, row: AccessRequest, reviewer_id: UUID, *, now: datetime
) -> Review:
    earlier = (each for each in reviews_of(session, row.id) if each.reviewer_id == reviewer_id)
    review = next(earlier, None) or Review(
        request_id=row.id, reviewer_id=reviewer_id, reviewed_at=now
    )
    review.reviewed_at = now
    return review


def _settle(session: Session, row: AccessRequest, review: Review) -> None:
    session.add(review)
    session.flush()
    scores = [each.score for each in reviews_of(session, row.id) if each.score is not None]
    row.merit = merit_of(scores)
    row.updated_at = review.reviewed_at
    session.flush()


def _record(
    session: Session, found: Round, review: Review, kind: EventKind, *, now: datetime
) -> None:
    record(
        session,
        kind,
        subject_id=review.id,
        now=now,
        actor_id=review.reviewer_id,
        facility_id=found.facility_id,
        payload={"request_id": str(review.request_id), "round_id": str(found.id)},
    )
