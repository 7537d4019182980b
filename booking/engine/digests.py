"""When a person's digest of the day is due: at seven in the morning by their own clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DIGEST_AT: Final = time(7)
AHEAD: Final = timedelta(days=7)
LONGEST_ALARM_MINUTES: Final = 40_320
"""Four weeks."""


def digest_day(now: datetime, zone: str) -> date:
    """Return the newest day of the zone whose seven o'clock has come; at seven itself it has."""
    local = now.astimezone(_zone(zone))
    return local.date() if local.time() >= DIGEST_AT else local.date() - timedelta(days=1)


def digest_instant(day: date, zone: str) -> datetime:
    """Return seven o'clock of that day in the zone, as UTC."""
    return datetime.combine(day, DIGEST_AT, tzinfo=_zone(zone)).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    """Return the zone; UTC where it is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
