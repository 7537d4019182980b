"""Ties that would let an enterprise control itself, over what every organisation declared.

Only what is verified, or the organisation's own, stands in anybody's way: what nobody looked at
may be wrong. Who verifies is shown the circle, and cannot close it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.ownership import (
    Circle,
    Holding,
    Party,
    circle_by_identity,
    circle_in_words,
    controlling_circle,
    holdings,
)
from booking.engine.permissions import NOWHERE, Action, Actor, may
from booking.engine.related_faults import identity_faults
from booking.engine.violations import Violation
from booking.errors import Malformed, RulesBroken
from booking.models import Organisation, OrganisationFact
from booking.queries import organisations
from booking.queries.organisations import DeclaredTies

_FOR_DECLARERS: Final = (
    "What the others declared is verified; if your ties are right, ask a programme officer to "
    "look at it again."
)
_FOR_OFFICERS: Final = (
    "Where another organisation's verified declaration is wrong, take its verification back."
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was declared on ties, and the registered organisations by each of their identifiers."""

    registry: Mapping[str, Party]
    ties: tuple[DeclaredTies, ...]

    def on_day(self, ties: Iterable[DeclaredTies], day: date) -> Iterator[Holding]:
        """List what each organisation's last declaration by a day says, if it is verified."""
        for each in _newest(ties, day):
            if each.verified:
                yield from self.of(each.organisation_id, each.value)

    def of(self, whose: UUID, value: Sequence[Mapping[str, Any]]) -> tuple[Holding, ...]:
        """List what a declaration of the organisation says."""
        return holdings(self.registry[str(whose)], value, self.registry)


def refuse_circle(
    session: Session,
    row: Organisation,
    value: Sequence[Mapping[str, Any]],
    *,
    actor: Actor,
    as_of: date,
    on: date,
) -> None:
    """Return if nobody would control what controls them on any day on which the ties hold.

    They hold from `as_of` to the organisation's next declaration, beside what each other
    organisation declared last by then, where that is verified on the day `on`.
    Raises: RulesBroken, naming the circle as far as the actor may know of it; Malformed for a
    tie to an id that nobody here has, or of an enterprise to itself.
    """
    known = _locked(session, on=on)
    faults = identity_faults(known.registry[str(row.id)], value, known.registry)
    if faults:
        raise Malformed(faults[0].reason, faults)
    circle = _circle(known, row.id, value, as_of=as_of)
    if circle is not None:
        way = _told(circle, actor, known.of(row.id, value))
        mend = f"Correct the side or the percent here. {_advice(actor)}"
        raise _broken(way, mend, f"/value{circle.pointer}/side")


def refuse_verifying(session: Session, fact: OrganisationFact, *, actor: Actor, on: date) -> None:
    """Return if verified ties would make no circle with these, as `refuse_circle`.

    Raises: RulesBroken, naming the circle.
    """
    known = _locked(session, on=on)
    circle = _circle(known, fact.organisation_id, fact.value, as_of=fact.as_of)
    if circle is not None:
        way = _told(circle, actor, known.of(fact.organisation_id, fact.value))
        mend = (
            "Find out which declaration is wrong: take the verification of another back, or "
            "leave this one, and ask the organisation to declare its ties anew."
        )
        raise _broken(way, mend, "")


def refuse_identity(
    session: Session, row: Organisation, ror_id: str, *, actor: Actor, on: date
) -> None:
    """Return if that ROR id, once it is the organisation's, closes no circle.

    Ties that others declared by it are then ties with the organisation. Its own ties count on
    every day, those of others where they are verified on the day `on`.
    Raises: RulesBroken, naming the circle as far as the actor may know of it.
    """
    known = _locked(session, on=on, nameless=row.id)
    own, others = _split(known.ties, row.id)
    for day in sorted({each.as_of for each in known.ties}):
        ours = [held for each in _newest(own, day) for held in known.of(row.id, each.value)]
        held = [*ours, *known.on_day(others, day)]
        circle = circle_by_identity(known.registry[str(row.id)], Party(ror_id, row.name), held)
        if circle is not None:
            mend = f"Correct the ROR id, or the ties you declared. {_advice(actor)}"
            raise _broken(_told(circle, actor, ours), mend, "/ror_id")


def circles_with_all(
    session: Session, facts: Iterable[OrganisationFact], *, on: date
) -> dict[UUID, Circle]:
    """Return the circles that declared ties make with all others, verified or not, by fact."""
    known = _read(session, on=on)
    known = replace(known, ties=tuple(replace(each, verified=True) for each in known.ties))
    found = {
        each.id: _circle(known, each.organisation_id, each.value, as_of=each.as_of)
        for each in facts
    }
    return {key: circle for key, circle in found.items() if circle is not None}


def _locked(session: Session, *, on: date, nameless: UUID | None = None) -> _Known:
    organisations.lock_ties(session)
    return _read(session, on=on, nameless=nameless)


def _read(session: Session, *, on: date, nameless: UUID | None = None) -> _Known:
    """Read what is known, but for the ROR id of one organisation."""
    registry: dict[str, Party] = {}
    for organisation_id, name, ror_id in organisations.identifiers(session):
        party = Party(str(organisation_id), name)
        registry[party.key] = party
        if ror_id is not None and organisation_id != nameless:
            registry[ror_id] = party
    return _Known(registry, organisations.declared_ties(session, on=on))


def _circle(
    known: _Known, whose: UUID, value: Sequence[Mapping[str, Any]], *, as_of: date
) -> Circle | None:
    declared = known.of(whose, value)
    own, others = _split(known.ties, whose)
    until = min((each.as_of for each in own if each.as_of > as_of), default=None)
    for day in _days(others, as_of, until):
        circle = controlling_circle(declared, known.on_day(others, day))
        if circle is not None:
            return circle
    return None


def _split(
    ties: Sequence[DeclaredTies], whose: UUID
) -> tuple[list[DeclaredTies], list[DeclaredTies]]:
    own = [each for each in ties if each.organisation_id == whose]
    return own, [each for each in ties if each.organisation_id != whose]


def _days(others: Sequence[DeclaredTies], first: date, until: date | None) -> list[date]:
    """List the days from the first on, before `until`, on which what others declared changes."""
    days = {each.as_of for each in others}
    later = {day for day in days if first < day and (until is None or day < until)}
    return [first, *sorted(later)]


def _newest(ties: Iterable[DeclaredTies], day: date) -> list[DeclaredTies]:
    """List each organisation's last declaration by a day, by organisation; ties come by day."""
    newest = {each.organisation_id: each for each in ties if each.as_of <= day}
    return [each for _, each in sorted(newest.items())]


def _told(circle: Circle, actor: Actor, own: Sequence[Holding]) -> str:
    return circle_in_words(circle, None if _sees_all(actor) else own)


def _sees_all(actor: Actor) -> bool:
    return may(actor, Action.ORGANISATION_SEE, NOWHERE)


def _advice(actor: Actor) -> str:
    return _FOR_OFFICERS if _sees_all(actor) else _FOR_DECLARERS


def _broken(way: str, mend: str, pointer: str) -> RulesBroken:
    reason = f"Control goes in a circle: {way}, each holding more than half of the next. {mend}"
    return RulesBroken(
        "Nobody can control what controls them.",
        [Violation("cyclic_ownership", reason, pointer)],
    )
