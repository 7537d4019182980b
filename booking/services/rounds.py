"""The life of a round: create, edit, open, close the call, close."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import MINUTE, Interval
from booking.engine.lifecycle import ROUND_STEPS, EventKind, RoundState, Step, step
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.wording import at_words
from booking.errors import RulesBroken, WrongState
from booking.events import record
from booking.models import Round, RoundFacility
from booking.queries.offers import offers
from booking.queries.policies import current_policy
from booking.queries.rounds import (
    facilities,
    facility_named,
    find_round,
    lock_round,
    overlapping_rounds,
    round_with_slug,
    taking_part,
)
from booking.services.permits import permit
from booking.services.snapshots import take_snapshot

LONGEST_ACCESS_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class RoundWish:
    """A round as it is to be; instants are aware, the access period is half-open."""

    slug: str
    name: str
    call_opens_at: datetime
    call_closes_at: datetime
    decision_on: date
    access_starts_at: datetime
    access_ends_at: datetime
    description: str = ""
    step_minutes: int = 60
    quality_threshold: int = 300


def create_round(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    wish: RoundWish,
    facility_keys: Sequence[str],
    seed: str | None = None,
) -> Round:
    """Draft a round of the facilities (slugs or ids); the first of them leads it.

    The lead facility's policy will rule everywhere. `seed` breaks ties of the allocation;
    it is drawn at random unless given, and only its hash is public until publication.
    Raises: NotFound; RulesBroken for dates out of order or a slug that is taken.
    """
    places = [facility_named(session, each) for each in dict.fromkeys(facility_keys)]
    if not places:
        raise _broken("no_facility", "Name at least one facility.", "/facilities")
    for place in places:
        permit(actor, Action.ROUND_CREATE, Scope(facility_id=place.id))
    _check(session, wish, but_for=None)
    seed = seed or secrets.token_hex(32)
    row = Round(
        **_columns(wish),
        facility_id=places[0].id,
        seed=seed,
        seed_hash=hashlib.sha256(seed.encode()).hexdigest(),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(RoundFacility(round_id=row.id, facility_id=each.id) for each in places)
    session.flush()
    _record(session, row, EventKind.ROUND_CREATED, actor=actor, now=now)
    return row


def edit_round(
    session: Session, *, actor: Actor, now: datetime, key: str, changes: dict[str, Any]
) -> Round:
    """Change a draft: `changes` holds members of RoundWish.

    Raises: NotFound; WrongState once the call is open; RulesBroken as for a new round.
    """
    row = locked_draft(session, key, actor=actor, mend="Close it and draft another.")
    wish = replace(wish_of(row), **changes)
    _check(session, wish, but_for=row.id)
    for name, value in _columns(wish).items():
        setattr(row, name, value)
    row.updated_at = now
    session.flush()
    _record(session, row, EventKind.ROUND_CHANGED, actor=actor, now=now)
    return row


def open_round(session: Session, *, actor: Actor, now: datetime, key: str) -> Round:
    """Open the call, freezing the policy version and the credits each facility offers.

    Organisations are kept as they stand now, before anything is declared in the call.
    A round opened before its date has its call open from now.
    Raises: NotFound; WrongState; RulesBroken without a policy or anything to offer.
    """
    row = _permitted(session, key, actor=actor)
    taken = take_round_step(row, "open")
    policy = current_policy(session, row.facility_id)
    if policy is None:
        raise _broken(
            "no_policy",
            "The lead facility has no policy yet; publish one, then open the round.",
        )
    if now >= row.call_closes_at:
        raise _broken(
            "call_over",
            f"The call would have ended on {at_words(row.call_closes_at)}; give it a later end.",
            "/call_closes_at",
        )
    facility_ids = _freeze_offers(session, row)
    row.policy_version_id = policy.version.id
    row.call_opens_at = min(row.call_opens_at, now)
    take_snapshot(session, found=row, policy=policy, facility_ids=facility_ids, now=now)
    _apply(session, row, taken, actor=actor, now=now)
    return row


def close_call(session: Session, *, actor: Actor, now: datetime, key: str) -> Round:
    """End the call and begin the review; a call closed early ends now.

    Raises: NotFound; WrongState.
    """
    row = _permitted(session, key, actor=actor)
    taken = take_round_step(row, "close_call")
    if row.call_opens_at < now < row.call_closes_at:
        row.call_closes_at = now
    _apply(session, row, taken, actor=actor, now=now)
    return row


def close_round(session: Session, *, actor: Actor, now: datetime, key: str) -> Round:
    """Close a published round.

    Raises: NotFound; WrongState.
    """
    row = _permitted(session, key, actor=actor)
    _apply(session, row, take_round_step(row, "close"), actor=actor, now=now)
    return row


def locked_draft(session: Session, key: str, *, actor: Actor, mend: str) -> Round:
    """Lock a draft that the actor may run; `mend` says what to do where it is none any more.

    Raises: NotFound; NotPermitted; WrongState once its call is open.
    """
    row = _permitted(session, key, actor=actor)
    if row.state is not RoundState.DRAFT:
        raise WrongState(f"The round is {row.state}, no draft any more. {mend}")
    return row


def take_round_step(row: Round, name: str) -> Step:
    """Return the step, if the round's state allows it.

    Raises: WrongState.
    """
    taken = step(ROUND_STEPS, row.state, name)
    if isinstance(taken, Violation):
        raise WrongState(taken.reason, [taken])
    return taken


def wish_of(row: Round) -> RoundWish:
    """Return the wish that would draft the same round again."""
    return RoundWish(**{each.name: getattr(row, each.name) for each in fields(RoundWish)})


def access_of(row: Round) -> Interval:
    """Return the round's access period."""
    return Interval(row.access_starts_at, row.access_ends_at)


