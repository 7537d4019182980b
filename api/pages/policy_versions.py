"""The published versions of a facility's policy, and two of them side by side."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import typed
from api.pages.policy_in_words import policy_in_words
from api.pages.visit import Visit, Visiting, show
from api.rule_words import rule_in_words
from booking.errors import NotFound
from booking.queries.catalogue import facility_by_slug
from booking.queries.policies import PolicyFacts, policy_numbered, policy_versions
from booking.services.policies import wish_of
from booking.services.policy_differences import (
    PolicyDifference,
    PolicyValue,
    Unit,
    policy_differences,
)

router = APIRouter()
MOST_NUMBER: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that differs, as either version says it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions, the earlier first, and every line on which they differ."""

    before: PolicyFacts
    after: PolicyFacts
    lines: tuple[Line, ...]


@router.get("/facilities/{slug}/policies")
def policies(visit: Visiting, slug: str) -> Response:
    """List the versions, and compare two: those chosen, else the newest with the one before."""
    place = visit.read(lambda session: facility_by_slug(session, slug))
    if place is None:
        raise NotFound("There is no such facility. Look at the list of facilities.")
    versions = visit.read(lambda session: policy_versions(session, place.id))
    chosen = _chosen(visit, [each.number for each in versions])
    compared = visit.read(lambda session: _compared(session, place, *chosen)) if chosen else None
    return show(
        visit,
        "policy/versions.html",
        facility=place,
        versions=versions,
        numbers=[(each.number, f"Version {each.number}") for each in versions],
        compared=compared,
        words=policy_in_words,
    )


def _chosen(visit: Visit, numbers: list[int]) -> tuple[int, int] | None:
    """Return which two to compare, as the address says or the newest two."""
    if len(numbers) < 2:  # noqa: PLR2004 - one has nothing to be compared with
        return None
    form = typed(dict(visit.request.query_params))
    before = form.whole("from", least=1, most=MOST_NUMBER)
    after = form.whole("to", least=1, most=MOST_NUMBER)
    return (before or numbers[1], after or numbers[0])


def _compared(session: Session, place: Any, before: int, after: int) -> Comparison:
    first = policy_numbered(session, place.id, before)
    second = policy_numbered(session, place.id, after)
    return Comparison(first, second, lines_of(policy_differences(wish_of(first), wish_of(second))))


def lines_of(found: tuple[PolicyDifference, ...]) -> tuple[Line, ...]:
    """Say differences in words."""
    return tuple(Line(each.label, _said(each.before), _said(each.after)) for each in found)


def _said(value: PolicyValue | None) -> str:
    if value is None:
        return "not there"
    return rule_in_words(value.value) if value.unit is Unit.RULE else value.words
