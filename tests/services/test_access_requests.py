"""Access requests and reviews: every rule, passed, broken and at its boundary."""

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from booking.engine.lifecycle import RequestState
from booking.engine.permissions import ANONYMOUS, SYSTEM, Role
from booking.engine.request_rules import WantedAlternative, WantedSession
from booking.errors import NotPermitted, NotSignedIn, RulesBroken, WrongState
from booking.models import AccessRequest
from booking.queries.requests import wanted_sessions
from booking.services import access_requests, reviews, rounds, terms
from booking.services.reviews import merit_of
from tests.builders import NOW, a_role, opening_hours
from tests.rounds import (
    RoundScene,
    a_policy,
    a_round_scene,
    a_submitted_request,
    a_wish,
    an_open_round,
    hour,
    scored,
)


def ask(session: Session, scene: RoundScene, wanted: Any, **given: Any) -> AccessRequest:
    arguments: dict[str, Any] = {
        "actor": scene.actor(session, scene.members[0]),
        "now": NOW,
        "round_key": "spring",
        "project_id": scene.projects[0].id,
        "title": "Wanted",
        "sessions": wanted,
    }
    return access_requests.create_request(session, **arguments | given)


def send(session: Session, scene: RoundScene, row: AccessRequest) -> AccessRequest:
    actor = scene.actor(session, scene.members[0])
    return access_requests.submit_request(
        session, actor=actor, now=NOW, round_key="spring", request_id=row.id
    )


def found(session: Session, scene: RoundScene, wanted: Any, **given: Any) -> set[tuple[str, str]]:
    """Return code and pointer of each rule that is broken."""
    try:
        send(session, scene, ask(session, scene, wanted, **given))
    except RulesBroken as error:
        return {(each.code, each.pointer) for each in error.violations}
    return set()


def one(scene: RoundScene, **given: Any) -> Any:
    """Make one session with one alternative, changed as given."""
    alternative: dict[str, Any] = {
        "resource_id": scene.resource.id,
        "earliest_at": hour(0),
        "latest_at": hour(4),
    } | {
        name: given.pop(name)
        for name in ("resource_id", "earliest_at", "latest_at")
        if name in given
    }
    session: dict[str, Any] = {"minutes": 240, "quantity": 1} | given
    return (WantedSession(**session, alternatives=(WantedAlternative(**alternative),)),)


AT = "/sessions/0/alternatives/0"
CLOSED = {("no_open_window", "/sessions/0/alternatives")}


def test_submit__everything_at_its_limit__is_fine(session: Session) -> None:
    scene = a_round_scene(session, capacity=2)
    an_open_round(session, scene, policy=a_policy(cap_share_ppm=1_000_000))
    wanted = one(scene, minutes=1440, quantity=2, latest_at=hour(24))
    row = send(session, scene, ask(session, scene, wanted))
    assert row.state is RequestState.SUBMITTED
    assert row.fair_share_millionths == 1_000_000
    assert [each["member"] for each in row.memberships] == [False]


def test_submit__what_the_rules_forbid__points_at_it(session: Session) -> None:
    scene = a_round_scene(session, capacity=2)
    an_open_round(session, scene)
    wrong = [
        (one(scene, minutes=90), "not_whole_steps", "/sessions/0/minutes"),
        (one(scene, resource_id=uuid4()), "resource_not_in_round", f"{AT}/resource_id"),
        (one(scene, quantity=3), "above_capacity", f"{AT}/resource_id"),
        (
            one(scene, earliest_at=hour(0) - timedelta(minutes=1)),
            "window_outside_round",
            f"{AT}/earliest_at",
        ),
        (
            one(scene, latest_at=hour(24) + timedelta(minutes=1)),
            "window_outside_round",
            f"{AT}/latest_at",
        ),
        (one(scene, minutes=300), "session_longer_than_window", f"{AT}/latest_at"),
        (
            one(scene, earliest_at=hour(0) + timedelta(minutes=1)),
            "session_longer_than_window",
            f"{AT}/latest_at",
        ),
        ((), "no_session", "/sessions"),
        (one(scene) * 51, "too_many_sessions", "/sessions"),
        ((WantedSession(60, 1, ()),), "no_alternative", "/sessions/0/alternatives"),
        (
            (WantedSession(60, 1, one(scene)[0].alternatives * 21),),
            "too_many_alternatives",
            "/sessions/0/alternatives",
        ),
    ]
    for wanted, code, pointer in wrong:
        assert (code, pointer) in found(session, scene, wanted), code


