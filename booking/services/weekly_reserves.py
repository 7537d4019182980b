"""What a round left unfilled of a group's reserve becomes reserved hours for booking on-line."""

import json
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.quotas import share_out
from booking.models import Round, RoundResult, WeeklyReserve
from booking.queries.left_weeks import WeekOfResource, left_by_week


def keep_unfilled(
    session: Session, *, found: Round, facility_id: UUID, result: RoundResult, now: datetime
) -> None:
    """Write the reserves that a published facility still owes, once its bookings are made.

    Spread over the weeks of its resources in the round's access period, as far as that is
    ahead, in proportion to what they still offer.
    """
    unfilled = unfilled_credits(result, facility_id)
    start = max(found.access_starts_at, now)
    if not any(unfilled.values()) or start >= found.access_ends_at:
        return
    left = left_by_week(session, facility_id, within=Interval(start, found.access_ends_at))
    by_name = {f"{monday} {resource_id}": (monday, resource_id) for monday, resource_id in left}
    weights = {name: left[key] for name, key in by_name.items()}
    if not any(weights.values()):
        return
    for group_key, amount in unfilled.items():
        for name, part in share_out(amount, weights).items():
            if part:
                session.add(_row(found, by_name[name], group_key, part))
    session.flush()


def unfilled_credits(result: RoundResult, facility_id: UUID) -> dict[str, int]:
    """Read from a result what each group's reserve has left, in thousandths of a credit."""
    written = json.loads(result.result, parse_float=Decimal)
    facility: dict[str, Any] = next(
        (each for each in written["facilities"] if each["id"] == str(facility_id)), {"groups": {}}
    )
    return {
        key: max(_thousandths(figures["reserved"]) - _thousandths(figures["credited"]), 0)
        for key, figures in facility["groups"].items()
    }


def _row(found: Round, at: WeekOfResource, group_key: str, amount: int) -> WeeklyReserve:
    monday, resource_id = at
    return WeeklyReserve(
        round_id=found.id,
        resource_id=resource_id,
        week_on=monday,
        group_key=group_key,
        credit_thousandths=amount,
    )


def _thousandths(amount: Decimal | int) -> int:
    return int((Decimal(amount) * 1000).to_integral_value(ROUND_FLOOR))
