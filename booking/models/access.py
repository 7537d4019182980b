"""Rounds, what projects ask for in them, reviews, and the terms both sides accept."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.vocabulary import AppealedFact, AppealState
from booking.models.columns import Json, UtcDateTime, Word


class Round(SQLModel, table=True):
    """An allocation round: call, review, decision, access period.

    `facility_id` leads: its policy rules the round at every facility taking part.
    `seed_hash` is published when the call opens, `seed` when the round is.
    `reserved_shares` are the groups' shares in ppm, frozen when the call opens.
    """

    __table_args__ = (
        CheckConstraint("call_opens_at < call_closes_at", name="call_ends_after_it_starts"),
        CheckConstraint("access_starts_at < access_ends_at", name="access_ends_after_it_starts"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(unique=True, max_length=80)
    name: str = Field(max_length=200)
    description: str = ""
    facility_id: UUID = Field(foreign_key="facility.id", index=True)
    state: RoundState = Field(default=RoundState.DRAFT, sa_type=Word(RoundState))
    call_opens_at: datetime = Field(sa_type=UtcDateTime)
    call_closes_at: datetime = Field(sa_type=UtcDateTime)
    decision_on: date = Field(sa_type=Date)
    access_starts_at: datetime = Field(sa_type=UtcDateTime)
    access_ends_at: datetime = Field(sa_type=UtcDateTime)
    step_minutes: int = 60
    quality_threshold: int = 300
    policy_version_id: UUID | None = Field(default=None, foreign_key="policyversion.id")
    seed: str = Field(max_length=64)
    seed_hash: str = Field(max_length=64)
    reserved_shares: dict[str, int] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class RoundFacility(SQLModel, table=True):
    """A facility whose resources are offered in a round.

    `offered_credit_thousandths` is K_f of equity.md, frozen when the call opens.
    """

    round_id: UUID = Field(primary_key=True, foreign_key="round.id")
    facility_id: UUID = Field(primary_key=True, foreign_key="facility.id", index=True)
    offered_credit_thousandths: int | None = Field(default=None, sa_type=BigInteger)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OrganisationSnapshot(SQLModel, table=True):
    """An organisation as it stood when a round's call opened: its groups and its factor.

    `memberships` as in AccessRequest, each with `verified`; `fair_share_millionths` is s_o of
    equity.md. Taken before the call opens, never from what is declared in the call.
    """

    round_id: UUID = Field(primary_key=True, foreign_key="round.id")
    organisation_id: UUID = Field(primary_key=True, foreign_key="organisation.id", index=True)
    memberships: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    fair_share_millionths: int = 1_000_000
    taken_at: datetime = Field(sa_type=UtcDateTime)


class AccessRequest(SQLModel, table=True):
    """What a project asks for in a round.

    `memberships` is the answer of engine/eligibility on the day of submission:
    one `{group, member, working}` for each equity group of the round's policy.
    `fair_share_millionths` is s_o of equity.md, frozen with them.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    round_id: UUID = Field(foreign_key="round.id", index=True)
    project_id: UUID = Field(foreign_key="project.id", index=True)
    submitted_by: UUID = Field(foreign_key="person.id")
    title: str = Field(max_length=200)
    summary: str = ""
    state: RequestState = Field(default=RequestState.DRAFT, sa_type=Word(RequestState))
    merit: int | None = None
    memberships: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    fair_share_millionths: int = 1_000_000
    created_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class RequestedSession(SQLModel, table=True):
    """One stretch of use that a request needs; all its sessions are granted or none."""

    __table_args__ = (UniqueConstraint("request_id", "position"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID = Field(foreign_key="accessrequest.id")
    position: int
    minutes: int
    quantity: int = 1


class RequestedAlternative(SQLModel, table=True):
    """A resource and a window in which a session would do; rank 0 is liked best."""

    __table_args__ = (UniqueConstraint("session_id", "position"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="requestedsession.id")
    position: int
    resource_id: UUID = Field(foreign_key="resource.id", index=True)
    earliest_at: datetime = Field(sa_type=UtcDateTime)
    latest_at: datetime = Field(sa_type=UtcDateTime)
    rank: int = 0


class Review(SQLModel, table=True):
    """A reviewer's score and comment on an access request, or their conflict of interest.

    `score` is in [300, 1000]; None exactly where `conflict` says why they may not score.
    """

    __table_args__ = (
        UniqueConstraint("request_id", "reviewer_id"),
        CheckConstraint("(score IS NULL) = (conflict <> '')", name="score_or_conflict"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID = Field(foreign_key="accessrequest.id")
    reviewer_id: UUID = Field(foreign_key="person.id", index=True)
    score: int | None = None
    comment: str = ""
    conflict: str = ""
    reviewed_at: datetime = Field(sa_type=UtcDateTime)


class Appeal(SQLModel, table=True):
    """An applicant's wish that the facts behind a decision be looked at again.

    `fact` is what is said to be wrong. An upheld appeal holds the `correction` (as the engine's
    counterfactuals write it) and the calculation that shows the difference it makes.
    """

    __table_args__ = (
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered_in_words"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID = Field(foreign_key="accessrequest.id", index=True)
    result_id: UUID = Field(foreign_key="roundresult.id")
    fact: AppealedFact = Field(sa_type=Word(AppealedFact))
    grounds: str
    state: AppealState = Field(default=AppealState.OPEN, sa_type=Word(AppealState))
    asked_by: UUID = Field(foreign_key="person.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    answer: str = ""
    correction: dict[str, Any] | None = Field(default=None, sa_type=Json)
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    calculation_id: UUID | None = Field(default=None, foreign_key="calculation.id")


class TermsVersion(SQLModel, table=True):
    """A facility's conditions, with how outcomes are shared."""

    __table_args__ = (UniqueConstraint("facility_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    facility_id: UUID = Field(foreign_key="facility.id")
    number: int
    text: str
    published_at: datetime = Field(sa_type=UtcDateTime)


class TermsAcceptance(SQLModel, table=True):
    """A project's acceptance of one version of a facility's terms."""

    terms_version_id: UUID = Field(primary_key=True, foreign_key="termsversion.id")
    project_id: UUID = Field(primary_key=True, foreign_key="project.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    accepted_at: datetime = Field(sa_type=UtcDateTime)
