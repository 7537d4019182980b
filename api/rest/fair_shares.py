"""What past use does to an organisation's points."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, StringConstraints

from api.deps import Instant, Now, ReadSession, SignedIn
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.services.fair_share_history import Factors, fair_share_shown

router = APIRouter(tags=["organisations"], route_class=IdempotentRoute)
MILLION = 1_000_000
Key = Annotated[
    str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), Query()
]


class KindOut(BaseModel):
    """Use of one kind of resource: credits that still count, of those in one half-life."""

    kind: str
    credits: float
    capacity_credits: float
    share: float


class FactorOut(BaseModel):
    """The factor at the start of a day."""

    on: date
    factor: float


class FrozenOut(BaseModel):
    """The factor that counts in a round, fixed when its call opened."""

    round: str
    call_opened_at: Instant
    factor: float


class FairShareOut(BaseModel):
    """What an organisation's points are multiplied by, with what made it.

    `facility` is null where nothing was ever used. `coming` is what happens if nothing more is.
    """

    organisation_id: UUID
    facility: str | None
    half_life_days: int
    entitlement: float
    factor: float
    kinds: list[KindOut]
    past: list[FactorOut]
    coming: list[FactorOut]
    rounds: list[FrozenOut]


@router.get("/organisations/{organisation_id}/fair-share", responses=problems(401, 403, 404))
def see_fair_share(
    organisation_id: UUID,
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    facility: Key | None = None,
) -> FairShareOut:
    """Return the factor of past use at a facility, or at the one that was used last."""
    found = fair_share_shown(
        session, actor=actor, now=now, organisation_id=organisation_id, facility_key=facility
    )
    return FairShareOut(
        organisation_id=organisation_id,
        facility=found.facility.slug if found.facility else None,
        half_life_days=found.rules.half_life_days,
        entitlement=found.rules.entitlement_ppm / MILLION,
        factor=found.factor / MILLION,
        kinds=[
            KindOut(
                kind=each.kind,
                credits=float(each.credits),
                capacity_credits=float(each.capacity),
                share=round(float(each.share), 9),
            )
            for each in found.kinds
        ],
        past=_dated(found.past),
        coming=_dated(found.coming),
        rounds=[
            FrozenOut(
                round=each.slug,
                call_opened_at=each.call_opened_at,
                factor=each.millionths / MILLION,
            )
            for each in found.frozen
        ],
    )


def _dated(factors: Factors) -> list[FactorOut]:
    return [FactorOut(on=day, factor=millionths / MILLION) for day, millionths in factors]
