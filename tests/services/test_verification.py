"""Officers look at evidence; what they found counts up to its last day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.group_rules import CountryScheme
from booking.engine.permissions import SYSTEM, Role
from booking.engine.verification import Verification
from booking.errors import Malformed, NotPermitted, RulesBroken, StaleVersion
from booking.models import Organisation, OrganisationFact
from booking.queries import organisations as read
from booking.queries.people import actor_of
from booking.services.memberships import memberships_on
from booking.services.organisations import declare_fact, verification_of
from booking.services.verification import facts_to_verify, verify_fact
from tests.builders import a_fact, a_person, a_role, an_organisation
from tests.events import events_about

TODAY = date(2026, 11, 23)
LDC = CountryScheme("un_ldc", ("member",))


def looked_at(
    session: Session, row: Organisation, now: datetime, days: int | None = None, **given: Any
) -> OrganisationFact:
    """Verify what the organisation declared, for so many days from today."""
    (fact,) = read.facts_of(session, row.id)
    return verify_fact(
        session,
        now=now,
        organisation_id=row.id,
        fact_id=fact.id,
        until=None if days is None else TODAY + timedelta(days=days),
        **{"actor": SYSTEM} | given,
    )


def a_senegalese(session: Session) -> Organisation:
    row = an_organisation(session, country="SN")
    a_fact(session, row.id, "country", "SN", date(2020, 1, 1))
    return row


def test_verify_fact__evidence_and_last_day__are_kept_and_recorded(
    session: Session, now: datetime
) -> None:
    row = a_senegalese(session)
    fact = looked_at(session, row, now, 30, evidence=" Extract of the register ")
    assert (fact.evidence, fact.verified_until) == ("Extract of the register", date(2026, 12, 23))
    payload = events_about(session, row.id)[-1].payload
    assert payload["verified_until"] == "2026-12-23"
    back = looked_at(session, row, now, verified=False)
    assert (back.verified_at, back.verified_until, back.evidence) == (None, None, "")


def test_verify_fact__last_day_past__is_refused_and_changes_nothing(
    session: Session, now: datetime
) -> None:
    row = a_senegalese(session)
    with pytest.raises(Malformed) as refused:
        looked_at(session, row, now, -1)
    assert refused.value.violations[0].pointer == "/verified_until"


def test_verify_fact__declared_anew_since_it_was_looked_at__is_refused(
    session: Session, now: datetime
) -> None:
    row = a_senegalese(session)
    (fact,) = read.facts_of(session, row.id)
    seen = fact.declared_at
    declare_fact(
        session,
        actor=SYSTEM,
        now=now + timedelta(hours=1),
        organisation_id=row.id,
        name=FactName.COUNTRY,
        value="KE",
        as_of=date(2020, 1, 1),
    )
    with pytest.raises(StaleVersion):
        looked_at(session, row, now, declared_at=seen)
    assert looked_at(session, row, now, declared_at=now + timedelta(hours=1)).verified_at == now


@pytest.mark.parametrize("verified", [True, False])
def test_verify_fact__by_an_officer_of_the_organisation__is_refused(
    session: Session, now: datetime, *, verified: bool
) -> None:
    row, other, person = a_senegalese(session), a_senegalese(session), a_person(session)
    a_role(session, person.id, Role.OFFICER)
    a_role(session, person.id, Role.MEMBER, organisation_id=row.id)
    officer = actor_of(session, person.id)
    fact = looked_at(session, row, now)
    with pytest.raises(RulesBroken) as refused:
        looked_at(session, row, now + timedelta(hours=1), actor=officer, verified=verified)
    assert [each.code for each in refused.value.violations] == ["conflict_of_interest"]
    assert fact.verified_at == now
    assert looked_at(session, other, now, actor=officer).verified_by == person.id


@pytest.mark.parametrize(("later", "verified"), [(0, True), (30, True), (31, False)])
def test_membership__verification_has_ended__is_unverified_the_day_after(
    session: Session, now: datetime, later: int, *, verified: bool
) -> None:
    row = a_senegalese(session)
    looked_at(session, row, now, 30)
    (found,) = memberships_on(
        session,
        organisation_id=row.id,
        groups={"ldc": LDC},
        on=TODAY + timedelta(days=later),
    )
    assert found.member
    assert found.verified is verified


def test_declare_fact__verification_has_ended__may_be_corrected(
    session: Session, now: datetime
) -> None:
    row = a_senegalese(session)
    looked_at(session, row, now, 0, evidence="Register")
    fact = declare_fact(
        session,
        actor=SYSTEM,
        now=now + timedelta(days=1),
        organisation_id=row.id,
        name=FactName.COUNTRY,
        value="KE",
        as_of=date(2020, 1, 1),
    )
    assert (fact.value, fact.evidence) == ("KE", "")
    assert verification_of(fact, TODAY) is Verification.UNVERIFIED


def test_facts_to_verify__by_state__lists_what_counts_page_by_page(
    session: Session, now: datetime
) -> None:
    days = {"unverified": None, "expired": 9, "expiring": 60, "verified": 61}
    names = {name: an_organisation(session, name=f"{name} Ltd") for name in days}
    for name, row in names.items():
        a_fact(session, row.id, "country", "KE", date(2020, 1, 1))
        if name != "unverified":
            then = now - timedelta(days=10) if name == "expired" else now
            (fact,) = read.facts_of(session, row.id)
            verify_fact(
                session,
                actor=SYSTEM,
                now=then,
                organisation_id=row.id,
                fact_id=fact.id,
                until=then.date() + timedelta(days=days[name] or 0),
            )
    seen: list[str] = []
    cursor = None
    while True:
        page = facts_to_verify(session, actor=SYSTEM, now=now, limit=1, cursor=cursor)
        seen += [each.organisation.name for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["expired Ltd", "expiring Ltd", "unverified Ltd"]
    for state in Verification:
        (only,) = facts_to_verify(session, actor=SYSTEM, now=now, state=state, limit=9).items
        assert only.organisation.name == f"{state} Ltd"
        assert verification_of(only.fact, TODAY) is state


def test_facts_to_verify__replaced_or_old__are_left_out(session: Session, now: datetime) -> None:
    row = an_organisation(session)
    a_fact(session, row.id, "country", "NP", date(2020, 1, 1))
    a_fact(session, row.id, "country", "KE", date(2024, 1, 1))
    for year in (2022, 2023, 2025):
        a_fact(session, row.id, "staff", 9, date(year, 12, 31))
    found = facts_to_verify(session, actor=SYSTEM, now=now, limit=9).items
    assert {(each.fact.name, each.fact.as_of.year) for each in found} == {
        ("country", 2024),
        ("staff", 2023),
        ("staff", 2025),
    }


def test_facts_to_verify__by_an_administrator__is_not_permitted(
    session: Session, now: datetime
) -> None:
    person = a_person(session)
    row = an_organisation(session)
    a_role(session, person.id, Role.ORGANISATION_ADMIN, organisation_id=row.id)
    with pytest.raises(NotPermitted):
        facts_to_verify(session, actor=actor_of(session, person.id), now=now, limit=9)
