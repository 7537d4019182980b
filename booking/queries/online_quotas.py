"""What decides whether a booking keeps the reserved hours and the cap of its facility's policy.

Of any number of resources and weeks it costs two queries, and three more where what a
facility offers in a week is not kept yet. A facility without a policy costs none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.eligibility import membership
from booking.engine.intervals import Interval
from booking.engine.lifecycle import ResourceState
from booking.engine.online_quotas import Pool
from booking.engine.online_rules import QuotaFacts, WeekCap
from booking.engine.online_weeks import Holding, Share, WeekOffer, pool_of, week_cap
from booking.engine.opening import Week, weeks_touching
from booking.models import Resource
from booking.queries.declared_facts import facts_from, lists_on
from booking.queries.offered_weeks import Offered, Site, offered_weeks
from booking.queries.online_policies import OnlinePolicy, online_policy
from booking.queries.online_statements import (
    DECLARED,
    DECLARED_AND_LOCKED,
    GIVES_WAY,
    HELD,
    OWN,
    RESERVED,
    SHARED_OUT,
    WEEKS,
)

NO_BOOKING = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a resource stands: its facility's offer, and the policy in force there."""

    site: Site
    policy_version_id: UUID | None


@dataclass(frozen=True, slots=True)
class Booker:
    """Whose booking it is, at what instant it is decided, and which booking gives way to it."""

    organisation_id: UUID
    now: datetime
    instead_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A resource at a facility that has a policy, and the weeks asked for there."""

    resource: Resource
    site: Site
    policy: OnlinePolicy
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is taken, reserved and shared out, by resource or facility."""

    held: Mapping[UUID, Sequence[Any]]
    own: Mapping[UUID, Sequence[Any]]
    reserved: Mapping[tuple[UUID, date], Sequence[Any]]
    shared_out: Mapping[UUID, tuple[Interval, ...]]
    gives_way: Any


def quotas_of_each(
    session: Session,
    resources: Sequence[Resource],
    grounds: Mapping[UUID, Ground],
    booker: Booker,
    *,
    within: Interval,
    locking: bool = False,
) -> dict[UUID, QuotaFacts]:
    """Return what policies say of each published resource that has one, in the weeks of `within`.

    `locking` lets no other booking of the organisation be decided meanwhile, where there is
    a cap; the resource is locked before.
    """
    places = _places(session, resources, grounds, within)
    if not places:
        return {}
    capped = any(each.policy.cap_ppm is not None for each in places)
    known = _declared(session, booker, locking=locking and capped)
    rows = _rows(session, places, booker)
    offered = offered_weeks(session, {each.site: each.weeks for each in places})
    groups = {id(each.policy): _groups(each.policy, known, booker.now.date()) for each in places}
    return {
        each.resource.id: _facts(each, rows, offered, booker, groups[id(each.policy)])
        for each in places
    }


def _places(
    session: Session,
    resources: Sequence[Resource],
    grounds: Mapping[UUID, Ground],
    within: Interval,
) -> list[_Place]:
    weeks: dict[str, tuple[Week, ...]] = {}
    found = []
    for each in resources:
        ground = grounds[each.id]
        version_id = ground.policy_version_id
        if version_id is not None and each.state is ResourceState.PUBLISHED:
            zone = ground.site.zone
            if zone not in weeks:
                weeks[zone] = weeks_touching(within, zone)
            policy = online_policy(session, version_id)
            found.append(_Place(each, ground.site, policy, weeks[zone]))
    return found


def _declared(session: Session, booker: Booker, *, locking: bool) -> Sequence[Any]:
    return (
        session.connection()
        .execute(
            DECLARED_AND_LOCKED if locking else DECLARED,
            {
                "organisation": booker.organisation_id,
                "midnight": datetime.combine(booker.now.date(), time(), tzinfo=UTC),
            },
        )
        .all()
    )


def _groups(policy: OnlinePolicy, rows: Sequence[Any], on: date) -> tuple[str, ...]:
    """Decide of which groups the organisation is on a day, in the order of the policy."""
    if not policy.groups:
        return ()
    facts = facts_from(
        [each for each in rows if each.name is not None],
        country=rows[0].country,
        kind=rows[0].kind,
        on=on,
        past_bookings=int(rows[0].booked_before),
    )
    lists = lists_on(on)
    grace = policy.grace_days
    return tuple(
        each.key
        for each in policy.groups
        if membership(each.key, each.rule, facts, lists=lists, on=on, grace_days=grace).member
    )


