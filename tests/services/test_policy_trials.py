"""Trying a policy: on which demand, under which problem, what comes out, who may."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from api.policy_work import solve_trial
from booking.db import Database
from booking.engine.permissions import ANONYMOUS, SYSTEM
from booking.engine.quotas import LadderStep
from booking.errors import NotPermitted, NotSignedIn, RulesBroken
from booking.models import Calculation
from booking.queries.calculations import facts_of
from booking.queries.policies import current_policy
from booking.queries.policy_trials import trials
from booking.services import policies, policy_trials
from booking.services.policies import GroupWish, PolicyWish
from tests.builders import NOW
from tests.calculating import calculated
from tests.rounds import RoundScene, a_policy, a_round_scene, a_scored_round, an_open_round

KENYANS = GroupWish(
    "kenya",
    "Kenyans",
    {"kind": "attribute", "key": "country", "op": "eq", "value": "KE"},
    500_000,
)
NO_GROUPS = a_policy(groups=(), ladder=())


def tried(session: Session, scene: RoundScene, wish: PolicyWish, actor: Any = SYSTEM) -> Any:
    return policy_trials.try_policy(
        session, actor=actor, now=NOW, facility=scene.facility.slug, wish=wish
    )


def prepared(session: Session, row: Calculation) -> policy_trials.Trial:
    return policy_trials.prepare_trial(session, facts_of(row))


def test_try__by_others__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    for person in (scene.reviewer, scene.members[0]):
        with pytest.raises(NotPermitted):
            tried(session, scene, NO_GROUPS, scene.actor(session, person))
    with pytest.raises(NotSignedIn):
        tried(session, scene, NO_GROUPS, ANONYMOUS)
    row = tried(session, scene, NO_GROUPS, scene.actor(session, scene.manager))
    with pytest.raises(NotPermitted):
        policy_trials.publish_tried(
            session,
            actor=scene.actor(session, scene.members[0]),
            now=NOW,
            calculation_id=row.id,
        )


def test_trials__more_than_a_page__are_all_found_the_newest_first(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    rows = [tried(session, scene, wish) for wish in (a_policy(), NO_GROUPS, a_policy(strict=True))]
    first = trials(session, scene.facility.id, limit=2)
    rest = trials(session, scene.facility.id, limit=2, cursor=first.next)
    assert [each.id for each in (*first.items, *rest.items)] == [each.id for each in rows[::-1]]
    assert (len(first.items), rest.next) == (2, None)


def test_try__no_demand_yet__says_when_there_is(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    with pytest.raises(RulesBroken) as caught:
        tried(session, scene, NO_GROUPS)
    assert [each.code for each in caught.value.violations] == ["no_demand"]


def test_try__what_could_not_be_published__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    with pytest.raises(RulesBroken):
        tried(session, scene, a_policy(ladder=(LadderStep(1_000_000, -1),)))


def test_prepare__same_policy__gives_the_same_problem(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    trial = prepared(session, tried(session, scene, a_policy()))
    assert trial.tried == trial.today
    assert set(trial.kinds.values()) == {"sme"}


def test_prepare__another_rule__decides_groups_anew(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    wish = a_policy(groups=(*a_policy().groups, KENYANS), cap_share_ppm=250_000, strict=True)
    trial = prepared(session, tried(session, scene, wish))
    groups = {each.organisation: each.groups for each in trial.tried.requests}
    kenyan, ugandan = (str(each.organisation_id) for each in scene.projects)
    assert groups == {kenyan: ("kenya",), ugandan: ("ldc",)}
    (place,) = trial.tried.facilities
    assert dict(place.reserved_share) == {"kenya": 0.5, "ldc": 0.2}
    assert place.cap_share == 0.25
    assert trial.tried.strict


def test_prepare__shares_by_weight__count_who_was_verified_at_opening(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    wish = a_policy(reserved_ppm=400_000)
    (place,) = prepared(session, tried(session, scene, wish)).tried.facilities
    assert dict(place.reserved_share) == {"ldc": 0.0}


def test_prepare__policy_changed_since__works_both_out(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    policies.publish_policy(
        session, actor=SYSTEM, now=NOW, facility=scene.facility.slug, wish=NO_GROUPS
    )
    trial = prepared(session, tried(session, scene, a_policy()))
    assert trial.result is None
    assert dict(trial.today.facilities[0].reserved_share) == {}
    assert dict(trial.tried.facilities[0].reserved_share) == {"ldc": 0.2}


def test_solve__reserve_dropped__tells_who_gains_and_who_loses(session: Session) -> None:
    scene = a_round_scene(session)
    requests = a_scored_round(session, scene, 900, 500)
    trial = prepared(session, tried(session, scene, NO_GROUPS))
    answer = solve_trial(trial, lambda _: None, lambda: False, 1)
    found = answer["difference"]
    assert [each["request"] for each in found["gained"]] == [str(requests[0].id)]
    assert [each["request"] for each in found["lost"]] == [str(requests[1].id)]
    assert (answer["today"]["granted"], answer["tried"]["granted"]) == (1, 1)
    assert answer["today"]["report"]["price_of_fairness"] > 0
    assert answer["tried"]["report"]["price_of_fairness"] == 0
    assert not answer["stopped"]


def test_tried__done__is_published_as_it_was_tried(database: Database) -> None:
    wish = a_policy(groups=(KENYANS,), half_life_days=30, note="never kept")
    with database.writing() as session:
        scene = a_round_scene(session)
        a_scored_round(session, scene, 900, 500)
        row = tried(session, scene, wish)
    assert calculated(database) == 1
    with database.writing() as session:
        done = session.get_one(Calculation, row.id)
        assert done.answer is not None
        assert done.answer["difference"]["counts"]["lost"] == 1
        policy_trials.publish_tried(
            session, actor=SYSTEM, now=NOW, calculation_id=row.id, note="Tried first."
        )
    with database.reading() as session:
        current = current_policy(session, scene.facility.id)
        assert current is not None
        assert policies.wish_of(current) == replace(wish, note="Tried first.")
