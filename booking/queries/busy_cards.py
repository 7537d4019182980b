"""What mails about a busy calendar say of it, and who is told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.permissions import Role
from booking.models import BusyCalendar, Facility, Membership, Person, Resource
from booking.queries.events import Addressee


@dataclass(frozen=True, slots=True)
class BusyCard:
    """A busy calendar for one reader; `person_id` is whose it is, None for a resource's.

    `facility_name` is who signs the mail.
    """

    id: UUID
    calendar_name: str
    organiser: str
    person_id: UUID | None = None
    person_name: str = ""
    person_email: str = ""
    person_zone: str = "UTC"
    person_locale: str = ""
    resource_id: UUID | None = None
    resource_name: str = ""
    facility_slug: str = ""
    facility_name: str = "Benchshare"
    facility_locale: str = "en"


def busy_cards(
    session: Session, calendar_ids: Sequence[UUID], *, sender: str
) -> dict[UUID, BusyCard]:
    """Return the cards of those busy calendars that exist.

    `sender` is whom a mail comes from where the facility has no address of its own.
    """
    if not calendar_ids:
        return {}
    rows = session.exec(
        select(BusyCalendar, Person, Resource, Facility)
        .outerjoin(Person, col(Person.id) == col(BusyCalendar.person_id))
        .outerjoin(Resource, col(Resource.id) == col(BusyCalendar.resource_id))
        .outerjoin(Facility, col(Facility.id) == col(Resource.facility_id))
        .where(col(BusyCalendar.id).in_(calendar_ids))
    ).all()
    return {
        row.id: _card(row, person, resource, facility, sender=sender)
        for row, person, resource, facility in rows
    }


def busy_calendars_told(
    session: Session, calendar_ids: Sequence[UUID]
) -> dict[UUID, tuple[Addressee, ...]]:
    """Return who is told of each busy calendar, by id: its owner, or the facility's managers."""
    if not calendar_ids:
        return {}
    owners = (
        select(BusyCalendar.id, Person.id, Person.email)
        .join(Person, col(Person.id) == col(BusyCalendar.person_id))
        .where(col(BusyCalendar.id).in_(calendar_ids))
    )
    managers = (
        select(BusyCalendar.id, Person.id, Person.email)
        .join(Resource, col(Resource.id) == col(BusyCalendar.resource_id))
        .join(Membership, col(Membership.facility_id) == col(Resource.facility_id))
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(BusyCalendar.id).in_(calendar_ids), Membership.role == Role.MANAGER)
        .order_by(col(Person.id))
        .distinct()
    )
    told: dict[UUID, tuple[Addressee, ...]] = {}
    for statement in (owners, managers):
        for calendar_id, person_id, email in session.exec(statement):
            told[calendar_id] = (*told.get(calendar_id, ()), Addressee(person_id, email))
    return told


def _card(
    row: BusyCalendar,
    person: Person | None,
    resource: Resource | None,
    facility: Facility | None,
    *,
    sender: str,
) -> BusyCard:
    if resource is not None and facility is not None:
        return BusyCard(
            row.id,
            row.name,
            facility.mail_from or sender,
            resource_id=resource.id,
            resource_name=resource.name,
            facility_slug=facility.slug,
            facility_name=facility.name,
            facility_locale=facility.locale,
        )
    card = BusyCard(row.id, row.name, sender)
    if person is None:
        return card
    return replace(
        card,
        person_id=person.id,
        person_name=person.name,
        person_email=person.email,
        person_zone=person.zone,
        person_locale=person.locale,
    )
