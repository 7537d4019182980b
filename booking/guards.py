"""The database's own rules against double booking, one text per dialect.

PostgreSQL: an exclusion constraint for resources of one unit (marked `exclusive` by a
trigger), a trigger for pools that first raises `resource.version` (so that writers of one
pool queue, under any isolation level), and a trigger against lowering a capacity below
what is booked. SQLite has one writer at a time; its triggers do the same sums.

Events may be added, never changed or taken away: only the outbox mark and the seal are set.

A refusal's message begins with `benchshare:` so that services recognise it.
"""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from booking.engine.lifecycle import HOLDING

REFUSAL: Final = "benchshare:"
HOLDS: Final = ", ".join(f"'{status}'" for status in sorted(HOLDING))

_PEAK_SQLITE: Final = """
    SELECT COALESCE(MAX(load), 0) FROM (
        SELECT (
            SELECT SUM(b.quantity) FROM booking AS b
            WHERE b.resource_id = NEW.resource_id AND b.id <> NEW.id
              AND b.status IN ({holds}) AND b.starts_at <= point.at AND b.ends_at > point.at
        ) AS load
        FROM (
            SELECT NEW.starts_at AS at
            UNION SELECT o.starts_at FROM booking AS o
            WHERE o.resource_id = NEW.resource_id AND o.id <> NEW.id
              AND o.status IN ({holds})
              AND o.starts_at > NEW.starts_at AND o.starts_at < NEW.ends_at
        ) AS point
    )
"""

_FITS_SQLITE: Final = f"""
BEGIN
    SELECT RAISE(ABORT, '{REFUSAL} capacity exceeded')
    WHERE ({_PEAK_SQLITE.format(holds=HOLDS)}) + NEW.quantity
        > (SELECT capacity FROM resource WHERE id = NEW.resource_id);
END
"""

_SQLITE: Final[dict[str, str]] = {
    "booking_fits_on_insert": f"""
CREATE TRIGGER booking_fits_on_insert BEFORE INSERT ON booking
WHEN NEW.status IN ({HOLDS}) {_FITS_SQLITE}""",
    "booking_fits_on_update": f"""
CREATE TRIGGER booking_fits_on_update
BEFORE UPDATE OF resource_id, starts_at, ends_at, quantity, status ON booking
WHEN NEW.status IN ({HOLDS}) {_FITS_SQLITE}""",
    "capacity_keeps_bookings": f"""
CREATE TRIGGER capacity_keeps_bookings BEFORE UPDATE OF capacity ON resource
WHEN NEW.capacity < OLD.capacity
BEGIN
    SELECT RAISE(ABORT, '{REFUSAL} capacity below what is booked')
    WHERE EXISTS (
        SELECT 1 FROM booking AS at
        WHERE at.resource_id = NEW.id AND at.status IN ({HOLDS}) AND (
            SELECT SUM(b.quantity) FROM booking AS b
            WHERE b.resource_id = NEW.id AND b.status IN ({HOLDS})
              AND b.starts_at <= at.starts_at AND b.ends_at > at.starts_at
        ) > NEW.capacity
    );
END""",
    "event_is_kept": f"""
CREATE TRIGGER event_is_kept BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, '{REFUSAL} events are never deleted');
END""",
    "event_stays_as_it_is": f"""
CREATE TRIGGER event_stays_as_it_is
BEFORE UPDATE OF id, kind, happened_at, actor_id, facility_id, subject_id, payload ON event
BEGIN
    SELECT RAISE(ABORT, '{REFUSAL} events are never changed');
END""",
}

