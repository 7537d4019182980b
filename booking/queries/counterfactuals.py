"""Reads of what would have been: the calculations about a request, with their answers in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.counterfactual_words import (
    Asked,
    PlaceTold,
    answer_words,
    change_words,
    losers_words,
)
from booking.engine.intervals import MINUTE
from booking.engine.permissions import Actor
from booking.engine.quotas import PPM
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.errors import NotFound
from booking.models import AccessRequest, Calculation, Facility, Round
from booking.queries.decisions import (
    Placement,
    group_names,
    placements_of,
    resource_names,
    resources_placed,
)
from booking.queries.requests import visible_request, wanted_sessions


@dataclass(frozen=True, slots=True)
class AnswerTold:
    """Where one change would have led: in words, as places, and for whom else (by code).

    `objective` and `attainment` are before and after, the latter by group; groups that are
    too small to be told of are left out.
    """

    change: Mapping[str, Any]
    granted: bool
    exact: bool
    sentence: str
    losers: str
    places: tuple[Placement, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    moved: tuple[str, ...]
    objective: tuple[float, float]
    attainment: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class CalculationTold:
    """A calculation about a request: what was asked, how far it is, what came out."""

    id: UUID
    kind: CalculationKind
    state: CalculationState
    change: Mapping[str, Any] | None
    question: str
    done: int
    total: int
    tried: int
    failure: str
    asked_at: datetime
    finished_at: datetime | None
    answers: tuple[AnswerTold, ...]

    @property
    def under_way(self) -> bool:
        """Whether there is something to wait for."""
        return self.finished_at is None


def visible_request_anywhere(session: Session, request_id: UUID, *, viewer: Actor) -> AccessRequest:
    """Return the access request with that id, of whatever round, if the viewer may know of it.

    Raises: NotFound.
    """
    found = session.get(AccessRequest, request_id)
    if found is None:
        raise NotFound("There is no such access request; look at your requests.")
    return visible_request(session, str(found.round_id), request_id, viewer=viewer)


def calculations_about(
    session: Session, request_id: UUID, kind: CalculationKind
) -> tuple[Calculation, ...]:
    """Return the calculations of a kind about a request, the newest first."""
    return tuple(
        session.exec(
            select(Calculation)
            .where(Calculation.request_id == request_id, Calculation.kind == kind)
            .order_by(col(Calculation.asked_at).desc(), col(Calculation.id).desc())
        )
    )


def calculations_told(
    session: Session, request: AccessRequest, rows: Iterable[Calculation]
) -> tuple[CalculationTold, ...]:
    """Put calculations about one request into words."""
    found = tuple(rows)
    if not found:
        return ()
    asked = _asked(session, request, found)
    return tuple(_told(each, asked) for each in found)


def _told(row: Calculation, asked: Asked) -> CalculationTold:
    change, answer = row.question.get("change"), row.answer or {}
    return CalculationTold(
        id=row.id,
        kind=row.kind,
        state=row.state,
        change=change,
        question="" if change is None else change_words(change, asked),
        done=row.progress.get("done", 0),
        total=row.progress.get("total", 0),
        tried=answer.get("tried", 0),
        failure=row.failure,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        answers=tuple(_answer(each, asked) for each in answer.get("answers", ())),
    )


def _answer(stored: Mapping[str, Any], asked: Asked) -> AnswerTold:
    places = placements_of(stored["places"], asked.resource_names)
    words = [PlaceTold(each.resource_name, each.starts_at, each.ends_at) for each in places]
    return AnswerTold(
        change=stored["change"],
        granted=stored["granted"],
        exact=stored["exact"],
        sentence=answer_words(
            stored["change"],
            words,
            granted=stored["granted"],
            exact=stored["exact"],
            asked=asked,
        ),
        losers=losers_words(stored["lost"]),
        places=places,
        gained=tuple(stored["gained"]),
        lost=tuple(stored["lost"]),
        moved=tuple(stored["moved"]),
        objective=(stored["objective"]["before"], stored["objective"]["after"]),
        attainment=tuple(
            (asked.group(each["group"]), each["before"], each["after"])
            for each in stored["attainment"]
        ),
    )


def _asked(session: Session, request: AccessRequest, rows: Iterable[Calculation]) -> Asked:
    found = session.get_one(Round, request.round_id)
    names = group_names(session, [found.policy_version_id])
    return Asked(
        merit=request.merit,
        fair_share=request.fair_share_millionths / PPM,
        sessions=tuple(
            (each.minutes, each.quantity)
            for each in wanted_sessions(session, [request.id])[request.id]
        ),
        groups=tuple(each["group"] for each in request.memberships if each["member"]),
        resource_names=resource_names(session, _named(rows)),
        group_names={key: name for (_, key), name in names.items()},
        origin=found.access_starts_at,
        step=found.step_minutes * MINUTE,
        zone=session.get_one(Facility, found.facility_id).zone,
    )


def _named(rows: Iterable[Calculation]) -> set[UUID]:
    """Return the resources that questions and answers name."""
    named: set[UUID] = set()
    for row in rows:
        answers = (row.answer or {}).get("answers", ())
        changes = [row.question.get("change") or {}, *(each["change"] for each in answers)]
        for each in changes:
            named |= {UUID(one["resource"]) for one in each.get("alternatives", ())}
        for each in answers:
            named |= resources_placed(each["places"])
    return named
