"""What decides whether a booking may be made, as values the rules look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from booking.engine.availability import Held
from booking.engine.intervals import MINUTE, Interval
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.online_rules import QuotaFacts


class BookingCode(StrEnum):
    """Why a booking is refused; part of the API, never renamed."""

    NOT_PUBLISHED = "not_published"
    OFF_GRID = "off_grid"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    IN_THE_PAST = "in_the_past"
    TOO_SOON = "too_soon"
    BEYOND_HORIZON = "beyond_horizon"
    CLOSED = "closed"
    CLOSURE = "closure"
    TAKEN = "taken"
    ABOVE_CAPACITY = "above_capacity"
    ROUND_ONLY = "round_only"
    IN_ROUND = "in_round"
    NOT_QUALIFIED = "not_qualified"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    ORGANISATION_SUSPENDED = "organisation_suspended"
    PROJECT_NOT_ALLOWED = "project_not_allowed"
    NOT_ON_PROJECT = "not_on_project"
    TOO_MANY_FOR_PROJECT = "too_many_for_project"
    TOO_MANY_FOR_ORGANISATION = "too_many_for_organisation"
    BUSY_ELSEWHERE = "busy_elsewhere"


@dataclass(frozen=True, slots=True)
class ReservingRound:
    """A round that shares out `access`; what it leaves is free to book from `until` on."""

    name: str
    access: Interval
    until: datetime


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """All that decides whether a booking may be made, as it stands at `now`.

    `holds` are other people's, their own buffers included. A limit of None, or a horizon
    of None, is no limit. `qualified_until` of None is a qualification that does not end,
    `contact` whom to ask of the facility, empty where nobody is named.
    `terms_current` of None means that there are no terms to accept. The two counts are of
    other bookings of the resource that have not ended yet. `may_waive` is somebody who may
    set aside what is waivable, `waived` somebody who does, with a reason. `quotas` of None
    is a facility without a policy. `busy_elsewhere` is when outside calendars of the person
    it is for say that they are busy.
    """

    now: datetime
    wanted: Interval
    quantity: int
    resource_state: ResourceState
    capacity: int
    open_windows: tuple[Interval, ...]
    closures: tuple[Interval, ...] = ()
    holds: tuple[Held, ...] = ()
    mode: BookingMode = BookingMode.INSTANT
    grid_minutes: int = 15
    minimum_minutes: int | None = None
    maximum_minutes: int | None = None
    lead_minutes: int = 0
    horizon_days: int | None = 365
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    project_allowed: bool = True
    qualification_needed: bool = False
    qualified: bool = False
    qualified_until: datetime | None = None
    contact: str = ""
    terms_current: int | None = None
    terms_accepted: int | None = None
    organisation_suspended: bool = False
    rounds: tuple[ReservingRound, ...] = ()
    on_project: bool = True
    concurrent_per_project: int | None = None
    project_bookings: int = 0
    concurrent_per_organisation: int | None = None
    organisation_bookings: int = 0
    may_waive: bool = False
    waived: bool = False
    quotas: QuotaFacts | None = None
    busy_elsewhere: tuple[Interval, ...] = ()

    @property
    def before(self) -> timedelta:
        """Time to set up before the booking."""
        return self.buffer_before_minutes * MINUTE

    @property
    def after(self) -> timedelta:
        """Time to clean up after the booking."""
        return self.buffer_after_minutes * MINUTE
