"""Ties that would let an enterprise control itself, over what every organisation declared."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.ownership import Holding, Party, controlling_circle, holdings
from booking.engine.violations import Violation
from booking.errors import RulesBroken
from booking.models import Organisation
from booking.queries import organisations

Ties = tuple[UUID, date, Any]


def refuse_circle(
    session: Session, row: Organisation, value: Sequence[dict[str, Any]], *, as_of: date
) -> None:
    """Return if nobody would control what controls them on any day on which the ties hold.

    They hold from `as_of` to the organisation's next declaration, beside what each other
    organisation declared last by then.
    Raises: RulesBroken, naming the circle.
    """
    registry = _registry(session)
    declarer = registry[str(row.id)]
    declared = holdings(declarer, value, registry)
    if not declared:
        return
    organisations.lock_ties(session)
    until = organisations.next_declared(session, row.id, FactName.RELATED, after=as_of)
    others = organisations.ties_of_others(session, row.id)
    for day in _days(others, as_of, until):
        circle = controlling_circle(declared, _known_on(others, day, registry))
        if circle is not None:
            raise _broken(circle.names, circle.pointer)


def _registry(session: Session) -> dict[str, Party]:
    """Return the registered organisations, each by its id and by its ROR id."""
    found: dict[str, Party] = {}
    for organisation_id, name, ror_id in organisations.identifiers(session):
        party = Party(str(organisation_id), name)
        found[party.key] = party
        if ror_id is not None:
            found[ror_id] = party
    return found


def _days(others: Sequence[Ties], first: date, until: date | None) -> list[date]:
    """List the days from the first on, before `until`, on which what others declared changes."""
    later = {day for _, day, _ in others if first < day and (until is None or day < until)}
    return [first, *sorted(later)]


def _known_on(others: Sequence[Ties], day: date, registry: dict[str, Party]) -> Iterator[Holding]:
    """List what others' last declarations by a day say; those come by day."""
    newest = {whose: value for whose, as_of, value in others if as_of <= day}
    for whose, value in sorted(newest.items()):
        yield from holdings(registry[str(whose)], value, registry)


def _broken(names: Sequence[str], pointer: str) -> RulesBroken:
    reason = (
        f"Control goes in a circle: {', '.join(names[:-1])} and back to {names[-1]}, each "
        "holding more than half of the next. Correct the side or the percent here; where "
        "another organisation declared it wrongly, ask it to declare its ties anew first."
    )
    return RulesBroken(
        "Nobody can control what controls them.",
        [Violation("cyclic_ownership", reason, f"/value{pointer}/side")],
    )
