"""Publish an allocated round: bookings, ledger and answers, one transaction a facility."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.intervals import Interval, peak
from booking.engine.lifecycle import (
    REQUEST_STEPS,
    BookingStatus,
    EventKind,
    RequestState,
    RoundState,
    Step,
    step,
)
from booking.engine.online_quotas import credits_of
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import BookingSource, LedgerKind
from booking.engine.wording import counted, in_words
from booking.errors import NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import (
    AccessRequest,
    Booking,
    Decision,
    LedgerEntry,
    Resource,
    Round,
    RoundFacility,
    RoundResult,
)
from booking.queries.decisions import decisions_of, result_of
from booking.queries.offers import bookings_during, closures_during, lock_resources
from booking.queries.requests import organisations_of, submitted_requests
from booking.queries.rounds import find_round, lock_round, taking_part
from booking.services.booking_writing import insert_guarded
from booking.services.bookings import as_recorded
from booking.services.permits import permit
from booking.services.rounds import access_of, take_round_step
from booking.services.weekly_reserves import keep_unfilled


@dataclass(frozen=True, slots=True)
class _Placed:
    """One session of a granted request, where the result puts it."""

    request: AccessRequest
    resource: Resource
    interval: Interval
    quantity: int


@dataclass(frozen=True, slots=True)
class _Publication:
    """What every step of publishing one facility needs."""

    found: Round
    part: RoundFacility
    actor: Actor
    now: datetime
    domain: str


def unpublished_facilities(session: Session, *, actor: Actor, key: str) -> tuple[UUID, ...]:
    """Return the facilities of an allocated round that wait to be published, by id.

    Raises: NotFound; NotPermitted; WrongState.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    take_round_step(found, "publish")
    parts = taking_part(session, found.id)
    return tuple(each.facility_id for each in parts if each.published_at is None)


def publish_facility(
    session: Session, *, actor: Actor, now: datetime, domain: str, key: str, facility_id: UUID
) -> tuple[Booking, ...]:
    """Create the facility's bookings, charge them and grant their requests, or do nothing.

    With the last facility the other requests are told no, and the round is published. A
    booking's uid ends in `domain` for good.
    Raises: NotFound; WrongState; RulesBroken naming each clash with a closure or booking
    that came after the allocation.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    found = lock_round(session, found.id)
    taken = take_round_step(found, "publish")
    publication = _Publication(found, _part(session, found, facility_id), actor, now, domain)
    result = result_of(session, found)
    placed = _placed_at(session, publication, result)
    _refuse_clashes(session, publication, placed)
    bookings = _book(session, publication, placed, _groups_credited(placed, result))
    keep_unfilled(session, found=found, facility_id=facility_id, result=result, now=now)
    _grant(session, publication, placed)
    publication.part.published_at = now
    session.flush()
    if all(each.published_at is not None for each in taking_part(session, found.id)):
        _finish(session, publication, taken)
    return bookings


def _part(session: Session, found: Round, facility_id: UUID) -> RoundFacility:
    parts = taking_part(session, found.id)
    part = next((each for each in parts if each.facility_id == facility_id), None)
    if part is None:
        raise NotFound("This facility takes no part in the round; look at the round's page.")
    if part.published_at is not None:
        raise WrongState("This facility was published already; its bookings are in the calendar.")
    return part


def _placed_at(
    session: Session, publication: _Publication, result: RoundResult
) -> tuple[_Placed, ...]:
    """Read the facility's part of the result, its resources locked in the order of ids."""
    waiting = {each.id: each for each in submitted_requests(session, publication.found.id)}
    granted = decisions_of(session, result.id, granted=True)
    wanted = {UUID(each["resource_id"]) for one in granted for each in one.placements}
    resources = lock_resources(session, wanted)
    return tuple(
        _Placed(
            request=waiting[decision.request_id],
            resource=resources[UUID(each["resource_id"])],
            interval=Interval(
                datetime.fromisoformat(each["starts_at"]), datetime.fromisoformat(each["ends_at"])
            ),
            quantity=each["quantity"],
        )
        for decision in granted
        for each in _at_facility(decision, resources, publication.part.facility_id)
        if decision.request_id in waiting
    )


def _at_facility(
    decision: Decision, resources: dict[UUID, Resource], facility_id: UUID
) -> list[dict[str, Any]]:
    return [
        each
        for each in decision.placements
        if resources[UUID(each["resource_id"])].facility_id == facility_id
    ]


def _refuse_clashes(session: Session, publication: _Publication, placed: Sequence[_Placed]) -> None:
    """Return if everything still fits beside closures and other bookings.

    Raises: RulesBroken naming each clash.
    """
    access = access_of(publication.found)
    places = [publication.part.facility_id]
    closures = closures_during(session, places, access)
    bookings = bookings_during(session, places, access)
    clashes: list[Violation] = []
    for each in placed:
        closed = any(
            each.interval.overlaps(Interval(closure.starts_at, closure.ends_at))
            for closure in closures
            if closure.resource_id in {None, each.resource.id}
        )
        others = [
            (held, booking.quantity)
            for booking in bookings.get(each.resource.id, ())
            if (held := Interval(booking.starts_at, booking.ends_at)).overlaps(each.interval)
        ]
        if closed:
            clashes.append(_clash(each, "there is a closure now"))
        elif peak(others) + each.quantity > each.resource.capacity:
            clashes.append(_clash(each, "somebody else holds it now"))
    if clashes:
        raise _not_published(clashes)


