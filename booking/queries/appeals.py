"""Reads of appeals: who may see them, what they are about, and how they were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select, true

from booking.engine.appeals import FACT_WORDS, appeals_end
from booking.engine.permissions import Action, Actor, Role, reach
from booking.engine.vocabulary import AppealedFact, AppealState, CalculationKind
from booking.errors import NotFound
from booking.models import (
    AccessRequest,
    Appeal,
    Calculation,
    Facility,
    Membership,
    Organisation,
    Person,
    Project,
    Round,
)
from booking.queries.counterfactuals import CalculationTold, calculations_told
from booking.queries.events import Addressee
from booking.queries.locking import locked
from booking.queries.paging import Page, id_of, page_of, read_cursor

_NONE_SUCH = "There is no such appeal; the page of your request lists those you made."


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """An appeal with whose it is, its answer, and the round solved again if it was upheld."""

    id: UUID
    request_id: UUID
    request_title: str
    round_id: UUID
    round_slug: str
    round_name: str
    project_name: str
    organisation_id: UUID
    organisation_name: str
    fact: AppealedFact
    grounds: str
    state: AppealState
    asked_by: UUID
    asked_at: datetime
    answer: str
    correction: Mapping[str, Any] | None
    answered_at: datetime | None
    answered_by_name: str
    review: CalculationTold | None

    @property
    def fact_words(self) -> str:
        """What is said to be wrong."""
        return FACT_WORDS[self.fact]


@dataclass(frozen=True, slots=True)
class AppealCard:
    """An appeal as mail says it, for one reader; `person_id` is whoever appealed."""

    id: UUID
    request_id: UUID
    request_title: str
    round_slug: str
    round_name: str
    fact: AppealedFact
    grounds: str
    state: AppealState
    answer: str
    person_id: UUID
    facility_name: str
    facility_zone: str
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str
    organiser: str
    facility_locale: str = "en"


def lock_appeal(session: Session, appeal_id: UUID) -> Appeal:
    """Return the appeal as it stands now, locked until the transaction ends.

    Raises: NotFound.
    """
    found = locked(session, Appeal, appeal_id)
    if found is None:
        raise NotFound(_NONE_SUCH)
    return found


def open_appeal(session: Session, request_id: UUID) -> Appeal | None:
    """Return the request's appeal that waits for an answer."""
    return session.exec(
        select(Appeal).where(Appeal.request_id == request_id, Appeal.state == AppealState.OPEN)
    ).first()


