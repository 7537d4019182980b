"""Facilities: the list, and one with its rules, hours, resources and rounds."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words
from api.pages.fields import Address
from api.pages.policy_in_words import policy_in_words
from api.pages.visit import Visit, Visiting, show
from api.rule_words import rule_in_words
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Scope, may
from booking.errors import NotFound
from booking.queries import catalogue, closures, rounds
from booking.queries.catalogue import Search
from booking.queries.policies import current_policy
from booking.queries.terms_standing import terms_standing

router = APIRouter()
A_PAGE: Final = 40
CLOSURES_SHOWN: Final = 10
ROUNDS_SHOWN: Final = 10
RUNNING: Final = frozenset({RoundState.OPEN, RoundState.REVIEWING, RoundState.ALLOCATED})


@router.get("/facilities")
def facilities(visit: Visiting, address: Address) -> Response:
    """List the facilities by name."""
    page = visit.read(
        lambda session: catalogue.facilities(
            session, limit=A_PAGE, cursor=address["cursor"] or None
        )
    )
    return show(visit, "facility/list.html", page=page)


@router.get("/facilities/{slug}")
def facility(visit: Visiting, slug: str, address: Address) -> Response:
    """Show a facility."""
    seen = visit.read(lambda session: _look(session, visit, slug, address["cursor"]))
    return show(visit, "facility/facility.html", **seen)


def _look(session: Session, visit: Visit, slug: str, cursor: str) -> dict[str, Any]:
    place = catalogue.facility_by_slug(session, slug)
    if place is None:
        raise NotFound("There is no such facility. Look at the list of facilities.")
    policy = current_policy(session, place.id)
    found = rounds.rounds(session, viewer=visit.actor, facility_id=place.id, limit=ROUNDS_SHOWN)
    return {
        "facility": place,
        "resources": catalogue.search_resources(
            session,
            viewer=visit.actor,
            search=Search(facility=slug),
            limit=A_PAGE,
            cursor=cursor or None,
        ),
        "hours": rules_in_words.hours_in_words(catalogue.opening_hours(session, place.id)),
        "closures": _closures(session, visit, slug),
        "rounds": [each for each in found.items if each.state in RUNNING],
        "groups": [
            (each.name, rule_in_words(each.rule), each.reserved_share_ppm)
            for each in (policy.groups if policy else ())
        ],
        "follows": may(visit.actor, Action.BOOKING_SEE, Scope(facility_id=place.id)),
        "terms": terms_standing(session, place.id, viewer=visit.actor),
        "policy": policy.version if policy else None,
        "policy_words": policy_in_words(policy.version) if policy else [],
    }


def _closures(session: Session, visit: Visit, slug: str) -> list[Any]:
    page = closures.closures(
        session,
        viewer=visit.actor,
        facility=slug,
        ends_after=visit.now,
        limit=CLOSURES_SHOWN,
    )
    names = catalogue.facts_of(session, {row.resource_id for row in page.items if row.resource_id})
    return [
        (row, names[row.resource_id].name if row.resource_id else "The whole facility")
        for row in page.items
    ]
