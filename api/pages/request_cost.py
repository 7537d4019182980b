"""What a request costs at each facility, beside the most one organisation may hold there."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from booking.engine.quotas import PPM
from booking.engine.request_rules import WantedSession
from booking.queries.round_pages import RoundShown

A_CREDIT = 60 * 1000


@dataclass(frozen=True, slots=True)
class Cost:
    """The least a request takes at a facility and its cap there, in hours at rate 1."""

    name: str
    wanted: float
    cap: float | None

    @property
    def fits(self) -> bool:
        """Whether the request is within the cap."""
        return self.cap is None or self.wanted <= self.cap


def costs(shown: RoundShown, sessions: Iterable[WantedSession]) -> tuple[Cost, ...]:
    """Work out the cost at every facility where all sessions could be."""
    asked = tuple(sessions)
    cap_ppm = shown.facts.policy.cap_share_ppm if shown.facts.policy else None
    found = []
    for part in shown.facts.facilities:
        rates = {each.id: each.rate_thousandths for each in shown.resources_at(part.facility_id)}
        least = [_least(each, rates) for each in asked]
        if asked and None not in least:
            known = part.offered_credits if cap_ppm is not None else None
            cap = None if known is None or cap_ppm is None else known * cap_ppm / PPM
            found.append(Cost(part.name, float(sum(filter(None, least))), cap))
    return tuple(found)


def _least(session: WantedSession, rates: dict[UUID, int]) -> Fraction | None:
    here = [rates[one.resource_id] for one in session.alternatives if one.resource_id in rates]
    return Fraction(session.minutes * session.quantity * min(here), A_CREDIT) if here else None