def visible_appeal(session: Session, appeal_id: UUID, *, viewer: Actor) -> Appeal:
    """Return the appeal with that id, if the viewer may see its request.

    Raises: NotFound.
    """
    found: Appeal | None = session.exec(
        _visible(viewer).where(Appeal.id == appeal_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_NONE_SUCH)
    return found


def appeals(
    session: Session,
    *,
    viewer: Actor,
    state: AppealState | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[AppealFacts]:
    """Return the appeals on requests that the viewer may see, the newest first."""
    query = _visible(viewer)
    if state is not None:
        query = query.where(Appeal.state == state)
    after = read_cursor(cursor, parts=1)
    if after is not None:
        query = query.where(col(Appeal.id) < id_of(after[0]))
    rows = session.exec(query.order_by(col(Appeal.id).desc()).limit(limit + 1)).all()
    facts = [appeal_facts(session, each) for each in rows]
    return page_of(facts, limit=limit, key=lambda each: (str(each.id),))


def appeals_on(session: Session, request_id: UUID) -> tuple[AppealFacts, ...]:
    """Return the appeals on a request, the oldest first; who may see it is for the caller."""
    rows = session.exec(
        select(Appeal).where(Appeal.request_id == request_id).order_by(col(Appeal.id))
    ).all()
    return tuple(appeal_facts(session, each) for each in rows)


def appeal_facts(session: Session, row: Appeal) -> AppealFacts:
    """Gather all that is shown of an appeal."""
    request = session.get_one(AccessRequest, row.request_id)
    found = session.get_one(Round, request.round_id)
    project = session.get_one(Project, request.project_id)
    organisation = session.get_one(Organisation, project.organisation_id)
    officer = None if row.answered_by is None else session.get_one(Person, row.answered_by)
    return AppealFacts(
        id=row.id,
        request_id=request.id,
        request_title=request.title,
        round_id=found.id,
        round_slug=found.slug,
        round_name=found.name,
        project_name=project.name,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        fact=row.fact,
        grounds=row.grounds,
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        answer=row.answer,
        correction=row.correction,
        answered_at=row.answered_at,
        answered_by_name=officer.name if officer else "",
        review=_review(session, request, row),
    )


def may_appeal_until(request: AccessRequest) -> datetime:
    """Return until when appeals on a decided request are taken."""
    return appeals_end(request.updated_at)


def appeal_cards(
    session: Session, appeal_ids: Sequence[UUID], *, sender: str
) -> dict[UUID, AppealCard]:
    """Return the cards of those appeals that exist, addressed to who appealed."""
    rows = session.exec(
        select(Appeal, AccessRequest, Round, Facility)
        .join(AccessRequest, col(AccessRequest.id) == Appeal.request_id)
        .join(Round, col(Round.id) == AccessRequest.round_id)
        .join(Facility, col(Facility.id) == Round.facility_id)
        .where(col(Appeal.id).in_(appeal_ids))
    ).all()
    asked_by = {row.asked_by for row, *_ in rows}
    people = {
        each.id: each for each in session.exec(select(Person).where(col(Person.id).in_(asked_by)))
    }
    return {
        row.id: AppealCard(
            id=row.id,
            request_id=request.id,
            request_title=request.title,
            round_slug=found.slug,
            round_name=found.name,
            fact=row.fact,
            grounds=row.grounds,
            state=row.state,
            answer=row.answer,
            person_id=row.asked_by,
            facility_name=facility.name,
            facility_zone=facility.zone,
            person_name=people[row.asked_by].name,
            person_email=people[row.asked_by].email,
            person_zone=people[row.asked_by].zone,
            person_locale=people[row.asked_by].locale,
            organiser=facility.mail_from or sender,
            facility_locale=facility.locale,
        )
        for row, request, found, facility in rows
    }


def appellants(session: Session, appeal_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return who made each of the appeals."""
    rows = session.exec(
        select(Appeal.id, Person.id, Person.email)
        .join(Person, col(Person.id) == col(Appeal.asked_by))
        .where(col(Appeal.id).in_(appeal_ids))
    ).all()
    return {subject_id: Addressee(person_id, email) for subject_id, person_id, email in rows}


def officers(session: Session) -> tuple[Addressee, ...]:
    """Return who answers appeals, by id."""
    rows = session.exec(
        select(Person.id, Person.email)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(Membership.role == Role.OFFICER)
        .order_by(col(Person.id))
        .distinct()
    ).all()
    return tuple(Addressee(person_id, email) for person_id, email in rows)


def _review(session: Session, request: AccessRequest, row: Appeal) -> CalculationTold | None:
    if row.calculation_id is None:
        return None
    found = session.get_one(Calculation, row.calculation_id)
    if found.kind is not CalculationKind.REVIEW:
        raise ValueError(f"The appeal {row.id} names a calculation that is no review.")
    (told,) = calculations_told(session, request, [found])
    return told


def _visible(viewer: Actor) -> Any:
    return (
        select(Appeal)
        .join(AccessRequest, col(AccessRequest.id) == Appeal.request_id)
        .join(Round, col(Round.id) == AccessRequest.round_id)
        .join(Project, col(Project.id) == AccessRequest.project_id)
        .where(_seen_by(viewer))
    )


def _seen_by(viewer: Actor) -> ColumnElement[bool]:
    """Say in SQL what engine/permissions says of REQUEST_SEE."""
    found = reach(viewer, Action.REQUEST_SEE)
    if found.everywhere:
        return true()
    return or_(
        col(Round.facility_id).in_(sorted(found.facility_ids)),
        col(Project.organisation_id).in_(sorted(found.organisation_ids)),
        col(Project.id).in_(sorted(found.project_ids)),
    )
