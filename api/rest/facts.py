"""What organisations declare, how far it is verified, and the groups it makes them part of."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

from api.deps import Cursor, Day, Instant, Limit, Now, Prose, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rule_words import rule_in_words
from booking.engine.declared_facts import FactName
from booking.engine.verification import LONGEST_EVIDENCE, Verification
from booking.reference.countries import LIST_VERSION
from booking.services import group_workings, organisations, snapshots, verification

router = APIRouter(tags=["organisations"], route_class=IdempotentRoute)
Named = Annotated[
    str, Query(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Slug or id")
]
Evidence = Annotated[Prose, StringConstraints(max_length=LONGEST_EVIDENCE)]


class NewFact(BaseModel):
    """A fact to declare, as of the day it speaks of."""

    model_config = ConfigDict(extra="forbid")

    name: FactName
    value: JsonValue
    as_of: Day


class Fact(BaseModel):
    """A declared fact; `verified_at` None is not yet verified.

    `verification` says how far it is today; `verified_until` is the last day that counts.
    """

    id: UUID
    name: FactName
    value: Any
    as_of: date
    declared_by: UUID | None
    declared_at: Instant
    verified_by: UUID | None
    verified_at: Instant | None
    verified_until: date | None
    evidence: str
    verification: Verification


class Facts(BaseModel):
    """All declared facts, by name and day; there is one page."""

    items: list[Fact]
    next: str | None = None


class WaitingFactOut(Fact):
    """A fact to be looked at, with the organisation that declared it.

    `circle` is where ties make control come back over all that was declared, verified or not:
    each enterprise controls the next, and the first is met again last. Null where it does not.
    """

    organisation_id: UUID
    organisation_name: str
    circle: list[str] | None = None


class WaitingFacts(BaseModel):
    """One page of facts to be looked at, by organisation."""

    items: list[WaitingFactOut]
    next: str | None


class VerificationIn(BaseModel):
    """Whether the fact is verified; false takes a verification back.

    `evidence` says what was looked at, `verified_until` is the last day on which that
    counts. With the fact's `declared_at`, one that was declared anew since is refused.
    """

    model_config = ConfigDict(extra="forbid")

    verified: bool = True
    evidence: Evidence = ""
    verified_until: Day | None = None
    declared_at: Instant | None = None


class GroupWorkingOut(BaseModel):
    """Whether the organisation is of a group, and why, line by line.

    `decided` false means that a figure is missing, which the working names; `facts` are
    those behind it, with who declared and who verified them; `in_words` words the rule.
    """

    key: str
    name: str
    rule: dict[str, Any]
    in_words: str
    member: bool
    decided: bool
    verified: bool
    working: list[str]
    sources: list[str]
    facts: list[Fact]


class FacilityWorkingOut(BaseModel):
    """The groups of a facility's policy in force."""

    facility: str
    facility_name: str
    policy_version: int
    groups: list[GroupWorkingOut]


class SnapshotOut(BaseModel):
    """How the organisation stood when a round's call opened; only verified groups counted."""

    model_config = ConfigDict(from_attributes=True)

    round_slug: str
    round_name: str
    taken_at: Instant
    verified: list[str]
    unverified: list[str]
    fair_share_millionths: int


class WorkingsOut(BaseModel):
    """An organisation's groups on a day, by facility, and the version of the country lists.

    `snapshots` are those of rounds, the newest first.
    """

    organisation_id: UUID
    on: date
    country_lists: str
    facilities: list[FacilityWorkingOut]
    snapshots: list[SnapshotOut]


@router.get("/facts", responses=problems(401, 403))
def list_facts_to_verify(
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    *,
    state: Verification | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> WaitingFacts:
    """Return the facts of all organisations that are unverified, or not for 60 days more."""
    page = verification.facts_to_verify(
        session, actor=actor, now=now, state=state, limit=limit, cursor=cursor
    )
    facts = [each.fact for each in page.items]
    circles = verification.circles_among(session, actor=actor, now=now, facts=facts)
    items = [
        WaitingFactOut(
            **_fact(each.fact, now.date()).model_dump(),
            organisation_id=each.organisation.id,
            organisation_name=each.organisation.name,
            circle=list(circles[each.fact.id].names) if each.fact.id in circles else None,
        )
        for each in page.items
    ]
    return WaitingFacts(items=items, next=page.next)


@router.get("/organisations/{organisation_id}/facts", responses=problems(401, 403, 404))
def list_facts(organisation_id: UUID, session: ReadSession, actor: SignedIn, now: Now) -> Facts:
    """Return what the organisation declared."""
    rows = organisations.list_facts(session, actor=actor, organisation_id=organisation_id)
    return Facts(items=[_fact(each, now.date()) for each in rows])


@router.post(
    "/organisations/{organisation_id}/facts",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def declare_fact(
    organisation_id: UUID, new: NewFact, session: WriteSession, actor: SignedIn, now: Now
) -> Fact:
    """Declare a fact; for the same day it replaces only one that is not verified."""
    row = organisations.declare_fact(
        session,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        name=new.name,
        value=new.value,
        as_of=new.as_of,
    )
    return _fact(row, now.date())


@router.post(
    "/organisations/{organisation_id}/facts/{fact_id}/verify",
    responses=problems(401, 403, 404, 409, 412),
)
def verify_fact(
    organisation_id: UUID,
    fact_id: UUID,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    given: VerificationIn | None = None,
) -> Fact:
    """Verify a fact by its evidence, up to a day, or take its verification back."""
    asked = given or VerificationIn()
    row = verification.verify_fact(
        session,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        fact_id=fact_id,
        verified=asked.verified,
        evidence=asked.evidence,
        until=asked.verified_until,
        declared_at=asked.declared_at,
    )
    return _fact(row, now.date())


@router.get("/organisations/{organisation_id}/groups", responses=problems(401, 403, 404))
def see_groups(
    organisation_id: UUID,
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    *,
    facility: Named | None = None,
    on: Day | None = None,
) -> WorkingsOut:
    """Return the organisation's equity groups with the working, today or on another day.

    At one facility (slug or id), or at all whose policy has groups.
    """
    day = on or now.date()
    found = group_workings.workings_of(
        session,
        actor=actor,
        organisation=organisations.known_organisation(session, organisation_id),
        on=day,
        facility=facility,
    )
    return WorkingsOut(
        organisation_id=organisation_id,
        on=day,
        country_lists=LIST_VERSION,
        facilities=[
            FacilityWorkingOut(
                facility=each.facility_slug,
                facility_name=each.facility_name,
                policy_version=each.policy_number,
                groups=[_working(group, day) for group in each.groups],
            )
            for each in found
        ],
        snapshots=[
            SnapshotOut.model_validate(each)
            for each in snapshots.standings_in_rounds(
                session, actor=actor, organisation_id=organisation_id
            )
        ],
    )


def _working(group: group_workings.GroupWorking, on: date) -> GroupWorkingOut:
    return GroupWorkingOut(
        key=group.key,
        name=group.name,
        rule=group.rule,
        in_words=rule_in_words(group.rule),
        member=group.member,
        decided=group.decided,
        verified=group.verified,
        working=list(group.working),
        sources=list(group.sources),
        facts=[_fact(each, on) for each in group.facts],
    )


def _fact(row: Any, on: date) -> Fact:
    state = organisations.verification_of(row, on)
    return Fact(**row.model_dump(include=set(Fact.model_fields)), verification=state)
