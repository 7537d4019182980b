from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.permissions import SYSTEM, Actor, Role
from booking.engine.vocabulary import OrganisationKind
from booking.errors import Malformed, NotFound, NotPermitted, NotSignedIn, RulesBroken, WrongState
from booking.models import Organisation
from booking.queries import organisations as read
from booking.queries.people import actor_of
from booking.services import organisations, verification
from tests.builders import a_person, a_role, an_organisation
from tests.events import events_about, kinds_about

TODAY = date(2026, 11, 23)
YEAR_END = date(2025, 12, 31)
ROR = "https://ror.org/05dxps055"


def somebody(session: Session, role: Role | None = None, row: Organisation | None = None) -> Actor:
    person = a_person(session)
    if role is not None:
        a_role(session, person.id, role, organisation_id=row.id if row else None)
    return actor_of(session, person.id)


def create(
    session: Session, actor: Actor, now: datetime, ror_id: str | None = None
) -> Organisation:
    return organisations.create_organisation(
        session,
        actor=actor,
        now=now,
        name="Kilimo Labs",
        country="ke",
        kind=OrganisationKind.STARTUP,
        ror_id=ror_id,
    )


def test_create_organisation__by_anybody_signed_in__makes_them_its_administrator(
    session: Session, now: datetime
) -> None:
    founder = somebody(session)
    row = create(session, founder, now, ror_id="05dxps055")
    assert (row.country, row.ror_id) == ("KE", ROR)
    declared = ["organisation.declared", "organisation.declared"]
    assert kinds_about(session, row.id) == ["organisation.created", *declared]
    assert founder.person_id is not None
    (grant,) = actor_of(session, founder.person_id).grants
    assert (grant.role, grant.organisation_id) == (Role.ORGANISATION_ADMIN, row.id)
    country, kind = read.facts_of(session, row.id)
    assert (country.name, country.value, country.as_of) == ("country", "KE", TODAY)
    assert (kind.name, kind.value, kind.as_of) == ("kind", "startup", TODAY)


def test_create_organisation__by_an_officer__gives_them_no_role_in_it(
    session: Session, now: datetime
) -> None:
    officer = somebody(session, Role.OFFICER)
    create(session, officer, now)
    assert officer.person_id is not None
    assert [each.role for each in actor_of(session, officer.person_id).grants] == [Role.OFFICER]


def test_create_organisation__by_nobody__asks_to_sign_in(session: Session, now: datetime) -> None:
    with pytest.raises(NotSignedIn):
        create(session, Actor(), now)


def test_create_organisation__ror_id_of_another__is_refused(
    session: Session, now: datetime
) -> None:
    an_organisation(session, name="First", ror_id=ROR)
    with pytest.raises(RulesBroken, match="First is registered"):
        create(session, somebody(session), now, ror_id="05dxps055")


def test_create_organisation__no_such_country__is_malformed(
    session: Session, now: datetime
) -> None:
    with pytest.raises(Malformed, match="ZZ"):
        organisations.create_organisation(
            session, actor=SYSTEM, now=now, name="X", country="ZZ", kind=OrganisationKind.SME
        )


def test_edit_organisation__by_its_administrator__keeps_the_country_dated(
    session: Session, now: datetime
) -> None:
    row = an_organisation(session, country="KE", ror_id=ROR)
    head = somebody(session, Role.ORGANISATION_ADMIN, row)
    organisations.edit_organisation(
        session,
        actor=head,
        now=now,
        organisation_id=row.id,
        name="New name",
        country="NP",
        ror_id="",
    )
    assert (row.name, row.country, row.ror_id) == ("New name", "NP", None)
    assert kinds_about(session, row.id) == ["organisation.changed", "organisation.declared"]


def test_edit_organisation__new_kind__is_declared_and_kept_once_verified(
    session: Session, now: datetime
) -> None:
    row = create(session, SYSTEM, now)
    later = now + timedelta(days=1)

    def edit(kind: OrganisationKind) -> Organisation:
        return organisations.edit_organisation(
            session, actor=SYSTEM, now=later, organisation_id=row.id, kind=kind
        )

    assert edit(OrganisationKind.SME).kind is OrganisationKind.SME
    kinds = [each for each in read.facts_of(session, row.id) if each.name == "kind"]
    assert [each.value for each in kinds] == ["startup", "sme"]
    verification.verify_fact(
        session, actor=SYSTEM, now=later, organisation_id=row.id, fact_id=kinds[-1].id
    )
    with pytest.raises(RulesBroken):
        edit(OrganisationKind.NGO)
    assert row.kind is OrganisationKind.SME


def test_declare_fact__kind__is_that_of_the_latest_day(session: Session, now: datetime) -> None:
    row = create(session, SYSTEM, now)
    for value, day in (("ngo", date(2026, 1, 1)), ("institute", TODAY)):
        organisations.declare_fact(
            session,
            actor=SYSTEM,
            now=now,
            organisation_id=row.id,
            name=FactName.KIND,
            value=value,
            as_of=day,
        )
    assert row.kind is OrganisationKind.INSTITUTE


def test_edit_organisation__by_a_member_or_another_administrator__is_not_permitted(
    session: Session, now: datetime
) -> None:
    row = an_organisation(session)
    for actor in (
        somebody(session, Role.MEMBER, row),
        somebody(session, Role.ORGANISATION_ADMIN, an_organisation(session)),
    ):
        with pytest.raises(NotPermitted):
            organisations.edit_organisation(
                session, actor=actor, now=now, organisation_id=row.id, name="Mine"
            )
        with pytest.raises(NotPermitted):
            organisations.declare_fact(
                session,
                actor=actor,
                now=now,
                organisation_id=row.id,
                name=FactName.STAFF,
                value=1,
                as_of=YEAR_END,
            )


