"""The life of a round, its policy and terms: who may, what is refused, what is kept."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import ResourceState, RoundState
from booking.engine.permissions import ANONYMOUS, SYSTEM, Actor
from booking.errors import (
    DomainError,
    Malformed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    RulesBroken,
    WrongState,
)
from booking.models import PolicyVersion, RoundFacility
from booking.queries.rounds import visible_round
from booking.services import policies, round_drafts, rounds, terms
from tests.builders import NOW, a_closure
from tests.rounds import (
    ACCESS,
    RoundScene,
    a_policy,
    a_round_scene,
    a_wish,
    an_open_round,
)


def drafted(session: Session, scene: RoundScene, actor: Actor = SYSTEM, **given: Any) -> Any:
    return rounds.create_round(
        session,
        actor=actor,
        now=NOW,
        wish=a_wish(**given),
        facility_keys=[scene.facility.slug],
    )


def codes(error: DomainError) -> list[str]:
    return [each.code for each in error.violations]


def pointers(error: DomainError) -> list[str]:
    return [each.pointer for each in error.violations]


def publish(session: Session, scene: RoundScene, actor: Actor = SYSTEM, **given: Any) -> Any:
    return policies.publish_policy(
        session, actor=actor, now=NOW, facility=scene.facility.slug, wish=a_policy(**given)
    )


def test_create__by_the_manager__is_a_draft_only_staff_see(session: Session) -> None:
    scene = a_round_scene(session)
    row = drafted(session, scene, scene.actor(session, scene.manager))
    assert row.state is RoundState.DRAFT
    assert len(row.seed) == 64
    assert row.seed_hash != row.seed
    assert visible_round(session, "spring", viewer=scene.actor(session, scene.manager)) is row
    with pytest.raises(NotFound):
        visible_round(session, "spring", viewer=ANONYMOUS)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"call_closes_at": NOW}, "/call_closes_at"),
        ({"decision_on": date(2026, 12, 2)}, "/decision_on"),
        ({"decision_on": date(2027, 1, 5)}, "/access_starts_at"),
        ({"access_ends_at": ACCESS}, "/access_ends_at"),
        ({"access_ends_at": ACCESS + timedelta(days=367)}, "/access_ends_at"),
        ({"access_ends_at": ACCESS + timedelta(minutes=90)}, "/step_minutes"),
    ],
)
def test_create__dates_out_of_order__points_at_each(
    session: Session, given: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(RulesBroken) as caught:
        drafted(session, a_round_scene(session), **given)
    assert pointer in pointers(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"call_closes_at": NOW + timedelta(seconds=1)},
        {"decision_on": date(2026, 12, 3)},
        {"decision_on": date(2027, 1, 4)},
        {"access_ends_at": ACCESS + timedelta(days=366)},
        {"access_ends_at": ACCESS + timedelta(minutes=90), "step_minutes": 90},
    ],
)
def test_create__dates_at_their_limits__is_fine(session: Session, given: dict[str, Any]) -> None:
    assert drafted(session, a_round_scene(session), **given).state is RoundState.DRAFT


def test_create__slug_of_another_round__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    drafted(session, scene)
    with pytest.raises(RulesBroken) as caught:
        drafted(session, scene)
    assert codes(caught.value) == ["slug_taken"]


Verb = Callable[..., Any]


@pytest.mark.parametrize(
    "verb",
    [
        rounds.open_round,
        rounds.close_call,
        rounds.close_round,
        round_drafts.delete_draft,
        partial(round_drafts.hand_over_lead, facility="nowhere"),
    ],
)
def test_each_step__by_others__is_refused(session: Session, verb: Verb) -> None:
    scene = a_round_scene(session)
    drafted(session, scene)
    with pytest.raises(NotSignedIn):
        verb(session, actor=ANONYMOUS, now=NOW, key="spring")
    for person in (scene.reviewer, scene.members[0]):
        with pytest.raises(NotPermitted):
            verb(session, actor=scene.actor(session, person), now=NOW, key="spring")


def test_create_and_edit__by_others__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    member = scene.actor(session, scene.members[0])
    with pytest.raises(NotPermitted):
        drafted(session, scene, member)
    drafted(session, scene)
    with pytest.raises(NotPermitted):
        rounds.edit_round(session, actor=member, now=NOW, key="spring", changes={"name": "Mine"})
    with pytest.raises(NotPermitted):
        publish(session, scene, member)
    with pytest.raises(NotPermitted):
        terms.publish_terms(
            session, actor=member, now=NOW, facility=scene.facility.slug, text="Mine"
        )


def test_edit__once_open__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    drafted(session, scene)
    row = rounds.edit_round(
        session, actor=SYSTEM, now=NOW, key="spring", changes={"name": "Better"}
    )
    assert row.name == "Better"
    publish(session, scene)
    rounds.open_round(session, actor=SYSTEM, now=NOW, key="spring")
    with pytest.raises(WrongState):
        rounds.edit_round(session, actor=SYSTEM, now=NOW, key="spring", changes={"name": "Late"})


def test_open__without_a_policy__says_so(session: Session) -> None:
    drafted(session, a_round_scene(session))
    with pytest.raises(RulesBroken) as caught:
        rounds.open_round(session, actor=SYSTEM, now=NOW, key="spring")
    assert codes(caught.value) == ["no_policy"]


def test_open__with_nothing_published__says_so(session: Session) -> None:
    scene = a_round_scene(session, state=ResourceState.DRAFT)
    drafted(session, scene)
    publish(session, scene)
    with pytest.raises(RulesBroken) as caught:
        rounds.open_round(session, actor=SYSTEM, now=NOW, key="spring")
    assert codes(caught.value) == ["nothing_offered"]


def test_open__after_the_call_would_have_ended__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    drafted(session, scene)
    publish(session, scene)
    with pytest.raises(RulesBroken) as caught:
        rounds.open_round(session, actor=SYSTEM, now=a_wish().call_closes_at, key="spring")
    assert codes(caught.value) == ["call_over"]


def test_open__another_round_of_the_same_time__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    drafted(session, scene, slug="rival")
    with pytest.raises(RulesBroken) as caught:
        rounds.open_round(session, actor=SYSTEM, now=NOW, key="rival")
    assert codes(caught.value) == ["round_overlaps"]


def test_open__with_a_closure__freezes_the_credits_that_are_left(session: Session) -> None:
    scene = a_round_scene(session, capacity=3, rate_thousandths=500)
    a_closure(session, scene.facility.id, ACCESS, ACCESS + timedelta(minutes=61))
    row = an_open_round(session, scene)
    part = session.exec(select(RoundFacility).where(RoundFacility.round_id == row.id)).one()
    # 24 hours less two whole steps, times 3 units, times half a credit.
    assert part.offered_credit_thousandths == 22 * 3 * 500
    assert row.policy_version_id is not None


@pytest.mark.parametrize(
    ("closed", "ends"),
    [
        (timedelta(days=3), timedelta(days=3)),
        (timedelta(days=10), timedelta(days=10)),
        (timedelta(days=12), timedelta(days=10)),
        (timedelta(0), timedelta(days=10)),
    ],
    ids=["early", "at its end", "late", "as it opens"],
)
def test_close_call__whenever__ends_no_later_than_published(
    session: Session, closed: timedelta, ends: timedelta
) -> None:
    an_open_round(session, a_round_scene(session))
    row = rounds.close_call(session, actor=SYSTEM, now=NOW + closed, key="spring")
    assert (row.state, row.call_closes_at) == (RoundState.REVIEWING, NOW + ends)


def test_publish_policy__same_again__makes_no_new_version(session: Session) -> None:
    scene = a_round_scene(session)
    first = publish(session, scene)
    assert publish(session, scene).version.id == first.version.id
    second = publish(session, scene, cap_share_ppm=50_000)
    assert second.version.number == 2
    kept = session.exec(
        select(PolicyVersion.cap_share_ppm).order_by(col(PolicyVersion.number))
    ).all()
    assert kept == [None, 50_000]


def test_publish_policy__shares_above_one__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    group = a_policy().groups[0]
    whole = policies.GroupWish(group.key, group.name, group.rule, 1_000_000)
    assert publish(session, scene, groups=(whole,)).version.number == 1
    above = policies.GroupWish("more", "More", group.rule, 1)
    with pytest.raises(RulesBroken) as caught:
        publish(session, scene, groups=(whole, above))
    assert (codes(caught.value), pointers(caught.value)) == (["shares_above_one"], ["/groups"])


def test_publish_policy__rule_that_cannot_be_read__is_malformed(session: Session) -> None:
    scene = a_round_scene(session)
    wrong = policies.GroupWish("x", "X", {"kind": "unknown"}, 1)
    with pytest.raises(Malformed) as caught:
        publish(session, scene, groups=(wrong,))
    assert pointers(caught.value) == ["/groups/0/rule/kind"]


def test_accept_terms__of_an_older_version__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    member = scene.actor(session, scene.members[0])
    place, project = scene.facility.slug, scene.projects[0].id

    def accept(number: int | None) -> Any:
        return terms.accept_terms(
            session, actor=member, now=NOW, facility=place, project_id=project, number=number
        )

    with pytest.raises(NotFound):
        accept(None)
    for text in ("One", "Two", "Two"):
        terms.publish_terms(session, actor=SYSTEM, now=NOW, facility=place, text=text)
    with pytest.raises(RulesBroken):
        accept(1)
    assert accept(2) is accept(None)
