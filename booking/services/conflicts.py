"""Nobody decides on what they would gain from themselves: one refusal, worded by each use."""

from booking.engine.violations import Violation
from booking.errors import RulesBroken


def conflict_of_interest(reason: str) -> RulesBroken:
    """Return the refusal of somebody who is on both sides, with the reason in words."""
    return RulesBroken(reason, [Violation("conflict_of_interest", reason)])
