"""The time zones that facilities are in."""

from typing import Final

from sqlmodel import Session, select

from booking.models import Facility

MOST: Final = 60


def facility_zones(session: Session) -> tuple[str, ...]:
    """Return the zones of facilities, by name; UTC is always among them."""
    rows = session.exec(select(Facility.zone).distinct().order_by(Facility.zone).limit(MOST))
    return tuple(sorted({"UTC", *rows}))
