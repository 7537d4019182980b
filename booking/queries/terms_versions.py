"""Reads of every version of a facility's terms."""

from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import TermsVersion


def terms_versions(session: Session, facility_id: UUID) -> tuple[TermsVersion, ...]:
    """Return the versions, the newest first."""
    return tuple(
        session.exec(
            select(TermsVersion)
            .where(TermsVersion.facility_id == facility_id)
            .order_by(col(TermsVersion.number).desc())
        )
    )
