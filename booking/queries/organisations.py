"""Reads about organisations and the facts they declared."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, text
from sqlmodel import Session, col, func, select

from booking.engine.declared_facts import FactName
from booking.engine.lifecycle import HOLDING, BookingStatus
from booking.engine.verification import STANDING, verification
from booking.engine.vocabulary import OrganisationKind
from booking.models import Booking, Organisation, OrganisationFact, Project
from booking.queries.locking import locked
from booking.queries.name_order import page_by_name
from booking.queries.paging import Page

TIES_LOCK: Final = 7_310_003


@dataclass(frozen=True, slots=True)
class DeclaredTies:
    """The ties that an organisation declared as of a day; `verified` if that counts."""

    organisation_id: UUID
    as_of: date
    value: Any
    verified: bool


def organisation(session: Session, organisation_id: UUID) -> Organisation | None:
    """Return the organisation with that id."""
    return session.get(Organisation, organisation_id)


def organisation_ids(session: Session) -> tuple[UUID, ...]:
    """Return the ids of all organisations, the oldest first."""
    return tuple(session.exec(select(Organisation.id).order_by(col(Organisation.id))))


def lock_organisation(session: Session, organisation_id: UUID) -> Organisation | None:
    """Return the organisation with that id as it stands now, locked until the transaction ends."""
    return locked(session, Organisation, organisation_id)


def lock_organisations_of(session: Session, project_ids: Collection[UUID]) -> None:
    """Let no other booking of the projects' organisations be decided meanwhile, by id.

    For whoever decides on bookings of several organisations at once: taken one by one, as
    their caps are looked at, two of them could wait for one another.
    """
    whose = select(Project.organisation_id).where(col(Project.id).in_(sorted(project_ids)))
    session.exec(
        select(Organisation.id)
        .where(col(Organisation.id).in_(whose))
        .order_by(col(Organisation.id))
        .with_for_update(key_share=True)
    ).all()


def organisation_by_ror(session: Session, ror_id: str) -> Organisation | None:
    """Return the organisation with that ROR id."""
    return session.exec(select(Organisation).where(Organisation.ror_id == ror_id)).one_or_none()


def organisations(
    session: Session,
    *,
    text: str = "",
    country: str | None = None,
    kind: OrganisationKind | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Organisation]:
    """Return organisations by name, those whose name holds `text`."""
    query = select(Organisation)
    if text:
        query = query.where(col(Organisation.name).icontains(text, autoescape=True))
    if country is not None:
        query = query.where(Organisation.country == country)
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    return page_by_name(session, query, Organisation, limit=limit, cursor=cursor)


def facts_of(session: Session, organisation_id: UUID) -> tuple[OrganisationFact, ...]:
    """Return every declared fact, by name and then by the day it speaks of."""
    return tuple(
        session.exec(
            select(OrganisationFact)
            .where(OrganisationFact.organisation_id == organisation_id)
            .order_by(col(OrganisationFact.name), col(OrganisationFact.as_of))
        )
    )


def fact(session: Session, fact_id: UUID) -> OrganisationFact | None:
    """Return the fact with that id."""
    return session.get(OrganisationFact, fact_id)


def fact_on(
    session: Session, organisation_id: UUID, name: FactName, as_of: date
) -> OrganisationFact | None:
    """Return what was declared under that name for that day."""
    return session.exec(
        select(OrganisationFact).where(
            OrganisationFact.organisation_id == organisation_id,
            OrganisationFact.name == name,
            OrganisationFact.as_of == as_of,
        )
    ).one_or_none()


def latest_value(session: Session, organisation_id: UUID, name: FactName) -> str | None:
    """Return the text that was declared under that name for the latest day."""
    found: str | None = session.exec(
        select(OrganisationFact.value)
        .where(
            OrganisationFact.organisation_id == organisation_id,
            OrganisationFact.name == name,
        )
        .order_by(col(OrganisationFact.as_of).desc())
        .limit(1)
    ).first()
    return found


def lock_ties(session: Session) -> None:
    """Let nobody else change what ties say, to the end of the transaction.

    That is who declares or verifies them, or changes an identity that they name: two who each
    close half of a circle at the same time would not see one another. What is to be judged is
    read afterwards. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        locking = text("SELECT pg_advisory_xact_lock(:key)")
        session.connection().execute(locking, {"key": TIES_LOCK})


def declared_ties(session: Session, *, on: date) -> tuple[DeclaredTies, ...]:
    """Return the ties that all organisations declared, by the day they speak of.

    `on` is the day on which a verification has to count.
    """
    columns = (
        col(OrganisationFact.organisation_id),
        col(OrganisationFact.as_of),
        col(OrganisationFact.value),
        col(OrganisationFact.verified_at),
        col(OrganisationFact.verified_until),
    )
    rows = session.exec(
        select(*columns)  # type: ignore[call-overload]
        .where(OrganisationFact.name == FactName.RELATED)
        .order_by(col(OrganisationFact.as_of), col(OrganisationFact.organisation_id))
    )
    return tuple(
        DeclaredTies(
            whose,
            as_of,
            value,
            verification(verified=at is not None, until=until, on=on) in STANDING,
        )
        for whose, as_of, value, at, until in rows
    )


def identifiers(session: Session) -> tuple[tuple[UUID, str, str | None], ...]:
    """Return every organisation's id, name and ROR id."""
    return tuple(session.exec(select(Organisation.id, Organisation.name, Organisation.ror_id)))


def bookings_before(session: Session, organisation_id: UUID, *, on: date) -> int:
    """Count the organisation's bookings that began before a day."""
    return session.exec(
        select(func.count())
        .select_from(Booking)
        .join(Project, col(Project.id) == Booking.project_id)
        .where(Project.organisation_id == organisation_id, began_before(on))
    ).one()


def began_before(on: date) -> ColumnElement[bool]:
    """Say in SQL which bookings began before a day (UTC), used or missed."""
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
    counts = col(Booking.status).in_((*HOLDING, BookingStatus.NO_SHOW))
    return and_(col(Booking.starts_at) < midnight, counts)
