"""What decides whether a booking may be made: the facts the rules look at.

Facts of any number of resources cost the same few queries.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.availability import Held, on_grid
from booking.engine.booking_facts import BookingFacts, ReservingRound
from booking.engine.intervals import MINUTE, Interval
from booking.engine.online_rules import QuotaFacts
from booking.engine.opening import WeeklyHours, open_windows
from booking.models import Resource
from booking.queries.booking_statements import (
    BUSY,
    CLOSED,
    FACTS,
    HELD,
    IN_ROUND,
    OPEN,
    SPAN_COLUMNS,
    SPANS_AND_BUSY,
    STANDINGS,
)
from booking.queries.offered_weeks import Site
from booking.queries.online_quotas import Booker, Ground, quotas_of_each

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """A quantity of a resource for an interval, wanted by a project for a person.

    `instead_of` is the booking that would give way: the one that is moved. `may_waive` is
    somebody who may set rules aside, `waived` somebody who does. `stays_at` is a resource and
    the time on it that would change nothing, so that it is no alternative. `heeds_busy` is a
    wish that gives way to what the person's outside calendars say.
    """

    project_id: UUID
    person_id: UUID
    wanted: Interval
    quantity: int
    by_manager: bool
    instead_of: UUID | None = None
    may_waive: bool = False
    waived: bool = False
    stays_at: tuple[UUID, Interval] | None = None
    heeds_busy: bool = False

    @property
    def busy_person(self) -> UUID:
        """The person whose outside calendars count; nobody has the id 0, so that none do."""
        return self.person_id if self.heeds_busy else UUID(int=0)

    @property
    def gives_way(self) -> UUID:
        """The booking to leave out; no booking has the id 0, so that nothing is left out."""
        return self.instead_of or UUID(int=0)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a project and a person stand to one resource and its facility."""

    ground: Ground
    organisation_id: UUID
    suspended: bool
    allowed: bool
    contact: str
    terms_current: int | None
    terms_accepted: int | None
    qualified: bool
    qualified_until: datetime | None
    on_project: bool
    of_project: int
    of_organisation: int


@dataclass(frozen=True, slots=True)
class _Times:
    """What opens and takes time of resources: hours, each of a facility or resource, and spans."""

    hours: Sequence[tuple[UUID, UUID | None, WeeklyHours]]
    spans: Sequence["_Span"]


@dataclass(frozen=True, slots=True)
class _Span:
    """A closure, a hold or a round's access period; of one resource or of a facility."""

    what: str
    facility_id: UUID | None
    resource_id: UUID | None
    interval: Interval
    quantity: int
    name: str
    decision_on: date | None

    def touches(self, resource: Resource) -> bool:
        """Say whether it takes time of this resource."""
        if self.resource_id is None:
            return self.facility_id == resource.facility_id
        return self.resource_id == resource.id


def booking_facts(
    session: Session,
    resource: Resource,
    wish: Wish,
    *,
    now: datetime,
    locking: bool = False,
) -> BookingFacts:
    """Return all that decides about the wish; windows and holds are those it touches.

    Where it is off the grid they are also those near it.
    `locking` lets no other booking of an organisation with a cap be decided meanwhile; the
    resource is locked before.

    Cost: one query, and where the facility has a policy those of online_quotas.
    """
    around = _around(resource, wish.wanted)
    standing, times = _of_one(session, resource, wish, around, now)
    standings = {resource.id: standing}
    quotas = _quotas(
        session, [resource], standings, wish, now=now, within=wish.wanted, locking=locking
    )
    return _facts(
        resource,
        wish,
        standing=standing,
        times=times,
        within=around,
        quotas=quotas.get(resource.id),
        now=now,
    )


