"""Persons, organisations with their dated facts, roles, projects and what signs them in."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.permissions import Role
from booking.engine.vocabulary import (
    CalendarAccess,
    CalendarKind,
    CalendarMail,
    FeedOf,
    OrganisationKind,
)
from booking.models.columns import Json, UtcDateTime, Word


class Person(SQLModel, table=True):
    """Somebody who signs in by e-mail.

    `alarm_minutes` is how long before a booking their calendar rings; None for never.
    `digest_on` is the day, in their zone, of the last digest.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=200)
    orcid: str = Field(default="", max_length=19)
    zone: str = Field(default="UTC", max_length=64)
    locale: str = Field(default="en", max_length=10)
    calendar_mail: CalendarMail = Field(
        default=CalendarMail.INVITE, sa_type=Word(CalendarMail), nullable=False
    )
    alarm_minutes: int | None = None
    digest_on: date | None = Field(default=None, sa_type=Date)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Organisation(SQLModel, table=True):
    """Who a person acts for."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200, index=True)
    country: str = Field(max_length=2)
    kind: OrganisationKind = Field(sa_type=Word(OrganisationKind))
    ror_id: str | None = Field(default=None, unique=True, max_length=40)
    suspended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class OrganisationFact(SQLModel, table=True):
    """One dated figure of an organisation: declared by someone, verified by someone.

    `name` is a word of engine/declared_facts' FactName, `value` its JSON value,
    and `as_of` the day it speaks of (the end of the year, for yearly figures).
    `evidence` says what was looked at; a verification ends after `verified_until`.
    """

    __table_args__ = (UniqueConstraint("organisation_id", "name", "as_of"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    name: str = Field(max_length=40)
    as_of: date = Field(sa_type=Date)
    value: Any = Field(sa_type=Json)
    declared_by: UUID | None = Field(default=None, foreign_key="person.id")
    declared_at: datetime = Field(sa_type=UtcDateTime)
    verified_by: UUID | None = Field(default=None, foreign_key="person.id")
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_until: date | None = Field(default=None, sa_type=Date)
    evidence: str = ""


class Membership(SQLModel, table=True):
    """A person's role in a facility, in an organisation, or in the whole installation."""

    __table_args__ = (
        CheckConstraint(
            "facility_id IS NULL OR organisation_id IS NULL", name="membership_in_one_place"
        ),
        Index("ix_membership_person", "person_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    role: Role = Field(sa_type=Word(Role))
    facility_id: UUID | None = Field(default=None, foreign_key="facility.id", index=True)
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)


class Project(SQLModel, table=True):
    """A team with a principal investigator, of one organisation, that holds access."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    principal_investigator_id: UUID = Field(foreign_key="person.id")
    description: str = ""
    field: str = Field(default="", max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ProjectMember(SQLModel, table=True):
    """A person on a project."""

    project_id: UUID = Field(primary_key=True, foreign_key="project.id")
    person_id: UUID = Field(primary_key=True, foreign_key="person.id", index=True)


class Qualification(SQLModel, table=True):
    """A person's right to use a resource that asks for one."""

    __table_args__ = (UniqueConstraint("person_id", "resource_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    resource_id: UUID = Field(foreign_key="resource.id", index=True)
    granted_by: UUID = Field(foreign_key="person.id")
    granted_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInLink(SQLModel, table=True):
    """A one-time link sent by e-mail; only the hash of its token is kept."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WebSession(SQLModel, table=True):
    """A signed-in browser; only the hash of its cookie is kept."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class ApiToken(SQLModel, table=True):
    """A bearer token for programs; `scopes` None means all the person may do."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=100)
    token_hash: str = Field(unique=True, max_length=64)
    scopes: list[str] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CalendarToken(SQLModel, table=True):
    """A secret calendar address or a CalDAV account; only the hash of its secret is kept.

    `subject_id` is the project, resource or facility shown; None for `me`. `username` is
    that of a CalDAV account, whose password is the token.
    """

    __table_args__ = (Index("ix_calendartoken_username", "username", unique=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=100)
    kind: CalendarKind = Field(default=CalendarKind.FEED, sa_type=Word(CalendarKind))
    access: CalendarAccess = Field(
        default=CalendarAccess.READ_ONLY, sa_type=Word(CalendarAccess), nullable=False
    )
    username: str | None = Field(default=None, max_length=60)
    of: FeedOf = Field(sa_type=Word(FeedOf))
    subject_id: UUID | None = None
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
