"""Book the same hours again and again: a series, expanded into bookings of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.db import undone
from booking.engine.intervals import MINUTE, Interval
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Actor
from booking.engine.repetition import (
    Occurrence,
    Repetition,
    occurrences,
    repetition_faults,
    skipped_by_the_clock,
)
from booking.engine.violations import Violation
from booking.engine.wording import as_text
from booking.errors import Malformed, RulesBroken
from booking.events import record
from booking.models import Booking, BookingSeries, Resource
from booking.queries.booking_facts import Wish
from booking.queries.bookings import lock_resource
from booking.queries.catalogue import facility
from booking.services.booking_placing import nearest, wanted_interval
from booking.services.bookings import NewBooking, book_wish, unknown, wish_for

# Alternatives are looked for on so many refused dates, the first ones; each costs a search.
MOST_WITH_ALTERNATIVES: Final = 20


@dataclass(frozen=True, slots=True)
class RefusedDate:
    """A date that cannot be had, why, and the nearest times that would do.

    Its ends coincide where the clock skips that time.
    """

    starts_at: datetime
    ends_at: datetime
    violations: tuple[Violation, ...]
    alternatives: Sequence[dict[str, str]] = ()


@dataclass(frozen=True, slots=True)
class SeriesOutcome:
    """What came of a series; a trial has `dates` that could be had, and no bookings."""

    series_id: UUID | None
    dates: tuple[Interval, ...]
    bookings: tuple[Booking, ...]
    refused: tuple[RefusedDate, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """What is being expanded; `new` is its first booking."""

    id: UUID
    actor: Actor
    now: datetime
    domain: str
    resource: Resource
    new: NewBooking
    wish: Wish
    every: tuple[Occurrence, ...]


def book_series(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    domain: str,
    new: NewBooking,
    repeats: Repetition,
    skip_refused: bool = True,
    dry_run: bool = False,
) -> SeriesOutcome:
    """Book `new` and its repetitions, each by all the rules, at the same wall-clock times.

    A date that is refused is left out, or all are where none is to be skipped. A trial
    (`dry_run`) leaves nothing behind.
    Raises: Malformed, NotFound, NotPermitted; RulesBroken if no date can be had, or one
    cannot and none is to be skipped, with every violation and the `refused` dates.
    """
    first = wanted_interval(new.starts_at, new.ends_at, now=now)
    resource = lock_resource(session, new.resource_id)
    if resource is None:
        raise unknown("resource")
    wish = wish_for(session, actor, resource, new, first)
    every = _dates(session, resource, first, repeats, now=now)
    row = BookingSeries(
        resource_id=resource.id,
        project_id=new.project_id,
        repeats=_as_kept(repeats),
        created_by=actor.person_id,
        created_at=now,
    )
    series = _Series(row.id, actor, now, domain, resource, new, wish, every)
    with undone(session) if dry_run else session.begin_nested():
        outcome = _expand(session, series)
        if not dry_run and outcome.refused and not (skip_refused and outcome.bookings):
            raise _none_of(series, outcome)
    if dry_run:
        return replace(outcome, series_id=None, bookings=())
    session.add(row)
    _record(session, series, row, outcome)
    return outcome


def _dates(
    session: Session, resource: Resource, first: Interval, repeats: Repetition, *, now: datetime
) -> tuple[Occurrence, ...]:
    """Give every date on the facility's clock.

    Raises: Malformed if the repetition makes no sense, or ends decades away.
    """
    place = facility(session, resource.facility_id)
    if place is None:
        raise ValueError(f"The resource {resource.id} is of no facility.")
    faults = repetition_faults(first, repeats, zone=place.zone)
    if faults:
        raise Malformed(" ".join(each.reason for each in faults), faults)
    every = occurrences(first, repeats, zone=place.zone)
    last = every[-1]
    wanted_interval(last.starts_at, max(last.ends_at, last.starts_at + MINUTE), now=now)
    return every


def _expand(session: Session, series: _Series) -> SeriesOutcome:
    booked: list[Booking] = []
    refused: list[RefusedDate] = []
    for each in series.every:
        found = _book(session, series, each)
        if isinstance(found, RefusedDate):
            refused.append(found)
        else:
            booked.append(found)
    return SeriesOutcome(
        series_id=series.id,
        dates=tuple(Interval(each.starts_at, each.ends_at) for each in booked),
        bookings=tuple(booked),
        refused=tuple(
            _with_alternatives(session, series, each) if number < MOST_WITH_ALTERNATIVES else each
            for number, each in enumerate(refused)
        ),
    )


def _book(session: Session, series: _Series, date: Occurrence) -> Booking | RefusedDate:
    skipped = skipped_by_the_clock(date)
    if date.interval is None or skipped is not None:
        violations = () if skipped is None else (skipped,)
        return RefusedDate(date.starts_at, date.ends_at, violations)
    try:
        return book_wish(
            session,
            series.actor,
            series.resource,
            replace(series.wish, wanted=date.interval),
            series.new,
            domain=series.domain,
            now=series.now,
            series_id=series.id,
            offering=False,
        )
    except RulesBroken as error:
        return RefusedDate(date.starts_at, date.ends_at, error.violations)


def _with_alternatives(session: Session, series: _Series, date: RefusedDate) -> RefusedDate:
    """Look for the nearest times that none of the series takes either."""
    ends_at = date.ends_at
    if ends_at <= date.starts_at:
        ends_at = date.starts_at + (series.wish.wanted.end - series.wish.wanted.start)
    wish = replace(series.wish, wanted=Interval(date.starts_at, ends_at))
    found = nearest(session, series.resource, wish, now=series.now)
    return replace(date, alternatives=found)


def _none_of(series: _Series, outcome: SeriesOutcome) -> RulesBroken:
    starts = [each.starts_at for each in series.every]
    violations = [
        replace(each, pointer=f"/dates/{starts.index(date.starts_at)}{each.pointer}")
        for date in outcome.refused
        for each in date.violations
    ]
    return RulesBroken(
        f"{len(outcome.refused)} of {len(starts)} dates break rules, so none was booked; choose "
        "other times, or let the dates that cannot be had be skipped.",
        violations,
        beside={"refused": [_as_json(each) for each in outcome.refused]},
    )


def _as_json(date: RefusedDate) -> dict[str, Any]:
    return {
        "starts_at": as_text(date.starts_at),
        "ends_at": as_text(date.ends_at),
        "alternatives": list(date.alternatives),
    }


def _record(session: Session, series: _Series, row: BookingSeries, outcome: SeriesOutcome) -> None:
    record(
        session,
        EventKind.BOOKING_SERIES_BOOKED,
        subject_id=row.id,
        now=series.now,
        actor_id=series.actor.person_id,
        facility_id=series.resource.facility_id,
        payload={
            "resource_id": str(row.resource_id),
            "project_id": str(row.project_id),
            "repeats": row.repeats,
            "booking_ids": [str(each.id) for each in outcome.bookings],
            "refused": len(outcome.refused),
        },
    )


def _as_kept(repeats: Repetition) -> dict[str, Any]:
    return {
        "every": str(repeats.every),
        "interval": repeats.interval,
        "weekdays": sorted(repeats.weekdays),
        "count": repeats.count,
        "until": None if repeats.until is None else repeats.until.isoformat(),
    }
