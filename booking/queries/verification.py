"""Declared facts that wait for an officer: not verified, no longer, or soon no longer."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from booking.engine.declarations import YEARLY
from booking.engine.verification import EXPIRING_DAYS, Verification
from booking.models import Organisation, OrganisationFact
from booking.queries.paging import Page, id_of, page_of, read_cursor

OLDEST_YEAR_BACK: Final = 3


@dataclass(frozen=True, slots=True)
class WaitingFact:
    """A fact with the organisation that declared it."""

    organisation: Organisation
    fact: OrganisationFact


def waiting_facts(
    session: Session,
    *,
    on: date,
    state: Verification | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[WaitingFact]:
    """Return facts that count on the day and are not verified for 60 days more.

    Figures of the last three years count, of other facts the newest. By organisation.
    Raises: Malformed if the cursor is not one of ours.
    """
    name, key = col(Organisation.name), col(OrganisationFact.id)
    query = (
        select(Organisation, OrganisationFact)
        .join(Organisation, col(Organisation.id) == OrganisationFact.organisation_id)
        .where(_counts(on), _in_state(on, state), col(Organisation.suspended_at).is_(None))
    )
    after = read_cursor(cursor, parts=2)
    if after is not None:
        fact_id = id_of(after[1])
        query = query.where(or_(name > str(after[0]), and_(name == str(after[0]), key > fact_id)))
    rows = session.exec(query.order_by(name, key).limit(limit + 1)).all()
    found = [WaitingFact(organisation, fact) for organisation, fact in rows]
    return page_of(found, limit=limit, key=lambda each: (each.organisation.name, str(each.fact.id)))


def _counts(on: date) -> ColumnElement[bool]:
    newer = aliased(OrganisationFact)
    replaced = exists().where(
        col(newer.organisation_id) == OrganisationFact.organisation_id,
        col(newer.name) == OrganisationFact.name,
        col(newer.as_of) > col(OrganisationFact.as_of),
    )
    recent = col(OrganisationFact.as_of) >= date(on.year - OLDEST_YEAR_BACK, 1, 1)
    yearly = col(OrganisationFact.name).in_(YEARLY)
    return or_(and_(yearly, recent), and_(~yearly, ~replaced))


def _in_state(on: date, state: Verification | None) -> ColumnElement[bool]:
    until = col(OrganisationFact.verified_until)
    unverified = col(OrganisationFact.verified_at).is_(None)
    soon = on + timedelta(days=EXPIRING_DAYS)
    if state is Verification.UNVERIFIED:
        return unverified
    if state is Verification.EXPIRED:
        return and_(~unverified, until < on)
    if state is Verification.EXPIRING:
        return and_(~unverified, until >= on, until <= soon)
    if state is Verification.VERIFIED:
        return and_(~unverified, or_(until.is_(None), until > soon))
    return or_(unverified, until <= soon)
