"""Facilities and resources: create, edit, publish, retire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from booking.clock import new_id
from booking.engine.availability import Held
from booking.engine.catalogue_rules import (
    FACILITY_FIELDS,
    RESOURCE_FIELDS,
    CatalogueCode,
    concurrency_faults,
    field_faults,
    length_faults,
    slug_faults,
    zone_faults,
)
from booking.engine.intervals import steps
from booking.engine.lifecycle import RESOURCE_STEPS, EventKind, ResourceState, Step, step
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.wording import at_words, counted
from booking.errors import Malformed, NotFound, RulesBroken, WrongState
from booking.events import record
from booking.guards import REFUSAL
from booking.models import Facility, Resource
from booking.queries import catalogue, holds
from booking.reference.holiday_calendar import regions_of
from booking.services import calendar_texts
from booking.services.offer_versions import raise_offer_version
from booking.services.permits import permit
from booking.services.well_formed import country_faults, language_faults

OWN = "own"
GRID_MINUTES = 15
STEP_TO = {ResourceState.PUBLISHED: "publish", ResourceState.RETIRED: "retire"}


def create_facility(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    slug: str,
    name: str,
    country: str,
    zone: str,
    values: Mapping[str, Any] | None = None,
) -> Facility:
    """Create a facility; `values` are further FACILITY_FIELDS.

    Raises: Malformed with every field at fault; RulesBroken if the slug is taken.
    """
    permit(actor, Action.FACILITY_CREATE)
    given = {"name": name, "country": country.upper(), "zone": zone, **(values or {})}
    refuse_malformed((*slug_faults(slug), *facility_faults(given)))
    if catalogue.facility_by_slug(session, slug) is not None:
        raise _slug_taken(slug)
    row = Facility(slug=slug, created_at=now, updated_at=now, **given)
    session.add(row)
    session.flush()
    _record_facility(session, EventKind.FACILITY_CREATED, row, actor, now, sorted(given))
    return row


def edit_facility(
    session: Session, *, actor: Actor, now: datetime, facility_id: UUID, changes: Mapping[str, Any]
) -> Facility:
    """Change FACILITY_FIELDS of a facility; what is not named stays.

    Raises: Malformed with every field at fault.
    """
    permit(actor, Action.FACILITY_EDIT, Scope(facility_id=facility_id))
    row = found_facility(session, facility_id)
    given = dict(changes)
    if isinstance(given.get("country"), str):
        given["country"] = given["country"].upper()
    refuse_malformed((*facility_faults(given), *region_faults(row, given)))
    changed = apply_changes(row, given)
    if changed:
        row.updated_at = now
        session.add(row)
        _record_facility(session, EventKind.FACILITY_CHANGED, row, actor, now, changed)
        raise_offer_version(session, row.id)
    if "locale" in changed:
        calendar_texts.renew(session, facility_id=row.id, now=now)
    return row


def create_resource(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    name: str,
    kind: str,
    state: ResourceState = ResourceState.DRAFT,
    values: Mapping[str, Any] | None = None,
) -> Resource:
    """Create a resource, published at once if `state` says so.

    `values` are further RESOURCE_FIELDS; those left out take their defaults.
    Raises: Malformed with every field at fault; WrongState for one to be born retired.
    """
    permit(actor, Action.CATALOGUE_EDIT, Scope(facility_id=facility_id))
    found_facility(session, facility_id)
    given = {"name": name, "kind": kind, **(values or {})}
    refuse_malformed(resource_faults(given))
    if state is ResourceState.RETIRED:
        raise WrongState("A new resource cannot be retired: create it as a draft or published.")
    row_id = new_id()
    row = Resource(
        id=row_id,
        facility_id=facility_id,
        source=OWN,
        source_key=str(row_id),
        created_at=now,
        updated_at=now,
        **given,
    )
    add_resource(session, row, actor=actor, now=now, state=state)
    session.flush()
    raise_offer_version(session, facility_id)
    return row


def add_resource(
    session: Session, row: Resource, *, actor: Actor, now: datetime, state: ResourceState
) -> None:
    """Add a new resource, and take it to `state` by its life cycle's steps."""
    session.add(row)
    _record_resource(session, EventKind.RESOURCE_CREATED, row, actor, now, {})
    if state in STEP_TO:
        take_step(session, row, STEP_TO[state], actor=actor, now=now)


