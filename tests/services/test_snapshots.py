"""Who was verified when the call opened fixes the shares; what comes after changes none."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import Session, col

from booking.engine.permissions import SYSTEM
from booking.models import Organisation, OrganisationSnapshot, Round
from booking.queries import organisations as read
from booking.queries.policies import current_policy
from booking.queries.rounds import find_round, round_facts
from booking.queries.snapshots import snapshot_factor, verified_members
from booking.services import organisations, policies, round_problem, rounds, verification
from booking.services.snapshots import standings_in_rounds, take_snapshot
from tests.builders import NOW, a_fact, an_organisation
from tests.rounds import RoundScene, a_policy, a_round_scene, a_scored_round, a_wish
from tests.statements import counted_statements

SCHEMES = {"ldc": ("un_ldc", ("member",)), "lmic": ("wb_income", ("lower_middle",))}


def group(key: str, share: int = 0, weight: int = 1) -> policies.GroupWish:
    scheme, values = SCHEMES[key]
    rule = {"kind": "country_scheme", "scheme": scheme, "values": list(values)}
    return policies.GroupWish(key, key.upper(), rule, share, weight)


def verified(session: Session, country: str, *, days: int | None = None) -> Organisation:
    """Add an organisation whose country is verified for so many days."""
    row = an_organisation(session, country=country)
    a_fact(session, row.id, "country", country, date(2020, 1, 1))
    fact = read.facts_of(session, row.id)[0]
    verification.verify_fact(
        session,
        actor=SYSTEM,
        now=NOW - timedelta(days=10),
        organisation_id=row.id,
        fact_id=fact.id,
        until=None if days is None else NOW.date() + timedelta(days=days),
    )
    return row


def opened(
    session: Session, scene: RoundScene, *groups: policies.GroupWish, reserved: int | None
) -> Round:
    policies.publish_policy(
        session,
        actor=SYSTEM,
        now=NOW,
        facility=scene.facility.slug,
        wish=a_policy(groups=groups),
    )
    current = current_policy(session, scene.facility.id)
    assert current is not None
    current.version.reserved_ppm = reserved
    rounds.create_round(
        session, actor=SYSTEM, now=NOW, wish=a_wish(), facility_keys=[scene.facility.slug]
    )
    return rounds.open_round(session, actor=SYSTEM, now=NOW, key="spring")


def test_open_round__verified_organisations__are_counted_and_shares_derived(
    session: Session,
) -> None:
    scene = a_round_scene(session)
    for _ in range(3):
        verified(session, "SN")
    verified(session, "KE")
    row = opened(session, scene, group("ldc"), group("lmic", weight=2), reserved=300_000)
    # Senegal is of both groups, Kenya of one: 3 against 2 x 4.
    assert verified_members(session, row.id) == {"ldc": 3, "lmic": 4}
    assert row.reserved_shares == {"ldc": 81_818, "lmic": 218_182}
    facts = round_facts(session, row)
    assert facts.snapshot_at == NOW
    (place,) = facts.facilities
    assert [each.reserved_share_ppm for each in place.groups] == [81_818, 218_182]
    assert [each.verified_organisations for each in place.groups] == [None, None]


@pytest.mark.parametrize(("others", "told"), [(4, None), (5, 5)])
def test_round_facts__few_verified_organisations__are_not_told(
    session: Session, others: int, told: int | None
) -> None:
    scene = a_round_scene(session)
    for _ in range(others):
        verified(session, "SN")
    row = opened(session, scene, group("ldc", 200_000), reserved=None)
    (ldc,) = round_facts(session, row).facilities[0].groups
    assert (ldc.reserved_share_ppm, ldc.verified_organisations) == (200_000, told)


@pytest.mark.parametrize(("few", "told"), [(4, [None, None]), (5, [5, 10]), (0, [None, 5])])
def test_round_facts__shares_would_give_a_few_away__tells_no_number(
    session: Session, few: int, told: list[int | None]
) -> None:
    scene = a_round_scene(session)
    for country in ("SN",) * few + ("KE",) * 5:
        verified(session, country)
    row = opened(session, scene, group("ldc"), group("lmic"), reserved=300_000)
    groups = round_facts(session, row).facilities[0].groups
    assert [each.verified_organisations for each in groups] == told


@pytest.mark.parametrize(("days", "members"), [(None, 1), (0, 1), (-1, 0)])
def test_open_round__verification_has_ended__does_not_count(
    session: Session, days: int | None, members: int
) -> None:
    scene = a_round_scene(session)
    verified(session, "SN", days=days)
    row = opened(session, scene, group("ldc"), reserved=100_000)
    assert verified_members(session, row.id)["ldc"] == members
    assert row.reserved_shares == {"ldc": 100_000 * members}


def test_open_round__suspended__is_left_out(session: Session) -> None:
    scene = a_round_scene(session)
    gone = verified(session, "SN")
    organisations.suspend(session, actor=SYSTEM, now=NOW, organisation_id=gone.id, reason="Why")
    row = opened(session, scene, group("ldc"), reserved=100_000)
    assert verified_members(session, row.id) == {"ldc": 0}
    assert session.get(OrganisationSnapshot, (row.id, gone.id)) is None


def test_open_round__verified_afterwards__changes_no_share(session: Session) -> None:
    scene = a_round_scene(session)
    verified(session, "SN")
    row = opened(session, scene, group("ldc"), group("lmic"), reserved=100_000)
    before = dict(row.reserved_shares or {})
    late = verified(session, "KE")
    assert verified_members(session, row.id) == {"ldc": 1, "lmic": 1}
    assert row.reserved_shares == before == {"ldc": 50_000, "lmic": 50_000}
    assert snapshot_factor(session, row.id, late.id) is None
    assert snapshot_factor(session, row.id, scene.projects[0].organisation_id) == 1_000_000


def test_standings_in_rounds__at_opening__are_kept_for_the_organisation(session: Session) -> None:
    scene = a_round_scene(session)
    seen, unseen = verified(session, "SN"), an_organisation(session, country="SN")
    row = opened(session, scene, group("ldc"), group("lmic"), reserved=None)
    lines = [
        standings_in_rounds(session, actor=SYSTEM, organisation_id=each.id)
        for each in (seen, unseen)
    ]
    assert [each[0].verified for each in lines] == [("ldc", "lmic"), ()]
    assert [each[0].unverified for each in lines] == [(), ("ldc", "lmic")]
    assert lines[0][0].round_slug == row.slug
    assert lines[0][0].fair_share_millionths == 1_000_000


def test_compile_round__shares_fixed_at_opening__are_those_of_the_problem(
    session: Session,
) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 500)
    row = find_round(session, "spring")
    before = round_problem.compile_round(session, row).problem.facilities[0]
    assert dict(before.reserved_share) == {"ldc": 0.2}
    row.reserved_shares = {"ldc": 123_456}
    after = round_problem.compile_round(session, row).problem.facilities[0]
    assert dict(after.reserved_share) == {"ldc": 0.123456}


def test_take_snapshot__ten_times_the_organisations__asks_no_more(session: Session) -> None:
    scene = a_round_scene(session)
    row = opened(session, scene, group("ldc"), reserved=100_000)
    policy = current_policy(session, scene.facility.id)
    assert policy is not None
    asked = []
    for number in (2, 20):
        for _ in range(number):
            verified(session, "SN")
        _forget(session, row)
        with counted_statements(session) as said:
            take_snapshot(
                session, found=row, policy=policy, facility_ids=[scene.facility.id], now=NOW
            )
        asked.append(sum(each.startswith("SELECT") for each in said))
    assert asked[0] == asked[1]


def _forget(session: Session, row: Round) -> None:
    session.execute(
        delete(OrganisationSnapshot).where(col(OrganisationSnapshot.round_id) == row.id)
    )
    session.expire_all()
    session.refresh(row)
