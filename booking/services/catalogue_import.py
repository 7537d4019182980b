"""Import a catalogue file: every row becomes a resource, or a reason with its row number."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.availability import Held
from booking.engine.catalogue_files import osg, own_json, uniquip
from booking.engine.catalogue_files.drafts import FileUnreadable, ResourceDraft, Row, RowRefused
from booking.engine.catalogue_rules import RESOURCE_FIELDS
from booking.engine.lifecycle import RESOURCE_STEPS, EventKind, ResourceState, Step, step
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import Malformed
from booking.events import record
from booking.models import Facility, Resource
from booking.queries import catalogue as reads
from booking.queries import holds
from booking.reference.countries import country_code
from booking.services import catalogue
from booking.services.decoding import decode
from booking.services.offer_versions import raise_offer_version
from booking.services.opening_hours import replace_hours
from booking.services.permits import permit

MOST_ROWS: Final = 50_000


class ImportFormat(StrEnum):
    """What a file to import may be."""

    UNIQUIP = "uniquip"
    OSG = "osg"
    JSON = "json"


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of a row, as a person counts rows; `reason` where it was refused."""

    row: int
    outcome: Outcome
    name: str
    reason: str = ""
    resource_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row, in order, and of the facility's own fields.

    `facility_changed` lists the fields of the facility that the file changed.
    """

    rows: tuple[RowOutcome, ...]
    encoding: str
    dry_run: bool
    facility_changed: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows had each outcome."""
        found = Counter(each.outcome for each in self.rows)
        return {each: found[each] for each in Outcome}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done for a row that was taken."""

    draft: ResourceDraft
    row: Resource
    outcome: Outcome
    changes: Mapping[str, Any] = field(default_factory=dict)
    hours: Sequence[WeeklyHours] | None = None


@dataclass(frozen=True, slots=True)
class _Present:
    """What the facility has before the import."""

    facility_id: UUID
    by_key: Mapping[tuple[str, str], Resource]
    by_source_key: Mapping[str, Resource]
    hours: Mapping[UUID | None, Sequence[WeeklyHours]]
    held: Mapping[UUID, tuple[Held, ...]]


def import_catalogue(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    content: bytes,
    form: ImportFormat,
    dry_run: bool = False,
    state: ResourceState = ResourceState.PUBLISHED,
) -> ImportReport:
    """Import a file into a facility; the same file again changes nothing.

    A row that came before, by its source and key, is updated. New resources are in
    `state` unless the file says otherwise. With `dry_run` nothing is written.
    Raises: Malformed if the file as a whole cannot be read; NotFound.
    """
    permit(actor, Action.CATALOGUE_IMPORT, Scope(facility_id=facility_id))
    place = catalogue.found_facility(session, facility_id)
    decoded = decode(content)
    rows, own = _read(decoded.text, form)
    present = _present(session, facility_id, rows)
    plans = [_planned(each, present, now) for each in rows]
    changed = _facility_changes(place, own)
    if not dry_run:
        _apply(session, [each for each in plans if isinstance(each, _Plan)], actor, now, state)
        changed = _apply_facility(session, place, own, changed, actor, now)
    report = ImportReport(
        tuple(_outcome(each) for each in plans), decoded.encoding, dry_run, tuple(sorted(changed))
    )
    if not dry_run:
        _record(session, report, actor, now, facility_id)
        raise_offer_version(session, facility_id)
    return report


def _read(text: str, form: ImportFormat) -> tuple[tuple[Row, ...], own_json.OwnFile | None]:
    own = None
    try:
        if form is ImportFormat.UNIQUIP:
            rows = uniquip.read(text)
        elif form is ImportFormat.OSG:
            rows = osg.read(text, find_country=country_code)
        else:
            own = own_json.read(text)
            rows = own.rows
    except FileUnreadable as error:
        raise _unreadable(str(error)) from error
    if len(rows) > MOST_ROWS:
        raise _unreadable(f"The file has more than {MOST_ROWS:,} rows: cut it into several files.")
    return rows, own


def _unreadable(reason: str) -> Malformed:
    return Malformed(reason, [Violation("file_unreadable", reason, "/file")])


def _present(session: Session, facility_id: UUID, rows: Sequence[Row]) -> _Present:
    every = reads.resources_of(session, facility_id)
    by_key = {(each.source, each.source_key): each for each in every}
    named = [each for each in rows if isinstance(each, ResourceDraft)]
    lowered = [
        found.id
        for each in named
        if (found := by_key.get((each.source, each.key))) is not None
        and each.values.get("capacity", found.capacity) < found.capacity
    ]
    return _Present(
        facility_id=facility_id,
        by_key=by_key,
        by_source_key={each.source_key: each for each in every if each.source != uniquip.SOURCE},
        hours=reads.hours_of_each(session, facility_id),
        held=holds.held_by(session, lowered),
    )


def _planned(row: Row, present: _Present, now: datetime) -> _Plan | RowRefused:
    if isinstance(row, RowRefused):
        return row
    found = present.by_key.get((row.source, row.key)) or _foreign(row, present)
    fields = {name: value for name, value in row.values.items() if name in RESOURCE_FIELDS}
    faults = catalogue.resource_faults(fields, found)
    if faults:
        return RowRefused(row.row, " ".join(each.reason for each in faults), row.name)
    return _creation(row, present, now) if found is None else _update(row, found, present)


def _foreign(draft: ResourceDraft, present: _Present) -> Resource | None:
    """Find what was not imported from UNIQUIP but exported to it, by the ID it got there."""
    if draft.source != uniquip.SOURCE or not draft.key.startswith("id:"):
        return None
    return present.by_source_key.get(draft.key.removeprefix("id:"))


def _creation(draft: ResourceDraft, present: _Present, now: datetime) -> _Plan:
    values = dict(draft.values)
    if draft.imported is not None:
        values |= {"imported": dict(draft.imported), "imported_position": draft.row}
    row = Resource(
        facility_id=present.facility_id,
        source=draft.source,
        source_key=draft.key,
        created_at=now,
        updated_at=now,
        **values,
    )
    return _Plan(draft, row, Outcome.CREATED, hours=draft.hours or None)


def _update(draft: ResourceDraft, found: Resource, present: _Present) -> _Plan | RowRefused:
    changes = {name: value for name, value in draft.values.items() if getattr(found, name) != value}
    if draft.imported is not None:
        if _as_last_time(draft, found) or (found.source != draft.source and not changes):
            return _Plan(draft, found, Outcome.UNCHANGED)
        changes["imported"] = {**found.imported, **draft.imported}
        changes["imported_position"] = draft.row
    reason = _refusal(draft, found, present)
    if reason:
        return RowRefused(draft.row, reason, draft.name)
    hours = _new_hours(draft, found, present)
    moves = draft.state is not None and draft.state != found.state
    same = not changes and hours is None and not moves
    return _Plan(draft, found, Outcome.UNCHANGED if same else Outcome.UPDATED, changes, hours)


def _as_last_time(draft: ResourceDraft, found: Resource) -> bool:
    came = draft.imported or {}
    return all(found.imported.get(name) == value for name, value in came.items())


def _new_hours(
    draft: ResourceDraft, found: Resource, present: _Present
) -> Sequence[WeeklyHours] | None:
    if draft.hours is None or set(draft.hours) == set(present.hours.get(found.id, ())):
        return None
    return draft.hours


def _refusal(draft: ResourceDraft, found: Resource, present: _Present) -> str | None:
    capacity = draft.values.get("capacity", found.capacity)
    if capacity < found.capacity:
        reason = catalogue.below_bookings(present.held.get(found.id, ()), capacity)
        if reason:
            return reason
    if draft.state is None or draft.state == found.state:
        return None
    name = catalogue.STEP_TO.get(ResourceState(draft.state), "become a draft again")
    taken = step(RESOURCE_STEPS, found.state, name)
    return None if isinstance(taken, Step) else taken.reason


def _apply(
    session: Session, plans: Sequence[_Plan], actor: Actor, now: datetime, state: ResourceState
) -> None:
    for each in plans:
        if each.outcome is Outcome.CREATED:
            to = ResourceState(each.draft.state) if each.draft.state else state
            catalogue.add_resource(session, each.row, actor=actor, now=now, state=to)
        elif each.outcome is Outcome.UPDATED:
            _apply_update(session, each, actor, now)
    catalogue.flush_guarded(session)
    for each in plans:
        if each.hours is not None:
            replace_hours(
                session,
                facility_id=each.row.facility_id,
                resource_id=each.row.id,
                hours=each.hours,
            )


def _apply_update(session: Session, plan: _Plan, actor: Actor, now: datetime) -> None:
    changed = catalogue.apply_changes(plan.row, plan.changes)
    if changed or plan.hours is not None:
        changed += ["opening_hours"] if plan.hours is not None else []
        catalogue.write_changes(session, plan.row, changed, actor=actor, now=now)
    wanted = plan.draft.state
    if wanted is not None and wanted != plan.row.state:
        name = catalogue.STEP_TO[ResourceState(wanted)]
        catalogue.take_step(session, plan.row, name, actor=actor, now=now)


def _facility_changes(place: Facility, own: own_json.OwnFile | None) -> list[str]:
    """List what the file would change of the facility: nothing, if it is another's file."""
    if own is None or own.facility.get("slug", place.slug) != place.slug:
        return []
    return [name for name, value in own.facility.items() if getattr(place, name) != value]