_POSTGRESQL: Final[dict[str, str]] = {
    "btree_gist": "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "booking_no_overlap": f"""
ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist (
    resource_id WITH =, tstzrange(starts_at, ends_at) WITH &&
) WHERE (exclusive AND status IN ({HOLDS}))""",
    "booking_peak": f"""
CREATE FUNCTION booking_peak(wanted_resource uuid, but_for uuid, from_at timestamptz,
                             to_at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    SELECT COALESCE(MAX(load), 0)::bigint FROM (
        SELECT SUM(change) OVER (ORDER BY at, change) AS load FROM (
            SELECT GREATEST(starts_at, from_at) AS at, quantity AS change FROM booking
            WHERE resource_id = wanted_resource AND id <> but_for AND status IN ({HOLDS})
              AND starts_at < to_at AND ends_at > from_at
            UNION ALL
            SELECT ends_at, -quantity FROM booking
            WHERE resource_id = wanted_resource AND id <> but_for AND status IN ({HOLDS})
              AND starts_at < to_at AND ends_at > from_at
        ) AS steps
    ) AS loads
$$""",
    "booking_fits_function": f"""
CREATE FUNCTION booking_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    units integer;
BEGIN
    SELECT capacity INTO units FROM resource WHERE id = NEW.resource_id;
    IF units = 1 THEN
        NEW.exclusive := true;
    ELSE
        UPDATE resource SET version = version + 1 WHERE id = NEW.resource_id
        RETURNING capacity INTO units;
        NEW.exclusive := units = 1;
    END IF;
    IF NEW.status IN ({HOLDS}) AND (
        NEW.quantity > units OR (units > 1 AND NEW.quantity + booking_peak(
            NEW.resource_id, NEW.id, NEW.starts_at, NEW.ends_at) > units)
    ) THEN
        RAISE EXCEPTION '{REFUSAL} capacity exceeded' USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$""",
    "booking_fits": """
CREATE TRIGGER booking_fits
BEFORE INSERT OR UPDATE OF resource_id, starts_at, ends_at, quantity, status ON booking
FOR EACH ROW EXECUTE FUNCTION booking_fits()""",
    "capacity_keeps_bookings_function": f"""
CREATE FUNCTION capacity_keeps_bookings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.capacity < OLD.capacity AND booking_peak(
        NEW.id, '00000000-0000-0000-0000-000000000000', '-infinity', 'infinity'
    ) > NEW.capacity THEN
        RAISE EXCEPTION '{REFUSAL} capacity below what is booked' USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$""",
    "capacity_keeps_bookings": """
CREATE TRIGGER capacity_keeps_bookings BEFORE UPDATE OF capacity ON resource
FOR EACH ROW EXECUTE FUNCTION capacity_keeps_bookings()""",
    "capacity_marks_bookings_function": """
CREATE FUNCTION capacity_marks_bookings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE booking SET exclusive = (NEW.capacity = 1)
    WHERE resource_id = NEW.id AND exclusive <> (NEW.capacity = 1);
    RETURN NULL;
END $$""",
    "capacity_marks_bookings": """
CREATE TRIGGER capacity_marks_bookings AFTER UPDATE OF capacity ON resource
FOR EACH ROW WHEN (OLD.capacity IS DISTINCT FROM NEW.capacity)
EXECUTE FUNCTION capacity_marks_bookings()""",
    "event_stays_function": f"""
CREATE FUNCTION event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL} events are never changed or deleted';
END $$""",
    "event_is_kept": """
CREATE TRIGGER event_is_kept BEFORE DELETE ON event
FOR EACH ROW EXECUTE FUNCTION event_stays()""",
    "event_stays_as_it_is": """
CREATE TRIGGER event_stays_as_it_is
BEFORE UPDATE OF id, kind, happened_at, actor_id, facility_id, subject_id, payload ON event
FOR EACH ROW EXECUTE FUNCTION event_stays()""",
}

_POSTGRESQL_DROPS: Final = (
    "DROP TRIGGER IF EXISTS event_stays_as_it_is ON event",
    "DROP TRIGGER IF EXISTS event_is_kept ON event",
    "DROP FUNCTION IF EXISTS event_stays",
    "DROP TRIGGER IF EXISTS capacity_marks_bookings ON resource",
    "DROP FUNCTION IF EXISTS capacity_marks_bookings",
    "DROP TRIGGER IF EXISTS capacity_keeps_bookings ON resource",
    "DROP FUNCTION IF EXISTS capacity_keeps_bookings",
    "DROP TRIGGER IF EXISTS booking_fits ON booking",
    "DROP FUNCTION IF EXISTS booking_fits",
    "DROP FUNCTION IF EXISTS booking_peak",
    "ALTER TABLE booking DROP CONSTRAINT IF EXISTS booking_no_overlap",
)

_EXPECTED: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(_SQLITE),
    "postgresql": (
        "booking_no_overlap",
        "booking_fits",
        "capacity_keeps_bookings",
        "capacity_marks_bookings",
        "event_is_kept",
        "event_stays_as_it_is",
    ),
}

_PRESENT: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'
        UNION SELECT conname FROM pg_constraint WHERE contype = 'x' AND convalidated""",
}


def guard_statements(dialect: str) -> tuple[str, ...]:
    """Return the statements that put every guard up, in order."""
    return tuple((_SQLITE if dialect == "sqlite" else _POSTGRESQL).values())


def guard_drops(dialect: str) -> tuple[str, ...]:
    """Return the statements that take every guard down, in order."""
    if dialect == "sqlite":
        return tuple(f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE)
    return _POSTGRESQL_DROPS


def missing_guards(session: Session) -> tuple[str, ...]:
    """Return the names of guards that are not in force, in order; empty when all are."""
    dialect = session.get_bind().dialect.name
    present = set(session.connection().execute(text(_PRESENT[dialect])).scalars())
    return tuple(name for name in _EXPECTED[dialect] if name not in present)
