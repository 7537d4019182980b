"""The equity groups of an organisation on a day, with the working, its facts and sources."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.declaring import fact_in_words
from api.pages.fields import Address, errors_of
from api.pages.visit import Visit, Visiting, show
from api.problems import STATUS
from api.rule_words import rule_in_words
from booking.errors import DomainError, Malformed, NotFound
from booking.queries.people import names_of
from booking.queries.policies_in_force import policies_in_force
from booking.reference.countries import LIST_VERSION
from booking.services import group_workings, organisations, snapshots

router = APIRouter()


@router.get("/organisations/{organisation_id:uuid}/groups")
def groups(visit: Visiting, organisation_id: UUID, address: Address) -> Response:
    """Show which groups an organisation is part of, at a facility and on a day, and why."""
    visit.sign_in_first()
    today = visit.now.date()
    on, where = address.day("on") or today, address["facility"].strip() or None
    refused: DomainError | None = address.refusal
    seen = _look(visit, organisation_id, on, where)
    if isinstance(seen, DomainError):
        refused, seen = seen, _look(visit, organisation_id, today, None)
        if isinstance(seen, DomainError):
            raise seen
    return show(
        visit,
        "account/groups.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=address,
        refused=refused,
        errors=errors_of(refused),
        in_words=fact_in_words,
        rule_in_words=rule_in_words,
        lists=LIST_VERSION,
        **seen,
    )


def _look(
    visit: Visit, organisation_id: UUID, on: date, facility: str | None
) -> dict[str, Any] | DomainError:
    """Read all that the page shows; a refusal of the day or the facility is returned."""

    def look(session: Session) -> dict[str, Any]:
        row = organisations.known_organisation(session, organisation_id)
        found = group_workings.workings_of(
            session,
            actor=visit.actor,
            organisation=row,
            on=on,
            facility=facility,
        )
        facts = [fact for each in found for group in each.groups for fact in group.facts]
        people = {each for fact in facts for each in (fact.declared_by, fact.verified_by) if each}
        return {
            "organisation": row,
            "on": on,
            "workings": found,
            "names": names_of(session, people),
            "states": {each.id: organisations.verification_of(each, on) for each in facts},
            "snapshots": snapshots.standings_in_rounds(
                session, actor=visit.actor, organisation_id=organisation_id
            ),
            "facilities": [
                (each.facility_slug, each.facility_name) for each in policies_in_force(session)
            ],
        }

    try:
        return visit.read(look)
    except (Malformed, NotFound) as refused:
        return refused
