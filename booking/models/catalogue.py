"""Facilities and the resources they publish, with hours and closures."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Time, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.vocabulary import AccessBy, ClosureKind
from booking.models.columns import Json, UtcDateTime, Word


class Facility(SQLModel, table=True):
    """A unit that runs resources, in one time zone, under one access policy.

    `holiday_region` is the part of the country whose public holidays it keeps, empty for
    the country's. `locale` is the language of its calendar texts and of mail to readers without
    one. `offer_version` rises whenever the hours it offers may have changed.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(unique=True, max_length=80)
    name: str = Field(max_length=200)
    country: str = Field(max_length=2)
    zone: str = Field(max_length=64)
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    description: str = ""
    access_policy: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_url: str = ""
    mail_from: str = ""
    restricted: bool = False
    holiday_region: str = Field(default="", max_length=10)
    locale: str = Field(default="en", max_length=10)
    offer_version: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class AdmittedProject(SQLModel, table=True):
    """A project that a restricted facility lets book."""

    facility_id: UUID = Field(primary_key=True, foreign_key="facility.id")
    project_id: UUID = Field(primary_key=True, foreign_key="project.id", index=True)
    admitted_at: datetime = Field(sa_type=UtcDateTime)


class Resource(SQLModel, table=True):
    """A bookable thing, physical or digital, with a capacity in units.

    `version` rises with every booking of a pool: it is the lock that the
    database's guard takes, not an edit count. `country` is empty where it is the
    facility's. Without `no_show_grace_minutes` nobody needs to check in; a pending booking
    lapses after `approval_days`, and at its start in any case.
    """

    __table_args__ = (
        UniqueConstraint("facility_id", "source", "source_key"),
        CheckConstraint("capacity >= 1", name="capacity_at_least_one"),
        Index("ix_resource_facility_state", "facility_id", "state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    facility_id: UUID = Field(foreign_key="facility.id")
    name: str = Field(max_length=300)
    kind: str = Field(max_length=120, index=True)
    description: str = ""
    technique: str = ""
    capacity: int = 1
    unit_label: str = Field(default="unit", max_length=40)
    rate_thousandths: int = 1000
    rates: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    grid_minutes: int = 15
    minimum_minutes: int | None = None
    maximum_minutes: int | None = None
    lead_minutes: int = 0
    horizon_days: int = 365
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    cancel_by_minutes: int | None = None
    concurrent_per_project: int | None = None
    concurrent_per_organisation: int | None = None
    no_show_grace_minutes: int | None = None
    approval_days: int | None = None
    mode: BookingMode = Field(default=BookingMode.INSTANT, sa_type=Word(BookingMode))
    access_by: AccessBy = Field(default=AccessBy.PHYSICAL, sa_type=Word(AccessBy))
    qualification_needed: bool = False
    persistent_identifier: str = ""
    manufacturer: str = ""
    model: str = ""
    measured_variables: list[str] = Field(default_factory=list, sa_type=Json)
    location: str = ""
    country: str = Field(default="", max_length=2)
    contact_name: str = ""
    contact_email: str = ""
    contact_url: str = ""
    web_address: str = ""
    state: ResourceState = Field(default=ResourceState.DRAFT, sa_type=Word(ResourceState))
    source: str = Field(default="own", max_length=20)
    source_key: str = Field(max_length=300)
    imported: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    imported_position: int | None = None
    version: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class OpeningHours(SQLModel, table=True):
    """One weekly wall-clock window of a facility or, when it names one, of a resource."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    facility_id: UUID = Field(foreign_key="facility.id", index=True)
    resource_id: UUID | None = Field(default=None, foreign_key="resource.id", index=True)
    weekday: int
    opens: time = Field(sa_type=Time)
    closes: time = Field(sa_type=Time)


class Closure(SQLModel, table=True):
    """A dated exception to the opening hours of a facility or of one resource.

    One whose date is `estimated` keeps new bookings away and displaces none. `busy_calendar_id`
    names the outside calendar that a closure was read from.
    """

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="closure_ends_after_it_starts"),
        Index("ix_closure_facility_ends", "facility_id", "ends_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    facility_id: UUID = Field(foreign_key="facility.id")
    resource_id: UUID | None = Field(default=None, foreign_key="resource.id", index=True)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    kind: ClosureKind = Field(default=ClosureKind.MAINTENANCE, sa_type=Word(ClosureKind))
    reason: str = ""
    estimated: bool = False
    # No foreign key: to add one SQLite rebuilds the table.
    busy_calendar_id: UUID | None = Field(default=None, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
