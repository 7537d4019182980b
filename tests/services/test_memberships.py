from datetime import date, datetime

from sqlmodel import Session

from booking.engine.group_rules import CountryScheme, FirstTimeUser, Sme
from booking.services.memberships import memberships_on
from tests.builders import a_booking, a_fact, a_project, a_resource, an_organisation

LDC = CountryScheme("un_ldc", ("member",), 0)
BEFORE, AFTER = date(2026, 11, 23), date(2026, 11, 24)


def test_memberships_on__country_leaves_the_list__ends_on_its_day(session: Session) -> None:
    row = an_organisation(session, country="NP")
    answers = [
        memberships_on(session, organisation_id=row.id, groups={"ldc": LDC}, on=on)[0]
        for on in (BEFORE, AFTER)
    ]
    assert [each.member for each in answers] == [True, False]
    assert not answers[0].verified
    assert "2026-11-24" in answers[1].working[0]


def test_memberships_on__organisation_moved__follows_its_dated_country(session: Session) -> None:
    row = an_organisation(session, country="NP")
    a_fact(session, row.id, "country", "NP", date(2024, 1, 1))
    a_fact(session, row.id, "country", "DE", BEFORE)
    (answer,) = memberships_on(session, organisation_id=row.id, groups={"ldc": LDC}, on=BEFORE)
    assert not answer.member


def test_memberships_on__declared_figures__show_the_working(session: Session) -> None:
    row = an_organisation(session)
    for name, value in (("staff", 12), ("turnover_eur", 900_000), ("balance_sheet_eur", 1)):
        a_fact(session, row.id, name, value, date(2025, 12, 31))
    a_fact(session, row.id, "public_control_percent", 0, date(2025, 1, 1))
    a_fact(session, row.id, "related", [], date(2025, 1, 1))
    groups = {"small": Sme("small"), "micro": Sme("micro")}
    small, micro = memberships_on(session, organisation_id=row.id, groups=groups, on=BEFORE)
    assert (small.group, small.member) == ("small", True)
    assert (micro.group, micro.member) == ("micro", False)
    assert "12 staff" in small.working[0]


def test_memberships_on__first_booking__counts_from_the_day_after(session: Session) -> None:
    project = a_project(session)
    starts = datetime.fromisoformat("2026-11-23T08:00:00+00:00")
    ends = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
    a_booking(session, a_resource(session), project, starts, ends)
    answers = [
        memberships_on(
            session,
            organisation_id=project.organisation_id,
            groups={"new": FirstTimeUser()},
            on=on,
        )[0].member
        for on in (BEFORE, AFTER)
    ]
    assert answers == [True, False]