def facts_of_each(
    session: Session,
    resources: Sequence[Resource],
    wish: Wish,
    *,
    now: datetime,
    within: Interval,
    locking: bool = False,
) -> dict[UUID, BookingFacts]:
    """Return the facts of the same wish for each resource, by resource id; of none, none.

    Windows, closures, holds and rounds are those that touch `within`.

    Cost: two queries and those of online_quotas, whatever the number of resources.
    """
    if not resources:
        return {}
    standings = _standings(session, resources, wish, now)
    times = _times_of(session, resources, wish, within)
    quotas = _quotas(session, resources, standings, wish, now=now, within=within, locking=locking)
    return {
        each.id: _facts(
            each,
            wish,
            standing=standings[each.id],
            times=times,
            within=within,
            quotas=quotas.get(each.id),
            now=now,
        )
        for each in resources
    }


def _facts(
    resource: Resource,
    wish: Wish,
    *,
    standing: _Standing,
    times: _Times,
    within: Interval,
    quotas: QuotaFacts | None,
    now: datetime,
) -> BookingFacts:
    spans = [each for each in times.spans if each.touches(resource)]
    return replace(
        _limits_of(resource, wish, now),
        open_windows=open_windows(
            _own_hours(times.hours, resource), zone=standing.ground.site.zone, within=within
        ),
        closures=tuple(each.interval for each in spans if each.what == CLOSED),
        holds=_holds(resource, spans),
        rounds=tuple(_reserving(each, now) for each in spans if each.what == IN_ROUND),
        busy_elsewhere=tuple(each.interval for each in times.spans if each.what == BUSY),
        project_allowed=standing.allowed,
        contact=_contact(resource) or standing.contact,
        qualified=standing.qualified,
        qualified_until=standing.qualified_until,
        terms_current=standing.terms_current,
        terms_accepted=standing.terms_accepted,
        organisation_suspended=standing.suspended,
        on_project=standing.on_project,
        project_bookings=standing.of_project,
        organisation_bookings=standing.of_organisation,
        quotas=quotas,
    )


def _quotas(
    session: Session,
    resources: Sequence[Resource],
    standings: Mapping[UUID, _Standing],
    wish: Wish,
    *,
    now: datetime,
    within: Interval,
    locking: bool,
) -> dict[UUID, QuotaFacts]:
    if not standings:
        return {}
    organisation_id = next(iter(standings.values())).organisation_id
    return quotas_of_each(
        session,
        resources,
        {resource_id: each.ground for resource_id, each in standings.items()},
        Booker(organisation_id, now, wish.instead_of),
        within=within,
        locking=locking,
    )


def _limits_of(resource: Resource, wish: Wish, now: datetime) -> BookingFacts:
    """State what the resource itself asks of the wish."""
    return BookingFacts(
        now=now,
        wanted=wish.wanted,
        quantity=wish.quantity,
        resource_state=resource.state,
        capacity=resource.capacity,
        open_windows=(),
        mode=resource.mode,
        grid_minutes=resource.grid_minutes,
        minimum_minutes=resource.minimum_minutes,
        maximum_minutes=resource.maximum_minutes,
        lead_minutes=resource.lead_minutes,
        horizon_days=resource.horizon_days,
        buffer_before_minutes=resource.buffer_before_minutes,
        buffer_after_minutes=resource.buffer_after_minutes,
        qualification_needed=resource.qualification_needed,
        concurrent_per_project=resource.concurrent_per_project,
        concurrent_per_organisation=resource.concurrent_per_organisation,
        may_waive=wish.may_waive,
        waived=wish.waived,
    )


def _holds(resource: Resource, spans: Iterable[_Span]) -> tuple[Held, ...]:
    before = resource.buffer_before_minutes * MINUTE
    after = resource.buffer_after_minutes * MINUTE
    return tuple(
        Held(each.interval.widened(before=before, after=after), each.quantity)
        for each in spans
        if each.what == HELD
    )


def _reserving(span: _Span, now: datetime) -> ReservingRound:
    """Word a round as what it reserves, up to the end of the day of its decision.

    A round that is late keeps its time; it is then expected by the end of today.
    """
    day = max(span.decision_on or now.date(), now.date())
    until = datetime.combine(day, time(), tzinfo=UTC) + DAY
    return ReservingRound(name=span.name, access=span.interval, until=until)


