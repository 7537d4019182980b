"""Import closures from a CSV file: every row is taken, or refused by its number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.catalogue_files import closure_rows
from booking.engine.catalogue_files.closure_rows import ClosureDraft
from booking.engine.catalogue_files.drafts import FileUnreadable, RowRefused
from booking.engine.closure_rules import closure_faults
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import Malformed
from booking.models import Closure, Resource
from booking.queries import catalogue as reads
from booking.queries import closures as closure_reads
from booking.services import closures
from booking.services.catalogue import found_facility
from booking.services.catalogue_import import MOST_ROWS, ImportReport, Outcome, RowOutcome
from booking.services.decoding import decode
from booking.services.permits import permit

WHOLE_FACILITY = frozenset({"", "*"})


@dataclass(frozen=True, slots=True)
class ClosuresReport:
    """What became of every row, and the bookings that the closures fall upon: they stay."""

    report: ImportReport
    overlapping_bookings: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Present:
    facility_id: UUID
    resources: Mapping[str, Sequence[Resource]]
    closures: dict[tuple[UUID | None, datetime, datetime], Closure]


def import_closures(
    session: Session, *, actor: Actor, now: datetime, facility_id: UUID, content: bytes
) -> ClosuresReport:
    """Add the closures of a file to a facility; the same file again adds nothing.

    A closure of the same resource and time takes the file's reason and kind.
    Raises: Malformed if the file as a whole cannot be read; NotFound.
    """
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=facility_id))
    found_facility(session, facility_id)
    decoded = decode(content)
    rows = _read(decoded.text)
    present = _present(session, facility_id)
    under: dict[UUID, None] = {}
    outcomes = []
    for each in rows:
        outcome, row = _taken(session, each, present, actor, now)
        outcomes.append(outcome)
        if row is not None:
            under |= {booking.id: None for booking in closure_reads.bookings_under(session, row)}
    report = ImportReport(tuple(outcomes), decoded.encoding, dry_run=False)
    return ClosuresReport(report, tuple(under))


def _read(text: str) -> tuple[ClosureDraft | RowRefused, ...]:
    try:
        rows = closure_rows.read(text)
    except FileUnreadable as error:
        raise Malformed(str(error), [Violation("file_unreadable", str(error), "/file")]) from error
    if len(rows) > MOST_ROWS:
        reason = f"The file has more than {MOST_ROWS:,} rows: cut it into several files."
        raise Malformed(reason, [Violation("file_unreadable", reason, "/file")])
    return rows


def _present(session: Session, facility_id: UUID) -> _Present:
    resources: dict[str, list[Resource]] = {}
    for each in reads.resources_of(session, facility_id):
        for name in {each.name, str(each.id), each.source_key}:
            resources.setdefault(name, []).append(each)
    return _Present(
        facility_id=facility_id,
        resources=resources,
        closures={
            (each.resource_id, each.starts_at, each.ends_at): each
            for each in closure_reads.closures_at(session, facility_id)
        },
    )


def _taken(
    session: Session, row: ClosureDraft | RowRefused, present: _Present, actor: Actor, now: datetime
) -> tuple[RowOutcome, Closure | None]:
    if isinstance(row, RowRefused):
        return RowOutcome(row.row, Outcome.REFUSED, row.name, row.reason), None
    resource_id, reason = _resource_of(row, present)
    faults = closure_faults(row.starts_at, row.ends_at, now=now)
    reasons = [each for each in (reason, *(fault.reason for fault in faults)) if each]
    if reasons:
        return RowOutcome(row.row, Outcome.REFUSED, row.resource, " ".join(reasons)), None
    outcome, closure = _written(session, row, resource_id, present, actor, now)
    name = row.resource or "the whole facility"
    return RowOutcome(row.row, outcome, name, resource_id=resource_id), closure


def _resource_of(row: ClosureDraft, present: _Present) -> tuple[UUID | None, str]:
    if row.resource in WHOLE_FACILITY:
        return None, ""
    found = present.resources.get(row.resource, ())
    if len(found) == 1:
        return found[0].id, ""
    if found:
        return None, f"{len(found)} resources are named {row.resource!r}: write the id instead."
    return None, f"The facility has no resource {row.resource!r}: write its name or its id."


def _written(
    session: Session,
    row: ClosureDraft,
    resource_id: UUID | None,
    present: _Present,
    actor: Actor,
    now: datetime,
) -> tuple[Outcome, Closure]:
    key = (resource_id, row.starts_at, row.ends_at)
    before = present.closures.get(key)
    if before is None:
        present.closures[key] = closures.add_closure(
            session,
            actor=actor,
            now=now,
            facility_id=present.facility_id,
            resource_id=resource_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            kind=row.kind,
            reason=row.reason,
        )
        return Outcome.CREATED, present.closures[key]
    if (before.reason, before.kind) == (row.reason, row.kind):
        return Outcome.UNCHANGED, before
    changed = closures.edit_closure(
        session, actor=actor, now=now, closure_id=before.id, kind=row.kind, reason=row.reason
    )
    return Outcome.UPDATED, changed
