"""Policies, results of rounds, decisions, calculations, and the ledger of access."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.vocabulary import CalculationKind, CalculationState, LedgerKind
from booking.models.columns import Json, UtcDateTime, Word


class PolicyVersion(SQLModel, table=True):
    """One version of a facility's policy; never changed once published.

    Shares are parts per million; `cap_share_ppm` None means no cap. With `reserved_ppm` the
    groups' shares are derived from their weights when a call opens; None: as the board set them.
    `strict` fills reserves before points count. `country_lists` is the version of the lists.
    `ladder` is `[{"up_to": 0.5, "points": 1200}, ...]` as in equity.md.
    """

    __table_args__ = (UniqueConstraint("facility_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    facility_id: UUID = Field(foreign_key="facility.id")
    number: int
    ladder: list[dict[str, Any]] = Field(sa_type=Json)
    cap_share_ppm: int | None = None
    release_first_days: int = 14
    release_all_days: int = 7
    half_life_days: int = 90
    grace_days: int = 0
    reserved_ppm: int | None = None
    strict: bool = False
    country_lists: str = Field(default="", max_length=40)
    note: str = ""
    published_by: UUID | None = Field(default=None, foreign_key="person.id")
    published_at: datetime = Field(sa_type=UtcDateTime)


class EquityGroup(SQLModel, table=True):
    """A published rule on organisations and dates, with a weight and a reserved share."""

    __table_args__ = (UniqueConstraint("policy_version_id", "key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    policy_version_id: UUID = Field(foreign_key="policyversion.id")
    position: int
    key: str = Field(max_length=60)
    name: str = Field(max_length=120)
    rule: dict[str, Any] = Field(sa_type=Json)
    weight: int = 1
    reserved_share_ppm: int


class RoundResult(SQLModel, table=True):
    """One allocation of a round: inputs, certificate and timetable, kept as exact JSON text.

    The published one is the newest; earlier ones stay for the auditor. `note` says why one
    replaced another. `by_merit` are `{"credits", "mean_merit"}` of the timetable by merit alone,
    where they were kept.
    """

    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    round_id: UUID = Field(foreign_key="round.id")
    number: int
    problem: str = Field(sa_type=Text)
    result: str = Field(sa_type=Text)
    problem_sha256: str = Field(max_length=64)
    result_sha256: str = Field(max_length=64)
    objective: float
    bound: float
    gap: float
    allocated_by: UUID | None = Field(default=None, foreign_key="person.id")
    allocated_at: datetime = Field(sa_type=UtcDateTime)
    note: str = ""
    by_merit: dict[str, float] | None = Field(default=None, sa_type=Json)


class Calculation(SQLModel, table=True):
    """Long work of the engine on a round: what was asked, how far it is, what came out.

    `request_id` is the access request it is about, where there is one. `progress` is
    `{"done", "total", "objective", "bound"}` while it runs; `answer` is kept for good.
    """

    __table_args__ = (Index("ix_calculation_state_asked", "state", "asked_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    round_id: UUID = Field(foreign_key="round.id", index=True)
    request_id: UUID | None = Field(default=None, foreign_key="accessrequest.id", index=True)
    kind: CalculationKind = Field(sa_type=Word(CalculationKind))
    state: CalculationState = Field(
        default=CalculationState.WAITING, sa_type=Word(CalculationState)
    )
    question: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    answer: dict[str, Any] | None = Field(default=None, sa_type=Json)
    failure: str = ""
    asked_by: UUID | None = Field(default=None, foreign_key="person.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stop_asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Decision(SQLModel, table=True):
    """What one allocation says of one access request, and why.

    `nearest` are free slots of the same kind that were left: resource, start and end.
    """

    __table_args__ = (UniqueConstraint("result_id", "request_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    result_id: UUID = Field(foreign_key="roundresult.id")
    request_id: UUID = Field(foreign_key="accessrequest.id", index=True)
    granted: bool
    points_needed_per_hour: int | None = None
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    placements: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    nearest: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)


class LedgerEntry(SQLModel, table=True):
    """A signed movement of access units; a balance is a sum, nothing is ever changed.

    Unit: access units (minutes of one unit) times the resource's rate in
    thousandths stands in `credit_thousandths` (one credit = one unit-hour at rate 1).
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    facility_id: UUID = Field(foreign_key="facility.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    project_id: UUID = Field(foreign_key="project.id", index=True)
    booking_id: UUID | None = Field(default=None, foreign_key="booking.id", index=True)
    kind: LedgerKind = Field(sa_type=Word(LedgerKind))
    group_key: str = Field(default="", max_length=60)
    access_units: int = Field(sa_type=BigInteger)
    credit_thousandths: int = Field(sa_type=BigInteger)
    used_at: datetime = Field(sa_type=UtcDateTime)
    entered_at: datetime = Field(sa_type=UtcDateTime)


class WeeklyReserve(SQLModel, table=True):
    """Credits that a round left unfilled of a group's reserve, in one week of one resource.

    They are the group's reserved hours for booking on-line in that week; `week_on` is its
    Monday on the facility's clock.
    """

    __table_args__ = (UniqueConstraint("resource_id", "week_on", "round_id", "group_key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    round_id: UUID = Field(foreign_key="round.id", index=True)
    resource_id: UUID = Field(foreign_key="resource.id")
    week_on: date
    group_key: str = Field(max_length=60)
    credit_thousandths: int = Field(sa_type=BigInteger)