def _permitted(session: Session, key: str, *, actor: Actor) -> Round:
    """Lock the round, if the actor may run it; nobody who may not waits for the lock."""
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    row = lock_round(session, found.id)
    # Its lead may have been handed over between the look and the lock.
    permit(actor, Action.ROUND_RUN, Scope(facility_id=row.facility_id))
    return row


def _columns(wish: RoundWish) -> dict[str, Any]:
    return {each.name: getattr(wish, each.name) for each in fields(wish)}


def _check(session: Session, wish: RoundWish, *, but_for: UUID | None) -> None:
    found = list(_faults(wish))
    other = round_with_slug(session, wish.slug)
    if other is not None and other.id != but_for:
        reason = f"Another round has the address {wish.slug!r}; choose another slug."
        found.append(Violation("slug_taken", reason, "/slug"))
    if found:
        raise RulesBroken("The round cannot be like this.", found)


def _faults(wish: RoundWish) -> Sequence[Violation]:
    order = (
        (wish.call_opens_at < wish.call_closes_at, "call_closes_at", "after the call opens"),
        (wish.call_closes_at.date() <= wish.decision_on, "decision_on", "when the call is over"),
        (
            wish.decision_on <= wish.access_starts_at.date(),
            "access_starts_at",
            "on the day of the decision or later",
        ),
        (wish.access_starts_at < wish.access_ends_at, "access_ends_at", "after access starts"),
    )
    found = [
        Violation("dates_out_of_order", f"Let this be {when}.", f"/{member}")
        for kept, member, when in order
        if not kept
    ]
    period = wish.access_ends_at - wish.access_starts_at
    if period.days > LONGEST_ACCESS_DAYS:
        reason = f"Let the access period be at most {LONGEST_ACCESS_DAYS} days."
        found.append(Violation("access_too_long", reason, "/access_ends_at"))
    if period % (wish.step_minutes * MINUTE):
        reason = (
            f"The access period is no whole number of steps of {wish.step_minutes} minutes; "
            "change its end or the step."
        )
        found.append(Violation("not_whole_steps", reason, "/step_minutes"))
    return found


def _freeze_offers(session: Session, row: Round) -> tuple[UUID, ...]:
    """Store what each facility offers, K_f of equity.md; return the facilities' ids.

    Raises: RulesBroken if it is nothing at all, or another round shares the time out.
    """
    parts = {each.facility_id: each for each in taking_part(session, row.id)}
    _refuse_overlaps(session, row, tuple(parts))
    found = offers(session, tuple(parts), access=access_of(row), step_minutes=row.step_minutes)
    for facility_id, part in parts.items():
        part.offered_credit_thousandths = sum(
            each.credit_thousandths for each in found if each.resource.facility_id == facility_id
        )
    if not found:
        raise _broken(
            "nothing_offered",
            "No facility of the round has a published resource that is open and free in the "
            "access period; publish one, or change the period or the hours.",
        )
    return tuple(parts)


def _refuse_overlaps(session: Session, row: Round, facility_ids: Sequence[UUID]) -> None:
    names = facilities(session, facility_ids)
    found = [
        Violation(
            "round_overlaps",
            f"The round {other.slug!r} already shares out time of {names[facility_id].name} in "
            "this access period; choose another period, or publish that round first.",
            "/access_starts_at",
        )
        for facility_id in facility_ids
        for other in overlapping_rounds(
            session,
            facility_id,
            start=row.access_starts_at,
            end=row.access_ends_at,
            but_for=row.id,
        )
    ]
    if found:
        raise RulesBroken("Two rounds cannot share out the same time.", found)


def _apply(session: Session, row: Round, taken: Step, *, actor: Actor, now: datetime) -> None:
    row.state = RoundState(taken.new_state)
    row.updated_at = now
    session.flush()
    _record(session, row, taken.event, actor=actor, now=now)


def _record(session: Session, row: Round, kind: EventKind, *, actor: Actor, now: datetime) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=row.facility_id,
        payload={
            "slug": row.slug,
            "state": row.state,
            "seed_hash": row.seed_hash,
            "reserved_shares": row.reserved_shares,
        },
    )


def _broken(code: str, reason: str, pointer: str = "") -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, pointer)])