@pytest.mark.parametrize(
    ("first", "last", "minutes", "expected"),
    [(9, 13, 240, set()), (8, 12, 240, CLOSED), (0, 8, 240, CLOSED), (6, 20, 480, set())],
    ids=["open throughout", "an hour too early", "closed", "just as long as it is open"],
)
def test_submit__opening_hours__session_must_be_open_somewhere(
    session: Session, first: int, last: int, minutes: int, expected: set[tuple[str, str]]
) -> None:
    scene = a_round_scene(session)
    opening_hours(session, scene.facility.id, time(9), time(17))
    an_open_round(session, scene)
    wanted = one(scene, earliest_at=hour(first), latest_at=hour(last), minutes=minutes)
    assert found(session, scene, wanted) == expected


def test_submit__closed_hours__says_when_it_is_open(session: Session) -> None:
    scene = a_round_scene(session, name="Microscope")
    opening_hours(session, scene.facility.id, time(9), time(17))
    an_open_round(session, scene)
    row = ask(session, scene, one(scene))
    with pytest.raises(RulesBroken) as caught:
        send(session, scene, row)
    assert caught.value.message == (
        "Microscope is open 2027-01-04 09:00-17:00 UTC; there is no stretch of 4 h inside your "
        "window, so choose other hours."
    )


def test_submit__longer_than_ever_open__asks_for_less(session: Session) -> None:
    scene = a_round_scene(session)
    opening_hours(session, scene.facility.id, time(9), time(17))
    an_open_round(session, scene)
    row = ask(session, scene, one(scene, minutes=540, latest_at=hour(24)))
    with pytest.raises(RulesBroken, match="no open stretch of 9 h in the round's access period"):
        send(session, scene, row)


def test_submit__one_alternative_of_two_is_open__is_fine(session: Session) -> None:
    scene = a_round_scene(session)
    opening_hours(session, scene.facility.id, time(9), time(17))
    an_open_round(session, scene)
    windows = one(scene)[0].alternatives + one(scene, latest_at=hour(13))[0].alternatives
    assert found(session, scene, (WantedSession(240, 1, windows),)) == set()


