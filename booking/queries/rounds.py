"""Reads about allocation rounds."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select, true

from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.permissions import Action, Actor, Scope, may, reach
from booking.engine.suppression import SMALLEST_CELL
from booking.errors import NotFound
from booking.models import AccessRequest, EquityGroup, Facility, PolicyVersion, Round, RoundFacility
from booking.queries.paging import Page, page_of, read_cursor
from booking.queries.snapshots import snapshot_taken_at, verified_members


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """An equity group of a policy; `reserved_credits` at one facility, None before opening.

    `verified_organisations` are those of the snapshot, None where they cannot be told.
    """

    key: str
    name: str
    reserved_share_ppm: int
    reserved_credits: float | None
    verified_organisations: int | None = None


@dataclass(frozen=True, slots=True)
class TakingPart:
    """A facility that takes part in a round; credits are unit-hours at rate 1."""

    facility_id: UUID
    slug: str
    name: str
    zone: str
    country: str
    offered_credits: float | None
    published_at: datetime | None
    groups: tuple[GroupFacts, ...]


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """A round with all that its page shows; `seed` only once the round is published.

    `snapshot_at` is when the verified organisations were counted.
    """

    round: Round
    seed: str | None
    policy: PolicyVersion | None
    facilities: tuple[TakingPart, ...]
    submitted: int
    snapshot_at: datetime | None


def find_round(session: Session, key: str) -> Round:
    """Return the round with that slug or id.

    Raises: NotFound.
    """
    found = session.exec(select(Round).where(_named(key))).one_or_none()
    if found is None:
        raise NotFound(f"There is no round {key!r}; the list of rounds shows those there are.")
    return found


def _named(key: str) -> ColumnElement[bool]:
    try:
        return col(Round.id) == UUID(key)
    except ValueError:
        return col(Round.slug) == key


def visible_round(session: Session, key: str, *, viewer: Actor) -> Round:
    """Return the round with that slug or id, if the viewer may know of it.

    Raises: NotFound, also for a draft that is not for the viewer to see.
    """
    found = find_round(session, key)
    scope = Scope(facility_id=found.facility_id)
    if found.state is RoundState.DRAFT and not may(viewer, Action.ROUND_SEE_BOARD, scope):
        raise NotFound(f"There is no round {key!r}; the list of rounds shows those there are.")
    return found


def lock_round(session: Session, round_id: UUID) -> Round:
    """Return the round, locked until the transaction ends, as it stands now.

    Raises: NotFound.
    """
    found = session.exec(
        select(Round)
        .where(Round.id == round_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such round; the list of rounds shows those there are.")
    return found


def round_with_slug(session: Session, slug: str) -> Round | None:
    """Return the round with that slug."""
    return session.exec(select(Round).where(Round.slug == slug)).one_or_none()


def rounds(
    session: Session,
    *,
    viewer: Actor,
    state: RoundState | None = None,
    facility_id: UUID | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Round]:
    """Return the rounds that the viewer may see, by slug."""
    query = select(Round).where(_seen_by(viewer))
    if state is not None:
        query = query.where(Round.state == state)
    if facility_id is not None:
        taking_part = select(RoundFacility.round_id).where(RoundFacility.facility_id == facility_id)
        query = query.where(col(Round.id).in_(taking_part))
    after = read_cursor(cursor, parts=1)
    if after is not None:
        query = query.where(col(Round.slug) > str(after[0]).replace("\0", ""))
    rows = session.exec(query.order_by(col(Round.slug)).limit(limit + 1)).all()
    return page_of(rows, limit=limit, key=lambda row: (row.slug,))


def _seen_by(viewer: Actor) -> ColumnElement[bool]:
    """Say in SQL what `visible_round` says."""
    places = places_of(viewer, Action.ROUND_SEE_BOARD)
    if places is None:
        return true()
    return or_(col(Round.state) != RoundState.DRAFT, col(Round.facility_id).in_(places))


def places_of(viewer: Actor, action: Action) -> list[UUID] | None:
    """List the facilities at which a role lets the viewer do this; None is everywhere."""
    found = reach(viewer, action)
    return None if found.everywhere else sorted(found.facility_ids)


def taking_part(session: Session, round_id: UUID) -> tuple[RoundFacility, ...]:
    """Return the facilities of a round, by id."""
    return tuple(
        session.exec(
            select(RoundFacility)
            .where(RoundFacility.round_id == round_id)
            .order_by(col(RoundFacility.facility_id))
        )
    )


def facilities(session: Session, facility_ids: Collection[UUID]) -> dict[UUID, Facility]:
    """Return the facilities with those ids, by id; unknown ones are left out."""
    found = session.exec(select(Facility).where(col(Facility.id).in_(sorted(facility_ids))))
    return {each.id: each for each in found}


def facility_named(session: Session, key: str) -> Facility:
    """Return the facility with that slug or id.

    Raises: NotFound.
    """
    try:
        found = session.get(Facility, UUID(key))
    except ValueError:
        found = session.exec(select(Facility).where(Facility.slug == key)).one_or_none()
    if found is None:
        raise NotFound(f"There is no facility {key!r}; the list of facilities shows all.")
    return found


def lock_facility(session: Session, facility_id: UUID) -> None:
    """Let whoever numbers versions of the facility's policy or terms go one at a time."""
    session.exec(select(Facility.id).where(Facility.id == facility_id).with_for_update()).one()


