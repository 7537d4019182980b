"""Reads of one-time links, and of the deletions that wait for one."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.vocabulary import ClientEditKind
from booking.models import ActionLink, CalendarToken, ClientEdit


def action_link(session: Session, token_hash: str) -> ActionLink | None:
    """Return the link with that token."""
    return session.exec(select(ActionLink).where(ActionLink.token_hash == token_hash)).one_or_none()


def lock_action_link(session: Session, token_hash: str) -> ActionLink | None:
    """Return the link with that token, locked so that it is used once."""
    return session.exec(
        select(ActionLink)
        .where(ActionLink.token_hash == token_hash)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def waiting_deletions(
    session: Session, person_id: UUID, *, since: datetime
) -> tuple[ClientEdit, ...]:
    """Return the deletions by a person's calendar programs that wait, oldest first.

    Those from the instant `since` on.
    """
    return tuple(
        session.exec(
            select(ClientEdit)
            .join(CalendarToken, col(CalendarToken.id) == col(ClientEdit.calendar_token_id))
            .where(
                CalendarToken.person_id == person_id,
                ClientEdit.kind == ClientEditKind.DELETE_WAITING,
                col(ClientEdit.booking_id).is_not(None),
                col(ClientEdit.happened_at) >= since,
            )
            .order_by(col(ClientEdit.happened_at), col(ClientEdit.id))
        )
    )
