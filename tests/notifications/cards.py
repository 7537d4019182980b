"""A booking's card for tests of what is written from it."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import AccessBy
from booking.queries.cards import BookingCard

SAMPLE_ID = UUID("01930000-0000-7000-8000-000000000001")
AROUND: Final[dict[str, Any]] = {
    "resource_id": UUID(int=2),
    "project_id": UUID(int=3),
    "person_id": UUID(int=4),
    "resource_name": "X-ray diffractometer",
    "resource_kind": "diffractometer",
    "unit_label": "unit",
    "access_by": AccessBy.PHYSICAL,
    "web_address": "",
    "no_show_grace_minutes": None,
    "resource_location": "Room 12",
    "contact_name": "",
    "contact_email": "",
    "contact_url": "",
    "facility_id": UUID(int=5),
    "facility_slug": "nairobi",
    "facility_name": "Nairobi Materials Facility",
    "facility_zone": "Africa/Nairobi",
    "facility_country": "KE",
    "mail_from": "",
    "project_name": "Clean water",
    "person_name": "Amina Otieno",
    "person_email": "amina@sme.example",
    "person_zone": "Africa/Nairobi",
    "person_locale": "en",
    "organiser": "bookings@bench.example",
    "base_url": "https://bench.example",
}


def a_card(**given: Any) -> BookingCard:
    defaults: dict[str, Any] = {
        "id": SAMPLE_ID,
        "uid": f"{SAMPLE_ID}@bench.example",
        "starts_at": datetime(2026, 12, 1, 8, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 1, 10, tzinfo=UTC),
        "quantity": 1,
        "status": BookingStatus.CONFIRMED,
        "title": "Powder samples",
        "reason": "",
        "sequence": 0,
        "revision": 0,
        "expires_at": None,
        "created_at": datetime(2026, 11, 20, 8, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 20, 8, 0, 5, 250, tzinfo=UTC),
    }
    return BookingCard(**defaults | AROUND | given)