def _apply_facility(
    session: Session,
    place: Facility,
    own: own_json.OwnFile | None,
    changed: list[str],
    actor: Actor,
    now: datetime,
) -> list[str]:
    if own is None or own.facility.get("slug", place.slug) != place.slug:
        return []
    if changed:
        catalogue.edit_facility(
            session,
            actor=actor,
            now=now,
            facility_id=place.id,
            changes={name: own.facility[name] for name in changed},
        )
    before = reads.hours_of_each(session, place.id).get(None, [])
    if own.hours is None or set(own.hours) == set(before):
        return changed
    replace_hours(session, facility_id=place.id, resource_id=None, hours=own.hours)
    return [*changed, own_json.HOURS]


def _outcome(plan: _Plan | RowRefused) -> RowOutcome:
    if isinstance(plan, RowRefused):
        return RowOutcome(plan.row, Outcome.REFUSED, plan.name, plan.reason)
    return RowOutcome(plan.draft.row, plan.outcome, plan.draft.name, resource_id=plan.row.id)


def _record(
    session: Session, report: ImportReport, actor: Actor, now: datetime, facility_id: UUID
) -> None:
    record(
        session,
        EventKind.CATALOGUE_IMPORTED,
        subject_id=facility_id,
        now=now,
        actor_id=actor.person_id,
        facility_id=facility_id,
        payload={each.value: count for each, count in report.counts.items()},
    )
