"""Public holidays: proposed to a facility, and closures once somebody adopts them."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.db import undone
from booking.engine.closure_rules import ClosureCode
from booking.engine.intervals import Interval
from booking.engine.opening import local_day
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import ClosureKind
from booking.errors import Malformed, RulesBroken
from booking.models import Closure, Facility
from booking.queries import closures as reads
from booking.reference.holiday_calendar import FIRST_YEAR, LAST_YEAR, Holiday, holidays_in
from booking.services.catalogue import found_facility
from booking.services.closures import NewClosure, close_all
from booking.services.displacement import Displacement
from booking.services.permits import permit

MOST_DATES: Final = 100


@dataclass(frozen=True, slots=True)
class HolidayProposal:
    """A holiday of the facility's country and region, and the closure that it is already."""

    on: date
    name: str
    category: str
    estimated: bool
    starts_at: datetime
    ends_at: datetime
    over: bool
    closure_id: UUID | None
    closure_estimated: bool


@dataclass(frozen=True, slots=True)
class Adopted:
    """The closures that were added, the dates that were there already, and who gives way."""

    closures: tuple[Closure, ...]
    already: tuple[date, ...]
    displacement: Displacement


def holiday_proposals(
    session: Session, *, actor: Actor, now: datetime, facility_id: UUID, year: int
) -> tuple[HolidayProposal, ...]:
    """List the holidays of a year that the facility may adopt or has adopted, by date.

    Raises: NotFound; Malformed for a year that is not known.
    """
    permit(actor, Action.CATALOGUE_SEE_DRAFTS, Scope(facility_id=facility_id))
    place = found_facility(session, facility_id)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        reason = f"Holidays are known from {FIRST_YEAR} to {LAST_YEAR}: choose a year of these."
        raise Malformed(reason, [Violation("value_error", reason, "/year")])
    return _proposals(session, place, [year], now)


def adopt_holidays(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    dates: Sequence[date],
    dry_run: bool = False,
) -> Adopted:
    """Close the facility on those holidays, each for its whole local day.

    What is adopted already stays as it is. Where the date is estimated nobody is displaced
    until the closure is changed to be certain. With `dry_run` all is found out and undone.
    Raises: NotFound; Malformed for a date that is no holiday; RulesBroken if one is over.
    """
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=facility_id))
    place = found_facility(session, facility_id)
    years = sorted({on.year for on in dates if FIRST_YEAR <= on.year <= LAST_YEAR})
    known = {each.on: each for each in _proposals(session, place, years, now)}
    _refuse_unknown(dates, known.keys(), place)
    chosen = [known[on] for on in sorted(set(dates))]
    _refuse_past(each for each in chosen if each.over and each.closure_id is None)
    new = [_closure(each) for each in chosen if each.closure_id is None]
    with undone(session) if dry_run else nullcontext():
        done = close_all(session, actor=actor, now=now, facility_id=facility_id, new=new)
    already = tuple(each.on for each in chosen if each.closure_id is not None)
    return Adopted(done.added, already, done.displacement)


def _proposals(
    session: Session, place: Facility, years: Iterable[int], now: datetime
) -> tuple[HolidayProposal, ...]:
    adopted = {
        Interval(each.starts_at, each.ends_at): each
        for each in reads.closures_at(session, place.id)
        if each.kind is ClosureKind.HOLIDAY and each.resource_id is None
    }
    return tuple(
        _proposal(each, day, adopted.get(day), now)
        for year in years
        for each in holidays_in(place.country, place.holiday_region, year)
        if (day := local_day(each.on, place.zone)) is not None
    )


def _proposal(
    found: Holiday, day: Interval, adopted: Closure | None, now: datetime
) -> HolidayProposal:
    return HolidayProposal(
        on=found.on,
        name=found.name,
        category=found.category,
        estimated=found.estimated,
        starts_at=day.start,
        ends_at=day.end,
        over=day.end <= now,
        closure_id=None if adopted is None else adopted.id,
        closure_estimated=adopted is not None and adopted.estimated,
    )


def _closure(chosen: HolidayProposal) -> NewClosure:
    return NewClosure(
        resource_id=None,
        starts_at=chosen.starts_at,
        ends_at=chosen.ends_at,
        kind=ClosureKind.HOLIDAY,
        reason=chosen.name,
        estimated=chosen.estimated,
    )


def _refuse_unknown(dates: Sequence[date], known: Iterable[date], place: Facility) -> None:
    found = frozenset(known)
    where = f"{place.country} {place.holiday_region}".strip()
    faults = [
        Violation(
            "not_a_holiday",
            f"No holiday of {where} is known on {on}: enter a closure by hand instead.",
            f"/dates/{position}",
        )
        for position, on in enumerate(dates)
        if on not in found
    ]
    if faults:
        raise Malformed(" ".join(each.reason for each in faults), faults)


def _refuse_past(over: Iterable[HolidayProposal]) -> None:
    faults = [
        Violation(
            ClosureCode.PAST,
            f"{each.name} on {each.on} is over: leave it out.",
            "/dates",
        )
        for each in over
    ]
    if faults:
        raise RulesBroken(" ".join(each.reason for each in faults), faults)
