"""Rows that pages show beside the catalogue: a policy with its groups, a round, terms."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import RoundState
from booking.models import EquityGroup, PolicyVersion, Round, RoundFacility, TermsVersion
from tests.builders import NOW, added

STARTUPS: dict[str, Any] = {"key": "startup", "name": "Startups", "rule": {"kind": "startup"}}
LOWER_INCOMES: dict[str, Any] = {
    "key": "lmic",
    "name": "Lower incomes",
    "rule": {
        "kind": "country_scheme",
        "scheme": "wb_income",
        "values": ["low", "lower_middle"],
    },
}


def a_policy(session: Session, facility_id: UUID, *groups: dict[str, Any]) -> PolicyVersion:
    """Add a policy with a cap of 10 %, which reserves 15 % for each of the groups."""
    policy = added(
        session,
        PolicyVersion(
            facility_id=facility_id,
            number=1,
            ladder=[],
            cap_share_ppm=100_000,
            published_at=NOW,
        ),
    )
    for position, group in enumerate(groups):
        added(
            session,
            EquityGroup(
                policy_version_id=policy.id,
                position=position,
                reserved_share_ppm=150_000,
                **group,
            ),
        )
    return policy


def a_call(session: Session, facility_id: UUID) -> Round:
    """Add a round that takes requests for nine days, and keeps days 60 to 90."""
    call = added(
        session,
        Round(
            slug="spring",
            name="Spring call",
            facility_id=facility_id,
            state=RoundState.OPEN,
            call_opens_at=NOW,
            call_closes_at=NOW + timedelta(days=9),
            decision_on=date(2026, 12, 20),
            access_starts_at=NOW + timedelta(days=60),
            access_ends_at=NOW + timedelta(days=90),
            seed="a",
            seed_hash="b",
            created_at=NOW,
            updated_at=NOW,
        ),
    )
    added(session, RoundFacility(round_id=call.id, facility_id=facility_id))
    return call


def terms(session: Session, facility_id: UUID, text: str = "Be **kind**.") -> TermsVersion:
    row = TermsVersion(facility_id=facility_id, number=1, text=text, published_at=NOW)
    return added(session, row)
