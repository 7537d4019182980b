"""Import closures from a CSV file: every row is taken, or refused by its number."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from booking.db import undone
from booking.engine.catalogue_files import closure_rows
from booking.engine.catalogue_files.closure_rows import ClosureDraft, ClosureRow
from booking.engine.catalogue_files.drafts import FileUnreadable, RowRefused
from booking.engine.closure_rules import closure_faults
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import Malformed
from booking.models import Closure, Resource
from booking.queries import catalogue as reads
from booking.queries import closures as closure_reads
from booking.services.catalogue import found_facility
from booking.services.catalogue_import import MOST_ROWS
from booking.services.closures import ClosureChanges, NewClosure, close_all
from booking.services.decoding import decode
from booking.services.displacement import FallenUpon
from booking.services.permits import permit

WHOLE_FACILITY = frozenset({"", "*"})
Key = tuple[UUID | None, datetime, datetime]


class ClosureOutcome(StrEnum):
    """What became of a row; a skipped one is in order and closes nothing."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ClosureRowOutcome:
    """What became of a row, as a person counts rows; `reason` where it was not taken."""

    row: int
    outcome: ClosureOutcome
    name: str
    reason: str = ""
    resource_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClosuresReport:
    """What became of every row, in order, and of the bookings that the closures fall upon."""

    rows: tuple[ClosureRowOutcome, ...]
    encoding: str
    dry_run: bool
    displaced: tuple[FallenUpon, ...]
    staying: tuple[FallenUpon, ...]

    @property
    def counts(self) -> dict[ClosureOutcome, int]:
        """How many rows had each outcome."""
        found = Counter(each.outcome for each in self.rows)
        return {each: found[each] for each in ClosureOutcome}


@dataclass(frozen=True, slots=True)
class _Present:
    """What the facility has before the import; resources by what a file may call them."""

    resources: Mapping[str, Sequence[Resource]]
    closures: Mapping[Key, Closure]


@dataclass(slots=True)
class _Plan:
    """What is to be written; `rows` tells which row of the file first took each time."""

    present: _Present
    now: datetime
    rows: dict[Key, int] = field(default_factory=dict)
    new: list[NewClosure] = field(default_factory=list)
    changed: list[tuple[Closure, ClosureChanges]] = field(default_factory=list)


def import_closures(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    content: bytes,
    dry_run: bool = False,
) -> ClosuresReport:
    """Add the closures of a file to a facility; the same file again changes nothing.

    Times without an offset are those of the facility's clock. A closure of the same resource
    and time takes the file's reason and kind. Bookings give way to all of them at once. With `dry_run` all is found out and undone again.
    Raises: Malformed if the file as a whole cannot be read; NotFound.
    """
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=facility_id))
    zone = found_facility(session, facility_id).zone
    decoded = decode(content)
    plan = _Plan(_present(session, facility_id), now)
    outcomes = tuple(_planned(each, plan) for each in _read(decoded.text, zone))
    with undone(session) if dry_run else nullcontext():
        done = close_all(
            session,
            actor=actor,
            now=now,
            facility_id=facility_id,
            new=plan.new,
            changed=plan.changed,
        ).displacement
    return ClosuresReport(outcomes, decoded.encoding, dry_run, done.displaced, done.staying)


def _read(text: str, zone: str) -> tuple[ClosureRow, ...]:
    try:
        rows = closure_rows.read(text, zone=zone)
    except FileUnreadable as error:
        raise Malformed(str(error), [Violation("file_unreadable", str(error), "/file")]) from error
    if len(rows) > MOST_ROWS:
        reason = f"The file has more than {MOST_ROWS:,} rows: cut it into several files."
        raise Malformed(reason, [Violation("file_unreadable", reason, "/file")])
    return rows


def _present(session: Session, facility_id: UUID) -> _Present:
    resources: dict[str, list[Resource]] = defaultdict(list)
    for each in reads.resources_of(session, facility_id):
        for name in {_called(each.name), str(each.id), _called(each.source_key)}:
            resources[name].append(each)
    return _Present(
        resources=resources,
        closures={
            (each.resource_id, each.starts_at, each.ends_at): each
            for each in closure_reads.closures_at(session, facility_id)
        },
    )


def _called(name: str) -> str:
    """Fold a name: people write it in any case and with any blanks."""
    return " ".join(name.split()).casefold()


def _planned(row: ClosureRow, plan: _Plan) -> ClosureRowOutcome:
    if isinstance(row, RowRefused):
        _, unknown = _resource_of(row.name, plan.present)
        reason = f"{row.reason} {unknown}".rstrip()
        return ClosureRowOutcome(row.row, ClosureOutcome.REFUSED, row.name, reason)
    if not isinstance(row, ClosureDraft):
        return ClosureRowOutcome(row.row, ClosureOutcome.SKIPPED, row.name, row.reason)
    resource_id, reason = _resource_of(row.resource, plan.present)
    faults = closure_faults(row.starts_at, row.ends_at, now=plan.now)
    reasons = [each for each in (reason, *(fault.reason for fault in faults)) if each]
    if reasons:
        return ClosureRowOutcome(row.row, ClosureOutcome.REFUSED, row.resource, " ".join(reasons))
    outcome, reason = _taken(row, resource_id, plan)
    name = row.resource or "the whole facility"
    return ClosureRowOutcome(row.row, outcome, name, reason, resource_id)


def _resource_of(name: str, present: _Present) -> tuple[UUID | None, str]:
    if name in WHOLE_FACILITY:
        return None, ""
    found = present.resources.get(_called(name), ())
    if len(found) == 1:
        return found[0].id, ""
    if found:
        return None, f"{len(found)} resources are named {name!r}: write the id instead."
    return None, f"The facility has no resource {name!r}: write its name or its id."


def _taken(row: ClosureDraft, resource_id: UUID | None, plan: _Plan) -> tuple[ClosureOutcome, str]:
    """Plan what a good row asks for, and say what it comes to."""
    key = (resource_id, row.starts_at, row.ends_at)
    first = plan.rows.setdefault(key, row.row)
    if first != row.row:
        reason = f"Row {first} closes the same for the same time already."
        return ClosureOutcome.SKIPPED, reason
    before = plan.present.closures.get(key)
    if before is None:
        new = NewClosure(resource_id, row.starts_at, row.ends_at, row.kind, row.reason)
        plan.new.append(new)
        return ClosureOutcome.CREATED, ""
    if (before.reason, before.kind, before.estimated) == (row.reason, row.kind, False):
        return ClosureOutcome.UNCHANGED, ""
    changes = ClosureChanges(kind=row.kind, reason=row.reason, estimated=False)
    plan.changed.append((before, changes))
    return ClosureOutcome.UPDATED, ""