def test_submit__most_sessions_and_alternatives__is_fine(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    each = WantedSession(60, 1, one(scene)[0].alternatives * 20)
    assert found(session, scene, (each,) * 50) == set()


def test_submit__above_its_cap__names_the_numbers(session: Session) -> None:
    scene = a_round_scene(session)
    # A cap of 4 credits of the 24 offered, to a part per million.
    an_open_round(session, scene, policy=a_policy(cap_share_ppm=166_667))
    assert found(session, scene, one(scene, minutes=240)) == set()
    wanted = one(scene, minutes=300, latest_at=hour(5))
    row = ask(session, scene, wanted)
    with pytest.raises(RulesBroken) as caught:
        send(session, scene, row)
    assert [each.code for each in caught.value.violations] == ["above_cap"]
    assert "5 credits" in caught.value.message
    assert "24 credits" in caught.value.message


def test_submit__terms_not_accepted__is_refused_until_they_are(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    place = scene.facility.slug
    terms.publish_terms(session, actor=SYSTEM, now=NOW, facility=place, text="Cite us.")
    assert found(session, scene, one(scene)) == {("terms_not_accepted", "/project_id")}
    terms.accept_terms(
        session, actor=SYSTEM, now=NOW, facility=place, project_id=scene.projects[0].id
    )
    assert found(session, scene, one(scene)) == set()


def test_submit__at_the_closing_instant__is_too_late(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    closes = a_wish().call_closes_at
    ask(session, scene, one(scene), now=closes - timedelta(seconds=1))
    assert found(session, scene, one(scene), now=closes) == {("call_closed", "")}
    rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
    assert found(session, scene, one(scene)) == {("call_closed", "")}


def test_ask__for_a_project_of_others__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    with pytest.raises(NotPermitted):
        ask(session, scene, one(scene), project_id=scene.projects[1].id)
    with pytest.raises(NotSignedIn):
        ask(session, scene, one(scene), actor=ANONYMOUS)
    row = ask(session, scene, one(scene))
    other = scene.actor(session, scene.members[1])
    for verb in (
        access_requests.submit_request,
        access_requests.withdraw_request,
        access_requests.change_request,
    ):
        with pytest.raises(NotPermitted):
            verb(session, actor=other, now=NOW, round_key="spring", request_id=row.id)


def test_change__sessions_of_a_submitted_request__replaces_them(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    row = a_submitted_request(session, scene)
    wanted = one(scene, minutes=60)
    access_requests.change_request(
        session,
        actor=scene.actor(session, scene.members[0]),
        now=NOW,
        round_key="spring",
        request_id=row.id,
        sessions=wanted,
    )
    assert wanted_sessions(session, [row.id])[row.id] == wanted
    assert row.state is RequestState.SUBMITTED


def test_withdraw__twice__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    row = a_submitted_request(session, scene)

    def withdraw() -> AccessRequest:
        return access_requests.withdraw_request(
            session, actor=SYSTEM, now=NOW, round_key="spring", request_id=row.id
        )

    assert withdraw().state is RequestState.WITHDRAWN
    with pytest.raises(WrongState):
        withdraw()


def reviewed(session: Session, scene: RoundScene) -> AccessRequest:
    an_open_round(session, scene)
    row = a_submitted_request(session, scene)
    with pytest.raises(WrongState):
        scored(session, scene, row, 500)
    rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
    return row


@pytest.mark.parametrize(
    ("score", "fine"), [(299, False), (300, True), (1000, True), (1001, False)]
)
def test_score__around_its_limits(session: Session, score: int, *, fine: bool) -> None:
    scene = a_round_scene(session)
    row = reviewed(session, scene)
    if fine:
        scored(session, scene, row, score)
        assert row.merit == score
        return
    with pytest.raises(RulesBroken):
        scored(session, scene, row, score)


def test_score__by_one_of_the_applicants__is_a_conflict(session: Session) -> None:
    scene = a_round_scene(session)
    row = reviewed(session, scene)
    a_role(
        session,
        scene.reviewer.id,
        Role.MEMBER,
        organisation_id=scene.projects[0].organisation_id,
    )
    with pytest.raises(RulesBroken) as caught:
        scored(session, scene, row, 500)
    assert [each.code for each in caught.value.violations] == ["conflict_of_interest"]


def test_declare_conflict__after_a_score__takes_it_back(session: Session) -> None:
    scene = a_round_scene(session)
    row = reviewed(session, scene)
    scored(session, scene, row, 500)
    review = reviews.declare_conflict(
        session,
        actor=scene.actor(session, scene.reviewer),
        now=NOW,
        round_key="spring",
        request_id=row.id,
        conflict="We wrote a paper together.",
    )
    assert (review.score, row.merit) == (None, None)


def test_score__by_a_manager_or_member__is_not_permitted(session: Session) -> None:
    scene = a_round_scene(session)
    row = reviewed(session, scene)
    for person in (scene.manager, scene.members[1]):
        with pytest.raises(NotPermitted):
            reviews.write_review(
                session,
                actor=scene.actor(session, person),
                now=NOW,
                round_key="spring",
                request_id=row.id,
                score=500,
            )


@pytest.mark.parametrize(
    ("scores", "merit"), [([], None), ([500, 501], 500), ([501, 502], 502), ([300, 301, 302], 301)]
)
def test_merit_is_the_mean_rounded_half_to_even(scores: list[int], merit: int | None) -> None:
    assert merit_of(scores) == merit