def _rows(session: Session, places: Sequence[_Place], booker: Booker) -> _Rows:
    weeks = [week for each in places for week in each.weeks]
    found = session.connection().execute(
        WEEKS,
        {
            "resources": [each.resource.id for each in places],
            "facilities": list({each.site.facility_id for each in places}),
            "organisation": booker.organisation_id,
            "start": min(each.interval.start for each in weeks),
            "end": max(each.interval.end for each in weeks),
            "first_week": min(each.monday for each in weeks),
            "last_week": max(each.monday for each in weeks),
            "gives_way": booker.instead_of or NO_BOOKING,
        },
    )
    by_what: dict[str, list[Any]] = defaultdict(list)
    for row in found:
        by_what[row.what].append(row)
    return _Rows(
        held=_by_place(by_what[HELD]),
        own=_by_place(by_what[OWN]),
        reserved=_by_week(by_what[RESERVED]),
        shared_out={
            place: tuple(Interval(each.starts_at, each.ends_at) for each in rows)
            for place, rows in _by_place(by_what[SHARED_OUT]).items()
        },
        gives_way=next(iter(by_what[GIVES_WAY]), None),
    )


def _by_place(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.place].append(row)
    return found


def _by_week(rows: Iterable[Any]) -> dict[tuple[UUID, date], list[Any]]:
    found: dict[tuple[UUID, date], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.place, row.week_on].append(row)
    return found


def _facts(
    place: _Place, rows: _Rows, offered: Offered, booker: Booker, groups: tuple[str, ...]
) -> QuotaFacts:
    moved = rows.gives_way
    return QuotaFacts(
        # What is moved keeps the groups it was made with.
        groups=groups if moved is None else tuple(moved.groups),
        of_round=moved is not None and moved.of_round,
        release=place.policy.release,
        rate_thousandths=place.resource.rate_thousandths,
        pools=tuple(_pools(place, rows, offered, booker)),
        caps=tuple(_caps(place, rows, offered, booker)),
    )


def _pools(place: _Place, rows: _Rows, offered: Offered, booker: Booker) -> Iterator[Pool]:
    resource, at = place.resource, place.site.facility_id
    others, moved = _apart(rows.held.get(resource.id, ()), booker)
    holdings = tuple(_holding(each) for each in others)
    for each in place.weeks:
        offer = WeekOffer(
            week=each.interval,
            monday=each.monday,
            windows=offered[at, each.monday].windows_of(resource.id),
            capacity=resource.capacity,
            rate_thousandths=resource.rate_thousandths,
            shares=_shares(place.policy, rows.reserved.get((resource.id, each.monday), ())),
            shared_out=rows.shared_out.get(at, ()),
        )
        gives_way = None if moved is None else _holding(moved)
        yield pool_of(offer, holdings, now=booker.now, gives_way=gives_way)


def _caps(place: _Place, rows: _Rows, offered: Offered, booker: Booker) -> Iterator[WeekCap]:
    at = place.site.facility_id
    others, moved = _apart(rows.own.get(at, ()), booker)
    rated = tuple((_holding(each), each.rate_thousandths) for each in others)
    for each in place.weeks:
        yield week_cap(
            each.interval,
            monday=each.monday,
            offered=offered[at, each.monday].credits,
            cap_ppm=place.policy.cap_ppm,
            holdings=rated,
            gives_way=None if moved is None else (_holding(moved), moved.rate_thousandths),
        )


def _apart(rows: Iterable[Any], booker: Booker) -> tuple[list[Any], Any]:
    """Tell the other bookings from the one that gives way, if it is among them."""
    others, moved = [], None
    for each in rows:
        if each.booking_id == booker.instead_of:
            moved = each
        else:
            others.append(each)
    return others, moved


def _holding(row: Any) -> Holding:
    return Holding(
        start=row.starts_at,
        end=row.ends_at,
        quantity=row.quantity,
        groups=tuple(row.groups or ()),
        of_round=row.of_round,
    )


def _shares(policy: OnlinePolicy, reserved: Iterable[Any]) -> tuple[Share, ...]:
    """Put together what the policy and rounds keep; a group that the policy lost gets nothing."""
    by_rounds: dict[str, int] = defaultdict(int)
    for each in reserved:
        by_rounds[each.group_key] += each.amount
    return tuple(
        Share(each.key, each.name, each.share_ppm, by_rounds[each.key]) for each in policy.groups
    )