def declare(session: Session, row: Organisation, now: datetime, value: object, as_of: date) -> None:
    organisations.declare_fact(
        session,
        actor=somebody(session, Role.ORGANISATION_ADMIN, row),
        now=now,
        organisation_id=row.id,
        name=FactName.STAFF,
        value=value,
        as_of=as_of,
    )


def test_declare_fact__unverified_for_the_day__is_replaced_and_both_are_recorded(
    session: Session, now: datetime
) -> None:
    row = an_organisation(session)
    declare(session, row, now, 8, YEAR_END)
    declare(session, row, now, 9, YEAR_END)
    (fact,) = read.facts_of(session, row.id)
    assert fact.value == 9
    payloads = [each.payload for each in events_about(session, row.id)]
    assert [(each["before"], each["value"]) for each in payloads] == [(None, 8), (8, 9)]


def test_declare_fact__verified_for_the_day__is_refused_until_taken_back(
    session: Session, now: datetime
) -> None:
    row, officer = an_organisation(session), somebody(session, Role.OFFICER)
    declare(session, row, now, 8, YEAR_END)
    (fact,) = read.facts_of(session, row.id)
    verification.verify_fact(
        session, actor=officer, now=now, organisation_id=row.id, fact_id=fact.id
    )
    assert (fact.verified_at, fact.verified_by) == (now, officer.person_id)
    with pytest.raises(RulesBroken) as refused:
        declare(session, row, now, 9, YEAR_END)
    assert refused.value.violations[0].code == "fact_verified"
    declare(session, row, now, 9, date(2026, 1, 1))
    verification.verify_fact(
        session, actor=officer, now=now, organisation_id=row.id, fact_id=fact.id, verified=False
    )
    declare(session, row, now, 9, YEAR_END)
    assert fact.value == 9


def test_declare_fact__today__is_the_last_day_allowed(session: Session, now: datetime) -> None:
    row = an_organisation(session)
    declare(session, row, now, 8, TODAY)
    with pytest.raises(RulesBroken) as refused:
        declare(session, row, now, 8, TODAY + timedelta(days=1))
    assert refused.value.violations[0].code == "fact_to_come"


def test_declare_fact__wrong_shape__is_malformed(session: Session, now: datetime) -> None:
    with pytest.raises(Malformed):
        declare(session, an_organisation(session), now, "many", YEAR_END)


def test_verify_fact__by_the_administrator__is_not_permitted(
    session: Session, now: datetime
) -> None:
    row = an_organisation(session)
    declare(session, row, now, 8, YEAR_END)
    (fact,) = read.facts_of(session, row.id)
    head = somebody(session, Role.ORGANISATION_ADMIN, row)
    with pytest.raises(NotPermitted):
        verification.verify_fact(
            session, actor=head, now=now, organisation_id=row.id, fact_id=fact.id
        )
    other = an_organisation(session)
    with pytest.raises(NotFound):
        verification.verify_fact(
            session, actor=SYSTEM, now=now, organisation_id=other.id, fact_id=fact.id
        )


def test_list_facts__by_an_outsider__is_not_permitted(session: Session) -> None:
    row = an_organisation(session)
    member = somebody(session, Role.MEMBER, row)
    assert organisations.list_facts(session, actor=member, organisation_id=row.id) == ()
    with pytest.raises(NotPermitted):
        organisations.list_facts(session, actor=somebody(session), organisation_id=row.id)


def test_suspend__by_an_officer__lasts_until_reinstated(session: Session, now: datetime) -> None:
    row, officer = an_organisation(session), somebody(session, Role.OFFICER)
    organisations.suspend(
        session, actor=officer, now=now, organisation_id=row.id, reason="Figures in dispute"
    )
    assert row.suspended_at == now
    with pytest.raises(WrongState):
        organisations.suspend(
            session, actor=officer, now=now, organisation_id=row.id, reason="Again"
        )
    again = organisations.reinstate(session, actor=officer, now=now, organisation_id=row.id)
    assert again.suspended_at is None
    with pytest.raises(WrongState):
        organisations.reinstate(session, actor=officer, now=now, organisation_id=row.id)
    assert kinds_about(session, row.id) == ["organisation.suspended", "organisation.reinstated"]


def test_suspend__by_its_administrator__is_not_permitted(session: Session, now: datetime) -> None:
    row = an_organisation(session)
    head = somebody(session, Role.ORGANISATION_ADMIN, row)
    with pytest.raises(NotPermitted):
        organisations.suspend(session, actor=head, now=now, organisation_id=row.id, reason="x")
    with pytest.raises(NotPermitted):
        organisations.reinstate(session, actor=head, now=now, organisation_id=row.id)


def test_organisations__pages_by_name__meet_every_one_once(session: Session) -> None:
    names = ["Beta", "Alpha", "Beta", "Gamma"]
    for each in names:
        an_organisation(session, name=f"{each} pages")
    seen: list[str] = []
    cursor = None
    while True:
        page = read.organisations(session, text="pages", limit=1, cursor=cursor)
        seen += [each.name.split()[0] for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == sorted(names)