def overlapping_rounds(
    session: Session, facility_id: UUID, *, start: datetime, end: datetime, but_for: UUID
) -> tuple[Round, ...]:
    """Return other rounds under way that share out the facility's time in the period."""
    under_way = (RoundState.OPEN, RoundState.REVIEWING, RoundState.ALLOCATED)
    return tuple(
        session.exec(
            select(Round)
            .join(RoundFacility, col(RoundFacility.round_id) == Round.id)
            .where(
                RoundFacility.facility_id == facility_id,
                col(Round.state).in_(under_way),
                Round.access_starts_at < end,
                Round.access_ends_at > start,
                Round.id != but_for,
            )
            .order_by(col(Round.slug))
        )
    )


def round_facts(session: Session, found: Round) -> RoundFacts:
    """Gather all that the round's page shows."""
    policy = (
        session.get(PolicyVersion, found.policy_version_id) if found.policy_version_id else None
    )
    groups = groups_of(session, policy.id) if policy else ()
    submitted = session.exec(
        select(func.count())
        .select_from(AccessRequest)
        .where(
            AccessRequest.round_id == found.id,
            col(AccessRequest.state).not_in((RequestState.DRAFT, RequestState.WITHDRAWN)),
        )
    ).one()
    members = verified_members(session, found.id)
    known = found.state in {RoundState.PUBLISHED, RoundState.CLOSED}
    rows = session.exec(
        select(RoundFacility, Facility)
        .join(Facility, col(Facility.id) == RoundFacility.facility_id)
        .where(RoundFacility.round_id == found.id)
        .order_by(col(Facility.name), col(Facility.id))
    )
    return RoundFacts(
        round=found,
        seed=found.seed if known else None,
        policy=policy,
        facilities=tuple(
            _taking_part(found, part, facility, groups, members) for part, facility in rows
        ),
        submitted=submitted,
        snapshot_at=snapshot_taken_at(session, found.id),
    )


def shares_in_round(found: Round, groups: Iterable[EquityGroup]) -> dict[str, int]:
    """Return each group's reserved share in ppm: as fixed at opening, else as the board set it."""
    fixed = found.reserved_shares
    return {
        each.key: each.reserved_share_ppm if fixed is None else fixed.get(each.key, 0)
        for each in groups
    }


def groups_of(session: Session, policy_version_id: UUID) -> tuple[EquityGroup, ...]:
    """Return the equity groups of a policy version, in the policy's order."""
    return tuple(
        session.exec(
            select(EquityGroup)
            .where(EquityGroup.policy_version_id == policy_version_id)
            .order_by(col(EquityGroup.position))
        )
    )


def _taking_part(
    found: Round,
    part: RoundFacility,
    facility: Facility,
    groups: tuple[EquityGroup, ...],
    members: Mapping[str, int],
) -> TakingPart:
    offered = part.offered_credit_thousandths
    shares, told = shares_in_round(found, groups), _told(found, groups, members)
    return TakingPart(
        facility_id=facility.id,
        slug=facility.slug,
        name=facility.name,
        zone=facility.zone,
        country=facility.country,
        offered_credits=None if offered is None else offered / 1000,
        published_at=part.published_at,
        groups=tuple(
            GroupFacts(
                key=each.key,
                name=each.name,
                reserved_share_ppm=shares[each.key],
                reserved_credits=None
                if offered is None
                else offered * shares[each.key] / 1_000_000_000,
                verified_organisations=told.get(each.key),
            )
            for each in groups
        ),
    )


def _told(
    found: Round, groups: Iterable[EquityGroup], members: Mapping[str, int]
) -> dict[str, int]:
    """Return the counts of verified organisations that tell of nobody: none below five.

    Where shares follow from the counts, any one of them gives the others away.
    """
    counts = {each.key: members.get(each.key, 0) for each in groups}
    few = {key for key, count in counts.items() if count < SMALLEST_CELL}
    if found.reserved_shares is not None and any(counts[key] for key in few):
        return {}
    return {key: count for key, count in counts.items() if key not in few}