def _own_hours(
    hours: Collection[tuple[UUID, UUID | None, WeeklyHours]], resource: Resource
) -> list[WeeklyHours]:
    """Choose a resource's own hours, else those of its facility."""
    own = [each for _, resource_id, each in hours if resource_id == resource.id]
    return own or [
        each
        for facility_id, resource_id, each in hours
        if resource_id is None and facility_id == resource.facility_id
    ]


def _around(resource: Resource, wanted: Interval) -> Interval:
    """Look at no more than the wanted time; off the grid, as far as the nearest time on it."""
    grid = resource.grid_minutes
    if on_grid(wanted.start, grid) and on_grid(wanted.end, grid):
        return wanted
    return wanted.widened(before=grid * MINUTE, after=2 * grid * MINUTE)


def _of_one(
    session: Session, resource: Resource, wish: Wish, around: Interval, now: datetime
) -> tuple[_Standing, _Times]:
    """Read all at once, since what is asked most is about one resource."""
    reach = (resource.buffer_before_minutes + resource.buffer_after_minutes) * MINUTE
    rows = (
        session.connection()
        .execute(
            FACTS,
            {
                "resource": resource.id,
                "facility": resource.facility_id,
                "start": around.start - reach,
                "end": around.end + reach,
                "project": wish.project_id,
                "person": wish.person_id,
                "now": now,
                "but_for": wish.gives_way,
                "busy_person": wish.busy_person,
            },
        )
        .all()
    )
    return _standing(rows[0]), _times(row[-SPAN_COLUMNS:] for row in rows)


def _times_of(
    session: Session, resources: Sequence[Resource], wish: Wish, within: Interval
) -> _Times:
    reach = max(each.buffer_before_minutes + each.buffer_after_minutes for each in resources)
    rows = session.connection().execute(
        SPANS_AND_BUSY,
        {
            **_places(resources),
            "start": within.start - reach * MINUTE,
            "end": within.end + reach * MINUTE,
            "but_for": wish.gives_way,
            "busy_person": wish.busy_person,
        },
    )
    return _times(rows)


def _times(rows: Iterable[Sequence[Any]]) -> _Times:
    hours, spans = [], []
    for what, facility_id, resource_id, starts_at, ends_at, number, name, day, *clock in rows:
        if what == OPEN:
            hours.append((facility_id, resource_id, WeeklyHours(number, *clock)))
        elif what is not None:
            interval = Interval(starts_at, ends_at)
            spans.append(_Span(what, facility_id, resource_id, interval, number, name, day))
    return _Times(hours, spans)


def _standings(
    session: Session, resources: Sequence[Resource], wish: Wish, now: datetime
) -> dict[UUID, _Standing]:
    rows = session.connection().execute(
        STANDINGS,
        {
            "resources": [each.id for each in resources],
            "project": wish.project_id,
            "person": wish.person_id,
            "now": now,
            "but_for": wish.gives_way,
        },
    )
    return {row.resource_id: _standing(row) for row in rows}


def _standing(row: Any) -> _Standing:
    return _Standing(
        ground=Ground(Site(row.facility_id, row.zone, row.offer_version), row.policy_version_id),
        organisation_id=row.organisation_id,
        suspended=row.suspended_at is not None,
        allowed=not row.restricted or row.admitted is not None,
        contact=_contact(row),
        terms_current=row.terms_current,
        terms_accepted=row.terms_accepted,
        qualified=row.qualification is not None,
        qualified_until=row.expires_at,
        on_project=row.on_project,
        of_project=row.of_project,
        of_organisation=row.of_organisation,
    )


def _contact(place: Any) -> str:
    """Word whom a resource or facility names to ask; empty where nobody."""
    ways = (place.contact_name, place.contact_email, place.contact_url)
    return ", ".join(each for each in ways if each)


def _places(resources: Sequence[Resource]) -> dict[str, Any]:
    return {
        "resources": [each.id for each in resources],
        "facilities": list({each.facility_id for each in resources}),
    }
