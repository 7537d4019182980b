"""Organisations: who people act for, and the dated facts that decide their equity groups."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.declared_facts import FactName, fact_faults
from booking.engine.identifiers import read_ror
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import INSTALLATION_ROLES, Action, Actor, Role, Scope
from booking.engine.verification import STANDING, Verification, verification
from booking.engine.violations import Violation
from booking.engine.vocabulary import OrganisationKind
from booking.errors import Malformed, NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import Membership, Organisation, OrganisationFact
from booking.queries import organisations
from booking.services.ownership_circles import refuse_circle, refuse_identity
from booking.services.permits import permit
from booking.services.well_formed import read_country, read_name, well_formed


def create_organisation(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    name: str,
    country: str,
    kind: OrganisationKind,
    ror_id: str | None = None,
) -> Organisation:
    """Register an organisation; who registers it becomes its administrator.

    Officers and the system register for others and get no role in it.
    Raises: Malformed; RulesBroken if another organisation has the ROR id.
    """
    permit(actor, Action.ORGANISATION_CREATE, Scope(person_id=actor.person_id))
    row = Organisation(
        name=read_name(name),
        country=read_country(country),
        kind=kind,
        ror_id=_free_ror(session, ror_id),
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, EventKind.ORGANISATION_CREATED, row, actor=actor, now=now)
    for fact in ((FactName.COUNTRY, row.country), (FactName.KIND, kind)):
        _declare(session, row, actor=actor, now=now, fact=(*fact, now.date()))
    if actor.person_id and not any(each.role in INSTALLATION_ROLES for each in actor.grants):
        session.add(
            Membership(
                person_id=actor.person_id, role=Role.ORGANISATION_ADMIN, organisation_id=row.id
            )
        )
        session.flush()
    return row


def edit_organisation(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    organisation_id: UUID,
    name: str | None = None,
    kind: OrganisationKind | None = None,
    country: str | None = None,
    ror_id: str | None = None,
) -> Organisation:
    """Change what is given; a new country or kind holds from today, an empty ROR id is none.

    Raises: NotFound; Malformed; RulesBroken if another organisation has the ROR id, ties that
    name it would make some enterprise control itself, or today's country or kind was verified.
    """
    permit(actor, Action.ORGANISATION_EDIT, Scope(organisation_id=organisation_id))
    row = locked_organisation(session, organisation_id)
    wanted: dict[str, Any] = {
        "name": row.name if name is None else read_name(name),
        "ror_id": _ror_to_be(session, row, ror_id, actor=actor, now=now),
    }
    changed = [key for key, to in wanted.items() if to != getattr(row, key)]
    for key in changed:
        setattr(row, key, wanted[key])
    if changed:
        payload = {"changed": changed}
        _record(session, EventKind.ORGANISATION_CHANGED, row, actor=actor, now=now, payload=payload)
    code = row.country if country is None else read_country(country)
    if code != row.country:
        _declare(session, row, actor=actor, now=now, fact=(FactName.COUNTRY, code, now.date()))
    if kind is not None and kind != row.kind:
        _declare(session, row, actor=actor, now=now, fact=(FactName.KIND, kind, now.date()))
    return row


def declare_fact(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    organisation_id: UUID,
    name: FactName,
    value: Any,
    as_of: date,
) -> OrganisationFact:
    """Declare a fact as of a day; it takes the place only of one that nobody verified.

    `as_of` is the day the fact speaks of: the end of the accounting year for figures, the
    day from which it holds for the others.
    Raises: NotFound; Malformed if the value has another shape than the fact; RulesBroken if
    what was declared for that day is verified, the day is to come, or ties would make some
    enterprise control itself, with what is verified of other organisations.
    """
    permit(actor, Action.ORGANISATION_EDIT, Scope(organisation_id=organisation_id))
    row = locked_organisation(session, organisation_id)
    faults = fact_faults(name, value, owner=row.name, on=now.date())
    if faults:
        raise Malformed(faults[0].reason, faults)
    if name is FactName.COUNTRY:
        read_country(value)
    if name is FactName.RELATED:
        refuse_circle(session, row, value, actor=actor, as_of=as_of, on=now.date())
    return _declare(session, row, actor=actor, now=now, fact=(name, value, as_of))


def _declare(
    session: Session,
    row: Organisation,
    *,
    actor: Actor,
    now: datetime,
    fact: tuple[FactName, Any, date],
) -> OrganisationFact:
    name, value, as_of = fact
    if as_of > now.date():
        raise _broken("fact_to_come", "Give a day that is not to come.", "/as_of")
    declared = organisations.fact_on(session, row.id, name, as_of)
    if declared is not None and verification_of(declared, now.date()) in STANDING:
        raise _broken(
            "fact_verified",
            "What was declared for that day is verified. Declare it for a later day, or ask a "
            "programme officer to take the verification back.",
            "/as_of",
        )
    before = None if declared is None else declared.value
    if declared is None:
        declared = OrganisationFact(
            organisation_id=row.id, name=name, as_of=as_of, value=value, declared_at=now
        )
    declared.value, declared.declared_at, declared.declared_by = value, now, actor.person_id
    unverify(declared)
    session.add(declared)
    session.flush()
    _follow(session, row, name)
    payload: dict[str, Any] = {
        "fact_id": str(declared.id),
        "name": name,
        "as_of": as_of.isoformat(),
        "value": value,
        "before": before,
    }
    _record(session, EventKind.ORGANISATION_DECLARED, row, actor=actor, now=now, payload=payload)
    return declared


def _follow(session: Session, row: Organisation, name: FactName) -> None:
    """Let the organisation be of the country and kind declared for the latest day."""
    if name is FactName.COUNTRY:
        row.country = organisations.latest_value(session, row.id, name) or row.country
    elif name is FactName.KIND:
        row.kind = OrganisationKind(organisations.latest_value(session, row.id, name) or row.kind)


def list_facts(
    session: Session, *, actor: Actor, organisation_id: UUID
) -> tuple[OrganisationFact, ...]:
    """Return every fact of the organisation.

    Raises: NotFound.
    """
    permit(actor, Action.ORGANISATION_SEE, Scope(organisation_id=organisation_id))
    known_organisation(session, organisation_id)
    return organisations.facts_of(session, organisation_id)


def suspend(
    session: Session, *, actor: Actor, now: datetime, organisation_id: UUID, reason: str
) -> Organisation:
    """Suspend an organisation: it takes part in nothing new until it is reinstated.

    Raises: NotFound; WrongState if it is suspended.
    """
    permit(actor, Action.ORGANISATION_SUSPEND, Scope(organisation_id=organisation_id))
    row = known_organisation(session, organisation_id)
    if row.suspended_at is not None:
        raise WrongState("This organisation is suspended already; reinstate it, or leave it.")
    row.suspended_at = now
    payload = {"reason": reason}
    _record(session, EventKind.ORGANISATION_SUSPENDED, row, actor=actor, now=now, payload=payload)
    return row


def reinstate(
    session: Session, *, actor: Actor, now: datetime, organisation_id: UUID
) -> Organisation:
    """End the suspension of an organisation.

    Raises: NotFound; WrongState if it is not suspended.
    """
    permit(actor, Action.ORGANISATION_SUSPEND, Scope(organisation_id=organisation_id))
    row = known_organisation(session, organisation_id)
    if row.suspended_at is None:
        raise WrongState("This organisation is not suspended; there is nothing to reinstate.")
    row.suspended_at = None
    _record(session, EventKind.ORGANISATION_REINSTATED, row, actor=actor, now=now)
    return row


def verification_of(fact: OrganisationFact, on: date) -> Verification:
    """Tell how far the fact is verified on a day."""
    return verification(verified=fact.verified_at is not None, until=fact.verified_until, on=on)


def unverify(fact: OrganisationFact) -> None:
    """Take the verification of a fact back."""
    fact.verified_at = fact.verified_by = fact.verified_until = None
    fact.evidence = ""


def known_organisation(session: Session, organisation_id: UUID) -> Organisation:
    """Return the organisation.

    Raises: NotFound.
    """
    return _found(organisations.organisation(session, organisation_id))


def locked_organisation(session: Session, organisation_id: UUID) -> Organisation:
    """Return the organisation, so that nobody else declares for it meanwhile."""
    return _found(organisations.lock_organisation(session, organisation_id))


def _found(row: Organisation | None) -> Organisation:
    if row is None:
        raise NotFound("There is no such organisation; look at the list of organisations.")
    return row


def _free_ror(session: Session, ror_id: str | None, *, but: UUID | None = None) -> str | None:
    if not ror_id:
        return None
    read = well_formed(read_ror(ror_id))
    other = organisations.organisation_by_ror(session, read)
    if other is not None and other.id != but:
        raise _broken(
            "ror_taken",
            f"{other.name} is registered with this ROR id; ask its administrator to add you.",
            "/ror_id",
        )
    return read


def _ror_to_be(
    session: Session, row: Organisation, ror_id: str | None, *, actor: Actor, now: datetime
) -> str | None:
    if ror_id is None:
        return row.ror_id
    organisations.lock_ties(session)
    free = _free_ror(session, ror_id, but=row.id)
    if free is not None and free != row.ror_id:
        refuse_identity(session, row, free, actor=actor, on=now.date())
    return free


def _broken(code: str, reason: str, pointer: str) -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, pointer)])


def _record(
    session: Session,
    kind: EventKind,
    row: Organisation,
    *,
    actor: Actor,
    now: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    record(session, kind, subject_id=row.id, now=now, actor_id=actor.person_id, payload=payload)