def edit_resource(
    session: Session, *, actor: Actor, now: datetime, resource_id: UUID, changes: Mapping[str, Any]
) -> Resource:
    """Change RESOURCE_FIELDS of a resource; what is not named stays.

    Raises: Malformed with every field at fault; RulesBroken if the capacity would fall
    below what is booked at some time.
    """
    row = _resource_to_edit(session, actor, resource_id)
    refuse_malformed(resource_faults(changes, row))
    capacity = changes.get("capacity", row.capacity)
    if capacity < row.capacity:
        refuse_below_bookings(holds.held_by(session, [row.id]).get(row.id, ()), capacity)
    changed = apply_changes(row, changes)
    if changed:
        write_changes(session, row, changed, actor=actor, now=now)
        flush_guarded(session)
        raise_offer_version(session, row.facility_id)
    return row


def write_changes(
    session: Session, row: Resource, changed: list[str], *, actor: Actor, now: datetime
) -> None:
    """Add a changed resource and its event."""
    row.updated_at = now
    session.add(row)
    _record_resource(session, EventKind.RESOURCE_CHANGED, row, actor, now, {"changed": changed})


def flush_guarded(session: Session) -> None:
    """Write what was added; the database's guard of capacities has the last word.

    Raises: RulesBroken if a capacity falls below what is booked.
    """
    try:
        session.flush()
    except DBAPIError as error:
        if REFUSAL not in str(error.orig):
            raise
        reason = "More units than that are booked at some time: choose a larger capacity."
        raise _below_bookings(reason) from error


def publish_resource(
    session: Session, *, actor: Actor, now: datetime, resource_id: UUID
) -> Resource:
    """Publish a draft.

    Raises: WrongState for one that is published or retired.
    """
    return move_resource(
        session, actor=actor, now=now, resource_id=resource_id, state=ResourceState.PUBLISHED
    )


def retire_resource(
    session: Session, *, actor: Actor, now: datetime, resource_id: UUID
) -> Resource:
    """Take a resource out of use; its page stays.

    Raises: WrongState for one that is retired.
    """
    return move_resource(
        session, actor=actor, now=now, resource_id=resource_id, state=ResourceState.RETIRED
    )


def move_resource(
    session: Session, *, actor: Actor, now: datetime, resource_id: UUID, state: ResourceState
) -> Resource:
    """Take a resource to another state; to the one it is in is no step.

    Raises: WrongState.
    """
    row = _resource_to_edit(session, actor, resource_id)
    if state not in STEP_TO:
        raise WrongState(f"It is {row.state} and cannot become a draft again; add a new one.")
    take_step(session, row, STEP_TO[state], actor=actor, now=now)
    session.flush()
    raise_offer_version(session, row.facility_id)
    return row


def found_facility(session: Session, facility_id: UUID) -> Facility:
    """Return the facility.

    Raises: NotFound.
    """
    row = catalogue.facility(session, facility_id)
    if row is None:
        raise NotFound("There is no such facility; look in the list of facilities.")
    return row


def facility_faults(values: Mapping[str, Any]) -> tuple[Violation, ...]:
    """List what is wrong with fields of a facility."""
    faults = field_faults(FACILITY_FIELDS, values)
    pointed = {each.pointer for each in faults}
    if "zone" in values and "/zone" not in pointed:
        faults += zone_faults(values["zone"])
    if "country" in values and "/country" not in pointed:
        faults += country_faults(values["country"])
    if "locale" in values and "/locale" not in pointed:
        faults += language_faults(values["locale"])
    return faults


def region_faults(row: Facility, values: Mapping[str, Any]) -> tuple[Violation, ...]:
    """Require a region that the facility's country keeps holidays of, or none."""
    country = values.get("country", row.country)
    region = values.get("holiday_region", row.holiday_region)
    if not region or not isinstance(country, str) or region in regions_of(country):
        return ()
    known = ", ".join(list(regions_of(country))[:60])
    mend = f"leave it empty, or choose one of {known}" if known else "leave it empty"
    reason = f"{country} has no region {region!r} with holidays of its own: {mend}."
    return (Violation(CatalogueCode.REGION_UNKNOWN, reason, "/holiday_region"),)


