"""Reads about access requests, their sessions, reviews, and the terms they need."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select, true

from booking.engine.lifecycle import RequestState
from booking.engine.permissions import ALLOWED, Action, Actor, Role, Scope, may
from booking.engine.request_rules import WantedAlternative, WantedSession
from booking.errors import NotFound
from booking.models import (
    AccessRequest,
    Organisation,
    Project,
    ProjectMember,
    RequestedAlternative,
    RequestedSession,
    Review,
    Round,
    TermsAcceptance,
    TermsVersion,
)
from booking.queries.paging import Page, page_of, read_cursor
from booking.queries.people import is_of_the_organisation
from booking.queries.rounds import places_of, visible_round


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """An access request with whose it is, what it asks for, and how it was scored."""

    request: AccessRequest
    project_name: str
    organisation_id: UUID
    organisation_name: str
    country: str
    sessions: tuple[WantedSession, ...]
    scores: int
    conflicts: int

    @property
    def groups(self) -> tuple[str, ...]:
        """The equity groups it was found to be a member of."""
        return tuple(each["group"] for each in self.request.memberships if each["member"])


def find_request(session: Session, request_id: UUID, *, round_id: UUID) -> AccessRequest:
    """Return the round's access request with that id.

    Raises: NotFound.
    """
    found = session.get(AccessRequest, request_id)
    if found is None or found.round_id != round_id:
        raise NotFound("There is no such access request in this round; look at your requests.")
    return found


def visible_request(
    session: Session, round_key: str, request_id: UUID, *, viewer: Actor
) -> AccessRequest:
    """Return the round's request with that id, if the viewer may know of it.

    Raises: NotFound.
    """
    found = visible_round(session, round_key, viewer=viewer)
    row = find_request(session, request_id, round_id=found.id)
    applying = project(session, row.project_id)
    scope = Scope(
        facility_id=found.facility_id,
        project_id=applying.id,
        organisation_id=applying.organisation_id,
    )
    if not may(viewer, Action.REQUEST_SEE, scope):
        raise NotFound("There is no such access request in this round; look at your requests.")
    return row


def project(session: Session, project_id: UUID) -> Project:
    """Return the project with that id.

    Raises: NotFound.
    """
    found = session.get(Project, project_id)
    if found is None:
        raise NotFound("There is no such project; look at your projects, or create one.")
    return found


def organisation(session: Session, organisation_id: UUID) -> Organisation:
    """Return the organisation of a project.

    Raises: NotFound.
    """
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound("There is no such organisation; look at the list of organisations.")
    return found


def session_rows(
    session: Session, request_id: UUID
) -> tuple[tuple[RequestedSession, ...], tuple[RequestedAlternative, ...]]:
    """Return the stored sessions of a request, and the alternatives of all of them."""
    sessions = session.exec(
        select(RequestedSession).where(RequestedSession.request_id == request_id)
    ).all()
    alternatives = session.exec(
        select(RequestedAlternative).where(
            col(RequestedAlternative.session_id).in_([each.id for each in sessions])
        )
    ).all()
    return tuple(sessions), tuple(alternatives)


def wanted_sessions(
    session: Session, request_ids: Collection[UUID]
) -> dict[UUID, tuple[WantedSession, ...]]:
    """Return what each of the requests asks for, sessions and alternatives in order."""
    alternatives: dict[UUID, list[WantedAlternative]] = defaultdict(list)
    rows = session.exec(
        select(RequestedAlternative)
        .join(RequestedSession, col(RequestedSession.id) == RequestedAlternative.session_id)
        .where(col(RequestedSession.request_id).in_(request_ids))
        .order_by(col(RequestedAlternative.session_id), col(RequestedAlternative.position))
    )
    for row in rows:
        alternatives[row.session_id].append(
            WantedAlternative(row.resource_id, row.earliest_at, row.latest_at, row.rank)
        )
    found: dict[UUID, list[WantedSession]] = defaultdict(list)
    for each in session.exec(
        select(RequestedSession)
        .where(col(RequestedSession.request_id).in_(request_ids))
        .order_by(col(RequestedSession.request_id), col(RequestedSession.position))
    ):
        found[each.request_id].append(
            WantedSession(each.minutes, each.quantity, tuple(alternatives[each.id]))
        )
    return {request_id: tuple(found[request_id]) for request_id in request_ids}


def request_facts(session: Session, request: AccessRequest) -> RequestFacts:
    """Gather all that the request's page shows."""
    return _gathered(session, [request])[0]


