"""Reads of where a role or a qualification stands."""

from uuid import UUID

from sqlmodel import Session, select

from booking.models import Facility, Resource


def facility(session: Session, facility_id: UUID) -> Facility | None:
    """Return the facility with that id."""
    return session.get(Facility, facility_id)


def facility_by_slug(session: Session, slug: str) -> Facility | None:
    """Return the facility with that slug."""
    return session.exec(select(Facility).where(Facility.slug == slug)).one_or_none()


def resource(session: Session, resource_id: UUID) -> Resource | None:
    """Return the resource with that id."""
    return session.get(Resource, resource_id)
