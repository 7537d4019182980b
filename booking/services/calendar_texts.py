"""The calendar text that is kept of each booking: rendered once per revision."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from booking.models import Booking, BookingText
from booking.queries.cards import BookingCard
from booking.queries.catalogue import resources_of
from booking.queries.texts import kept_texts

Render = Callable[[BookingCard], str]


def keep(session: Session, *, cards: Iterable[BookingCard], render: Render) -> dict[UUID, str]:
    """Render and keep what is not yet kept of the cards' revisions; return texts by booking.

    Two that keep the same booking at once do not disturb one another: the later revision stays.
    """
    wanted = {card.id: card for card in cards}
    revisions = {card.id: card.revision for card in wanted.values()}
    kept = kept_texts(session, revisions)
    # In the order of ids, so that two writers never wait for one another crosswise.
    missing = sorted(wanted.keys() - kept.keys())
    rendered = {each: render(wanted[each]) for each in missing}
    if rendered:
        _upsert(session, revisions, rendered)
    return kept | rendered


def renew(session: Session, *, facility_id: UUID, now: datetime) -> None:
    """Have the texts of a facility's bookings to come rendered anew, under a new revision each."""
    resources = [each.id for each in resources_of(session, facility_id)]
    session.exec(
        update(Booking)
        .where(col(Booking.resource_id).in_(resources), col(Booking.ends_at) > now)
        .values(revision=col(Booking.revision) + 1)
        .execution_options(synchronize_session=False)
    )


def _upsert(session: Session, revisions: dict[UUID, int], texts: dict[UUID, str]) -> None:
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(BookingText)
    statement = statement.on_conflict_do_update(
        index_elements=["booking_id"],
        set_={"revision": statement.excluded.revision, "vevent": statement.excluded.vevent},
        where=col(BookingText.revision) < statement.excluded.revision,
    )
    rows = [
        {"booking_id": each, "revision": revisions[each], "vevent": text}
        for each, text in texts.items()
    ]
    session.connection().execute(statement, rows)