def _clash(placed: _Placed, why: str) -> Violation:
    return Violation(
        "clash",
        f"{placed.resource.name}, {in_words(placed.interval)}: {why}.",
        f"/requests/{placed.request.id}",
    )


def _not_published(clashes: Sequence[Violation]) -> RulesBroken:
    return RulesBroken(
        f"{counted(len(clashes), 'booking')} of the round cannot be made because of what came "
        "after its allocation, so nothing of this facility was published; allocate the round "
        "again, or take away what clashes.",
        clashes,
    )


def _book(
    session: Session,
    publication: _Publication,
    placed: Sequence[_Placed],
    groups: dict[UUID, str],
) -> tuple[Booking, ...]:
    """Create and charge the bookings; the database's guard has the last word."""
    organisations = organisations_of(session, {each.request.project_id for each in placed})
    bookings = []
    for each in placed:
        row = _booking(publication, each, groups.get(each.request.id, ""))
        booking = insert_guarded(session, row)
        if booking is None:
            raise _not_published([_clash(each, "the database found it taken")])
        whose = organisations[each.request.project_id]
        session.add(_charge(publication, each, booking, whose))
        record(
            session,
            EventKind.BOOKING_CONFIRMED,
            subject_id=booking.id,
            now=publication.now,
            actor_id=publication.actor.person_id,
            facility_id=publication.part.facility_id,
            payload=as_recorded(booking),
        )
        bookings.append(booking)
    session.flush()
    return tuple(bookings)


def _booking(publication: _Publication, placed: _Placed, group: str) -> Booking:
    return Booking(
        uid=f"{uuid4()}@{publication.domain}",
        resource_id=placed.resource.id,
        project_id=placed.request.project_id,
        person_id=placed.request.submitted_by,
        starts_at=placed.interval.start,
        ends_at=placed.interval.end,
        quantity=placed.quantity,
        status=BookingStatus.CONFIRMED,
        source=BookingSource.ROUND,
        title=placed.request.title,
        group_key=group,
        groups=[each["group"] for each in placed.request.memberships if each["member"]],
        request_id=placed.request.id,
        created_at=publication.now,
        updated_at=publication.now,
    )


def _charge(
    publication: _Publication, placed: _Placed, booking: Booking, organisation_id: UUID
) -> LedgerEntry:
    minutes = placed.interval.minutes
    rate_thousandths = placed.resource.rate_thousandths
    return LedgerEntry(
        facility_id=publication.part.facility_id,
        organisation_id=organisation_id,
        project_id=placed.request.project_id,
        booking_id=booking.id,
        kind=LedgerKind.ALLOCATED,
        group_key=booking.group_key,
        access_units=minutes * placed.quantity,
        credit_thousandths=credits_of(
            minutes, quantity=placed.quantity, rate_thousandths=rate_thousandths
        ),
        used_at=placed.interval.start,
        entered_at=publication.now,
    )


def _groups_credited(placed: Iterable[_Placed], result: RoundResult) -> dict[UUID, str]:
    """Name the group each request's hours were credited to, where the result tells it.

    It does where it explains somebody else's refusal, and where the request is of one
    credited group only.
    """
    written = json.loads(result.result)
    told = {
        UUID(blocker["request"]): blocker["group"]
        for decision in written["decisions"]
        for reason in decision["reasons"]
        for blocker in reason["blockers"]
        if blocker["group"]
    }
    credited = {
        (facility["id"], group)
        for facility in written["facilities"]
        for group, figures in facility["groups"].items()
        if figures["credited"] > 0
    }
    for each in placed:
        facility_id = str(each.resource.facility_id)
        own = [one["group"] for one in each.request.memberships if one["member"]]
        likely = [one for one in own if (facility_id, one) in credited]
        if len(likely) == 1:
            told.setdefault(each.request.id, likely[0])
    return told


def _grant(session: Session, publication: _Publication, placed: Iterable[_Placed]) -> None:
    for each in {one.request.id: one.request for one in placed}.values():
        _answer(session, publication, each, "grant", publication.part.facility_id)


def _finish(session: Session, publication: _Publication, taken: Step) -> None:
    """Tell the other requests no, and publish the round."""
    found = publication.found
    for each in submitted_requests(session, found.id):
        _answer(session, publication, each, "refuse", found.facility_id)
    found.state = RoundState(taken.new_state)
    found.updated_at = publication.now
    session.flush()
    record(
        session,
        taken.event,
        subject_id=found.id,
        now=publication.now,
        actor_id=publication.actor.person_id,
        facility_id=found.facility_id,
        payload={"slug": found.slug, "seed": found.seed, "seed_hash": found.seed_hash},
    )


def _answer(
    session: Session, publication: _Publication, row: AccessRequest, name: str, facility_id: UUID
) -> None:
    taken = step(REQUEST_STEPS, row.state, name)
    if isinstance(taken, Violation):
        raise WrongState(taken.reason, [taken])
    row.state = RequestState(taken.new_state)
    row.updated_at = publication.now
    session.flush()
    record(
        session,
        taken.event,
        subject_id=row.id,
        now=publication.now,
        actor_id=publication.actor.person_id,
        facility_id=facility_id,
        payload={
            "round_id": str(publication.found.id),
            "project_id": str(row.project_id),
            "state": row.state,
        },
    )