def requests_of_round(
    session: Session,
    found: Round,
    *,
    viewer: Actor,
    state: RequestState | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[RequestFacts]:
    """Return the round's requests that the viewer may see, by id (the earliest first)."""
    query = select(AccessRequest).where(AccessRequest.round_id == found.id)
    query = query.where(_seen_by(viewer, facility_id=found.facility_id))
    if state is not None:
        query = query.where(AccessRequest.state == state)
    after = read_cursor(cursor, parts=1)
    if after is not None:
        query = query.where(col(AccessRequest.id) > _id_in(after[0]))
    rows = session.exec(query.order_by(col(AccessRequest.id)).limit(limit + 1)).all()
    page = page_of(rows, limit=limit, key=lambda row: (str(row.id),))
    return Page(_gathered(session, list(page.items)), page.next)


def _id_in(part: str | int) -> UUID:
    try:
        return UUID(str(part))
    except ValueError:
        return UUID(int=0)


def my_requests(session: Session, viewer: Actor) -> tuple[tuple[RequestFacts, Round], ...]:
    """Return the requests of the viewer's projects, the latest first, each with its round."""
    rows = session.exec(
        select(AccessRequest, Round)
        .join(Round, col(Round.id) == AccessRequest.round_id)
        .where(col(AccessRequest.project_id).in_(sorted(viewer.project_ids)))
        .order_by(col(AccessRequest.id).desc())
    ).all()
    facts = _gathered(session, [request for request, _ in rows])
    return tuple(zip(facts, (found for _, found in rows), strict=True))


def submitted_requests(session: Session, round_id: UUID) -> tuple[AccessRequest, ...]:
    """Return the round's requests that wait for a decision, by id."""
    return tuple(
        session.exec(
            select(AccessRequest)
            .where(
                AccessRequest.round_id == round_id, AccessRequest.state == RequestState.SUBMITTED
            )
            .order_by(col(AccessRequest.id))
        )
    )


def unscored_requests(session: Session, round_id: UUID) -> tuple[AccessRequest, ...]:
    """Return the round's requests that wait for a decision and have no score yet, by id."""
    return tuple(
        session.exec(
            select(AccessRequest)
            .where(
                AccessRequest.round_id == round_id,
                AccessRequest.state == RequestState.SUBMITTED,
                col(AccessRequest.merit).is_(None),
            )
            .order_by(col(AccessRequest.id))
        )
    )


def organisations_of(session: Session, project_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the organisation of each project."""
    rows = session.exec(
        select(Project.id, Project.organisation_id).where(col(Project.id).in_(project_ids))
    )
    return dict(rows.all())


def frozen_fair_share(session: Session, round_id: UUID, organisation_id: UUID) -> int | None:
    """Return the factor that an earlier request of the organisation in the round was given."""
    return session.exec(
        select(AccessRequest.fair_share_millionths)
        .join(Project, col(Project.id) == AccessRequest.project_id)
        .where(
            AccessRequest.round_id == round_id,
            Project.organisation_id == organisation_id,
            col(AccessRequest.submitted_at).is_not(None),
        )
        .order_by(col(AccessRequest.submitted_at), col(AccessRequest.id))
        .limit(1)
    ).first()


def reviews_of(session: Session, request_id: UUID) -> tuple[Review, ...]:
    """Return the reviews of a request, the earliest first."""
    return tuple(
        session.exec(
            select(Review)
            .where(Review.request_id == request_id)
            .order_by(col(Review.reviewed_at), col(Review.id))
        )
    )


def is_of_the_applicants(session: Session, person_id: UUID, applying: Project) -> bool:
    """Say whether the person is on the project or has a role in its organisation."""
    on_project = session.get(ProjectMember, (applying.id, person_id)) is not None
    return on_project or is_of_the_organisation(session, person_id, applying.organisation_id)


def current_terms(session: Session, facility_ids: Collection[UUID]) -> dict[UUID, TermsVersion]:
    """Return the newest terms of each of the facilities that has any."""
    rows = session.exec(
        select(TermsVersion)
        .where(col(TermsVersion.facility_id).in_(sorted(facility_ids)))
        .order_by(col(TermsVersion.number))
    )
    return {each.facility_id: each for each in rows}


def accepted_terms(session: Session, project_id: UUID) -> frozenset[UUID]:
    """Return the ids of the terms versions that the project has accepted."""
    return frozenset(
        session.exec(
            select(TermsAcceptance.terms_version_id).where(TermsAcceptance.project_id == project_id)
        )
    )


def terms_acceptance(
    session: Session, terms_version_id: UUID, project_id: UUID
) -> TermsAcceptance | None:
    """Return the project's acceptance of one version of terms."""
    return session.get(TermsAcceptance, (terms_version_id, project_id))


def _gathered(session: Session, requests: list[AccessRequest]) -> tuple[RequestFacts, ...]:
    ids = [each.id for each in requests]
    whose = {
        project.id: (project, organisation)
        for project, organisation in session.exec(
            select(Project, Organisation)
            .join(Organisation, col(Organisation.id) == Project.organisation_id)
            .where(col(Project.id).in_([each.project_id for each in requests]))
        )
    }
    wanted = wanted_sessions(session, ids)
    counts: dict[UUID, tuple[int, int]] = {
        request_id: (scores, total - scores)
        for request_id, scores, total in session.exec(
            select(Review.request_id, func.count(col(Review.score)), func.count())
            .where(col(Review.request_id).in_(ids))
            .group_by(col(Review.request_id))
        )
    }
    facts = []
    for each in requests:
        project, organisation = whose[each.project_id]
        scores, conflicts = counts.get(each.id, (0, 0))
        facts.append(
            RequestFacts(
                request=each,
                project_name=project.name,
                organisation_id=organisation.id,
                organisation_name=organisation.name,
                country=organisation.country,
                sessions=wanted[each.id],
                scores=scores,
                conflicts=conflicts,
            )
        )
    return tuple(facts)


def _seen_by(viewer: Actor, *, facility_id: UUID) -> ColumnElement[bool]:
    """Say in SQL what engine/permissions says of REQUEST_SEE in a round led by the facility."""
    places = places_of(viewer, Action.REQUEST_SEE)
    if places is None or facility_id in places:
        return true()
    if viewer.scopes is not None and Action.REQUEST_SEE not in viewer.scopes:
        return ~true()
    organisations = [
        each.organisation_id
        for each in viewer.grants
        if each.organisation_id
        and each.role is Role.ORGANISATION_ADMIN
        and each.role in ALLOWED[Action.REQUEST_SEE]
    ]
    theirs = select(Project.id).where(col(Project.organisation_id).in_(organisations))
    return or_(
        col(AccessRequest.project_id).in_(sorted(viewer.project_ids)),
        col(AccessRequest.project_id).in_(theirs),
    )
