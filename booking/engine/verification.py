"""How far a declared fact is verified on a day."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.violations import Violation

EXPIRING_DAYS: Final = 60
LONGEST_DAYS: Final = 3660
LONGEST_EVIDENCE: Final = 2000


class Verification(StrEnum):
    """Whether somebody's look at the evidence counts, and for how long."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    EXPIRING = "expiring"
    EXPIRED = "expired"


STANDING: Final = frozenset({Verification.VERIFIED, Verification.EXPIRING})


def verification(*, verified: bool, until: date | None, on: date) -> Verification:
    """Tell how far a fact is verified; its last day itself still counts.

    One that ends within 60 days is expiring. `until` of None does not end.
    """
    if not verified:
        return Verification.UNVERIFIED
    if until is None or until > on + timedelta(days=EXPIRING_DAYS):
        return Verification.VERIFIED
    return Verification.EXPIRING if on <= until else Verification.EXPIRED


def evidence_faults(evidence: str, until: date | None, *, on: date) -> tuple[Violation, ...]:
    """List what is wrong with what was looked at, and with the day until which that counts."""
    found = []
    if len(evidence) > LONGEST_EVIDENCE:
        reason = f"Say what was looked at in at most {LONGEST_EVIDENCE} characters."
        found.append(Violation("evidence_too_long", reason, "/evidence"))
    if until is not None and not on <= until <= on + timedelta(days=LONGEST_DAYS):
        reason = "Give a last day from today on, at most ten years ahead; or none."
        found.append(Violation("verified_until", reason, "/verified_until"))
    return tuple(found)
