"""Which equity groups an organisation is part of at each facility, with the working."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from booking.engine.permissions import Action, Actor, Scope
from booking.models import Organisation
from booking.queries.policies_in_force import PolicyInForce, policies_in_force
from booking.services.memberships import memberships
from booking.services.permits import permit


@dataclass(frozen=True, slots=True)
class GroupWorking:
    """Whether the organisation is of a group, and the lines that decide it."""

    name: str
    member: bool
    working: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class FacilityWorking:
    """The groups of one facility's policy."""

    facility_slug: str
    facility_name: str
    groups: tuple[GroupWorking, ...]


def workings_of(
    session: Session, *, actor: Actor, organisation: Organisation, on: date
) -> tuple[FacilityWorking, ...]:
    """Decide the groups of every facility's present policy for an organisation on a day."""
    permit(actor, Action.ORGANISATION_SEE, Scope(organisation_id=organisation.id))
    return tuple(
        FacilityWorking(
            each.facility_slug,
            each.facility_name,
            _groups(session, organisation, each, on),
        )
        for each in policies_in_force(session)
    )


def _groups(
    session: Session, organisation: Organisation, policy: PolicyInForce, on: date
) -> tuple[GroupWorking, ...]:
    decided = memberships(session, organisation, policy.groups, on=on, grace_days=policy.grace_days)
    return tuple(
        GroupWorking(group.name, found.member, found.working, found.verified)
        for group, found in zip(policy.groups, decided, strict=True)
    )
