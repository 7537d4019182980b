"""What past use does to an organisation's points, now, in the past year and from now on."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.permissions import Action, Actor, Scope
from booking.engine.quotas import HALF_LIFE_DAYS, PPM
from booking.engine.usage_decay import (
    DecayRules,
    KindShare,
    days_between,
    factor_millionths,
    factors_over_time,
    kind_shares,
)
from booking.models import Facility, Organisation
from booking.queries.fair_shares import FrozenFactor, facilities_used, frozen_factors
from booking.queries.ledger import hourly_credits_by_kind, usage_by_kind
from booking.queries.policies import current_policy
from booking.queries.rounds import facility_named
from booking.services.organisations import known_organisation
from booking.services.permits import permit

PAST: Final = timedelta(days=364)
COMING_HALF_LIVES: Final = 2
A_WEEK: Final = 7
Factors = tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class FairShare:
    """An organisation's factor at a facility, in millionths, with what made it.

    `facility` is None where the organisation was never charged anywhere: its factor is 1.
    `past` ends with today, `coming` starts with it and is what happens if nothing more is used.
    `frozen` are the factors that rounds keep, those of calls that opened last first.
    """

    organisation: Organisation
    facility: Facility | None
    facilities: tuple[Facility, ...]
    rules: DecayRules
    factor: int
    kinds: tuple[KindShare, ...]
    past: Factors
    coming: Factors
    frozen: tuple[FrozenFactor, ...]


def fair_share_shown(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    organisation_id: UUID,
    facility_key: str | None = None,
) -> FairShare:
    """Return the factor at the named facility, or at the one that charged it last.

    Only people of the organisation, officers and auditors may see it.
    Raises: NotFound; NotPermitted.
    """
    organisation = known_organisation(session, organisation_id)
    permit(actor, Action.ORGANISATION_SEE, Scope(organisation_id=organisation_id))
    used = facilities_used(session, organisation_id)
    named = None if facility_key is None else facility_named(session, facility_key)
    place = named or (used[0] if used else None)
    return _shown(session, organisation, place, used, now=now)


def _shown(
    session: Session,
    organisation: Organisation,
    place: Facility | None,
    used: tuple[Facility, ...],
    *,
    now: datetime,
) -> FairShare:
    places = () if place is None else (place.id,)
    rules = DecayRules(HALF_LIFE_DAYS, None) if place is None else _rules(session, place.id)
    hourly = hourly_credits_by_kind(session, places)
    usage = usage_by_kind(session, organisation.id, facility_ids=places, before=now)
    today = now.date()
    end = today + timedelta(days=COMING_HALF_LIVES * rules.half_life_days)
    kinds = kind_shares(usage, hourly, on=today, half_life_days=rules.half_life_days)
    factor = factor_millionths(kinds, rules)
    earlier = days_between(today - PAST, today, every=A_WEEK)[:-1]
    later = days_between(today, end, every=A_WEEK)[1:]
    return FairShare(
        organisation=organisation,
        facility=place,
        facilities=used if place is None or place in used else (place, *used),
        rules=rules,
        factor=factor if place is not None else PPM,
        kinds=kinds,
        past=(*factors_over_time(usage, hourly, rules, days=earlier), (today, factor)),
        coming=((today, factor), *factors_over_time(usage, hourly, rules, days=later)),
        frozen=frozen_factors(session, organisation.id),
    )


def _rules(session: Session, facility_id: UUID) -> DecayRules:
    policy = current_policy(session, facility_id)
    if policy is None:
        return DecayRules(HALF_LIFE_DAYS, None)
    return DecayRules(policy.version.half_life_days, policy.version.cap_share_ppm)
