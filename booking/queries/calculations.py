"""Reads of calculations: what waits, what runs, how far it is, and what came out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.errors import NotFound
from booking.models import Calculation, Round
from booking.queries.locking import locked
from booking.queries.paging import Page, id_of, page_of, read_cursor
from booking.queries.requests import find_request, project

UNDER_WAY: Final = (CalculationState.WAITING, CalculationState.RUNNING)
_NONE_SUCH: Final = "There is no such calculation; the round's page lists those there are."


@dataclass(frozen=True, slots=True)
class CalculationFacts:
    """A calculation without its answer, which may be large."""

    id: UUID
    round_id: UUID
    request_id: UUID | None
    kind: CalculationKind
    state: CalculationState
    question: Mapping[str, Any]
    progress: Mapping[str, Any]
    failure: str
    asked_by: UUID | None
    asked_at: datetime
    claimed_at: datetime | None
    stop_asked_at: datetime | None
    finished_at: datetime | None

    @property
    def gap(self) -> float | None:
        """The share that what is found may be short of the best; None while nothing is known."""
        bound, found = self.progress.get("bound"), self.progress.get("objective", 0.0)
        return max(0.0, 1 - float(found) / float(bound)) if bound else None

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNDER_WAY


def find_calculation(session: Session, calculation_id: UUID) -> Calculation:
    """Return the calculation with that id.

    Raises: NotFound.
    """
    found = session.get(Calculation, calculation_id)
    if found is None:
        raise NotFound(_NONE_SUCH)
    return found


def visible_calculation(session: Session, calculation_id: UUID, *, viewer: Actor) -> Calculation:
    """Return the calculation with that id, if the viewer may know of it.

    What is about one request is for whoever may see the request, the rest for the board.
    Raises: NotFound.
    """
    found = find_calculation(session, calculation_id)
    if not _may_see(session, found, viewer):
        raise NotFound(_NONE_SUCH)
    return found


def _may_see(session: Session, found: Calculation, viewer: Actor) -> bool:
    place = session.get_one(Round, found.round_id).facility_id
    if may(viewer, Action.ROUND_SEE_BOARD, Scope(facility_id=place)):
        return True
    if found.request_id is None:
        return False
    request = find_request(session, found.request_id, round_id=found.round_id)
    applying = project(session, request.project_id)
    scope = Scope(
        facility_id=place, project_id=applying.id, organisation_id=applying.organisation_id
    )
    return may(viewer, Action.REQUEST_SEE, scope)


def lock_calculation(session: Session, calculation_id: UUID) -> Calculation:
    """Return the calculation as it stands now, locked until the transaction ends.

    Raises: NotFound.
    """
    found = locked(session, Calculation, calculation_id)
    if found is None:
        raise NotFound(_NONE_SUCH)
    return found


def calculations_under_way(
    session: Session, round_id: UUID, kind: CalculationKind
) -> tuple[Calculation, ...]:
    """Return the round's waiting and running calculations of a kind, the oldest first."""
    return tuple(
        session.exec(
            select(Calculation)
            .where(
                Calculation.round_id == round_id,
                Calculation.kind == kind,
                col(Calculation.state).in_(UNDER_WAY),
            )
            .order_by(col(Calculation.asked_at), col(Calculation.id))
        )
    )


def something_to_do(
    session: Session, *, kinds: Collection[CalculationKind], silent_since: datetime
) -> bool:
    """Say whether `next_to_do` would find one, without a lock."""
    return (
        session.exec(select(Calculation.id).where(_to_do(kinds, silent_since)).limit(1)).first()
        is not None
    )


def next_to_do(
    session: Session, *, kinds: Collection[CalculationKind], silent_since: datetime
) -> Calculation | None:
    """Return the calculation of these kinds asked first that waits or lost its worker, locked.

    One that another worker has locked is passed over.
    """
    return session.exec(
        select(Calculation)
        .where(_to_do(kinds, silent_since))
        .order_by(col(Calculation.asked_at), col(Calculation.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def _to_do(kinds: Collection[CalculationKind], silent_since: datetime) -> ColumnElement[bool]:
    state = col(Calculation.state)
    lost = and_(state == CalculationState.RUNNING, col(Calculation.told_at) < silent_since)
    return and_(col(Calculation.kind).in_(kinds), or_(state == CalculationState.WAITING, lost))


def calculations(
    session: Session,
    round_id: UUID,
    *,
    kind: CalculationKind | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[CalculationFacts]:
    """Return the round's calculations, the newest first; who may see them is for the caller."""
    chosen = col(Calculation.round_id) == round_id
    if kind is not None:
        chosen = and_(chosen, col(Calculation.kind) == kind)
    return page_of_calculations(session, chosen, limit=limit, cursor=cursor)


def page_of_calculations(
    session: Session, chosen: ColumnElement[bool], *, limit: int, cursor: str | None = None
) -> Page[CalculationFacts]:
    """Return chosen calculations without their answers, the newest first."""
    columns = [col(getattr(Calculation, name)) for name in CalculationFacts.__dataclass_fields__]
    query = select(*columns).where(chosen)
    after = read_cursor(cursor, parts=1)
    if after is not None:
        query = query.where(col(Calculation.id) < id_of(after[0]))
    rows = session.exec(query.order_by(col(Calculation.id).desc()).limit(limit + 1)).all()
    facts = [CalculationFacts(*row) for row in rows]
    return page_of(facts, limit=limit, key=lambda each: (str(each.id),))


def adoptions_about(
    session: Session, round_id: UUID, request_id: UUID
) -> tuple[tuple[CalculationFacts, Mapping[str, Any]], ...]:
    """Return what the board asked about a request's declarations, with answers, newest first."""
    rows = session.exec(
        select(Calculation)
        .where(Calculation.round_id == round_id, Calculation.kind == CalculationKind.ADOPTION)
        .order_by(col(Calculation.id).desc())
    )
    return tuple(
        (facts_of(each), each.answer or {})
        for each in rows
        if each.question.get("request") == str(request_id)
    )


def newest_calculation(
    session: Session, round_id: UUID, kind: CalculationKind
) -> CalculationFacts | None:
    """Return the round's newest calculation of a kind."""
    items = calculations(session, round_id, kind=kind, limit=1).items
    return items[0] if items else None


def facts_of(found: Calculation) -> CalculationFacts:
    """Return a calculation without its answer."""
    return CalculationFacts(
        *(getattr(found, name) for name in CalculationFacts.__dataclass_fields__)
    )
