"""What mails about a calendar account say of it, and who is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import CalendarToken, Person
from booking.queries.events import Addressee


@dataclass(frozen=True, slots=True)
class AccountCard:
    """A calendar account and its owner; `facility_name` is who signs the mail."""

    id: UUID
    account_name: str
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str
    organiser: str
    facility_name: str = "Benchshare"


def account_cards(
    session: Session, token_ids: Sequence[UUID], *, sender: str
) -> dict[UUID, AccountCard]:
    """Return the cards of those accounts that exist; `sender` is whom the mail comes from."""
    if not token_ids:
        return {}
    rows = session.exec(
        select(CalendarToken, Person)
        .join(Person, col(Person.id) == col(CalendarToken.person_id))
        .where(col(CalendarToken.id).in_(token_ids))
    ).all()
    return {
        token.id: AccountCard(
            token.id,
            token.name,
            person.name,
            person.email,
            person.zone,
            person.locale,
            organiser=sender,
        )
        for token, person in rows
    }


def account_owners(session: Session, token_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return whose each of the accounts is."""
    rows = session.exec(
        select(CalendarToken.id, Person.id, Person.email)
        .join(Person, col(Person.id) == col(CalendarToken.person_id))
        .where(col(CalendarToken.id).in_(token_ids))
    ).all()
    return {token_id: Addressee(person_id, email) for token_id, person_id, email in rows}