def resource_faults(
    values: Mapping[str, Any], row: Resource | None = None
) -> tuple[Violation, ...]:
    """List what is wrong with fields of a resource, new or changing `row`."""
    faults = field_faults(RESOURCE_FIELDS, values)
    if faults:
        return faults
    if values.get("country"):
        faults = country_faults(values["country"])
    faults += concurrency_faults(
        per_project=values.get("concurrent_per_project", row and row.concurrent_per_project),
        per_organisation=values.get(
            "concurrent_per_organisation", row and row.concurrent_per_organisation
        ),
    )
    return faults + length_faults(
        grid_minutes=values.get("grid_minutes", row.grid_minutes if row else GRID_MINUTES),
        minimum_minutes=values.get("minimum_minutes", row and row.minimum_minutes),
        maximum_minutes=values.get("maximum_minutes", row and row.maximum_minutes),
    )


def refuse_malformed(faults: tuple[Violation, ...]) -> None:
    """Return if there is no fault.

    Raises: Malformed with all of them.
    """
    if faults:
        raise Malformed(" ".join(each.reason for each in faults), faults)


def refuse_below_bookings(held: tuple[Held, ...], capacity: int) -> None:
    """Return if what is held fits the capacity at any time.

    Raises: RulesBroken naming the first time at which it does not.
    """
    reason = below_bookings(held, capacity)
    if reason:
        raise _below_bookings(reason)


def below_bookings(held: tuple[Held, ...], capacity: int) -> str | None:
    """Say when first more is booked than the capacity, and the mend."""
    levels = steps((each.interval, each.quantity) for each in held)
    over = next(((at, level) for at, level in levels if level > capacity), None)
    if over is None:
        return None
    at, level = over
    return (
        f"From {at_words(at)} {counted(level, 'unit')} are booked, more than {capacity}: "
        "choose a larger capacity, or move those bookings first."
    )


def apply_changes(row: Facility | Resource, changes: Mapping[str, Any]) -> list[str]:
    """Set what differs, and return the names of those fields, sorted."""
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    return changed


def _below_bookings(reason: str) -> RulesBroken:
    code = CatalogueCode.CAPACITY_BELOW_BOOKINGS
    return RulesBroken(reason, [Violation(code, reason, "/capacity")])


def _slug_taken(slug: str) -> RulesBroken:
    reason = f"Another facility has the slug {slug!r}: choose another one."
    return RulesBroken(reason, [Violation(CatalogueCode.SLUG_TAKEN, reason, "/slug")])


def _resource_to_edit(session: Session, actor: Actor, resource_id: UUID) -> Resource:
    row = catalogue.resource_for_change(session, resource_id)
    if row is None:
        raise NotFound("There is no such resource; look in the list of resources.")
    permit(actor, Action.CATALOGUE_EDIT, Scope(facility_id=row.facility_id))
    return row


def take_step(session: Session, row: Resource, name: str, *, actor: Actor, now: datetime) -> None:
    """Take a step of a resource's life cycle, and record its event.

    Raises: WrongState.
    """
    taken = step(RESOURCE_STEPS, row.state, name)
    if not isinstance(taken, Step):
        raise WrongState(taken.reason, [taken])
    row.state = ResourceState(taken.new_state)
    row.updated_at = now
    session.add(row)
    _record_resource(session, taken.event, row, actor, now, {})


def _record_facility(
    session: Session,
    kind: EventKind,
    row: Facility,
    actor: Actor,
    now: datetime,
    changed: list[str],
) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=row.id,
        payload={"slug": row.slug, "changed": changed},
    )


def _record_resource(
    session: Session,
    kind: EventKind,
    row: Resource,
    actor: Actor,
    now: datetime,
    payload: dict[str, Any],
) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=row.facility_id,
        payload={"name": row.name, "capacity": row.capacity, **payload},
    )
