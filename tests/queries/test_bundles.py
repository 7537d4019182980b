"""What a bundle holds of the policy and the snapshot that ruled its round."""

from sqlmodel import Session

from booking.engine.allocation.problem import write_problem
from booking.engine.allocation.promises import broken_promises, shares_of
from booking.engine.permissions import SYSTEM
from booking.models import RoundResult
from booking.queries import bundles
from booking.queries.rounds import find_round
from booking.services import rounds
from booking.services.round_problem import compile_round
from tests.builders import NOW
from tests.rounds import a_round_scene, a_submitted_request, scored
from tests.services.test_snapshots import group, opened, verified


def a_bundle(session: Session, reserved: int | None) -> dict[str, object]:
    scene = a_round_scene(session)
    for country in ("SN", "SN", "KE"):
        verified(session, country)
    opened(session, scene, group("ldc", 150_000), group("lmic", 50_000, 2), reserved=reserved)
    row = a_submitted_request(session, scene)
    rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
    scored(session, scene, row, 900)
    found = find_round(session, "spring")
    stored = RoundResult(
        round_id=found.id,
        number=1,
        problem="",
        result="",
        problem_sha256="",
        result_sha256="",
        objective=0,
        bound=0,
        gap=0,
        allocated_at=NOW,
    )
    return {
        "round": bundles.described(found, stored),
        "problem": write_problem(compile_round(session, found).problem),
        **bundles.promised(session, found),
    }


def test_bundle__shares_from_weights__follow_from_the_snapshot_in_it(session: Session) -> None:
    bundle = a_bundle(session, reserved=300_000)

    assert shares_of(bundle) == {"ldc": 75_000, "lmic": 225_000}
    assert broken_promises(bundle) == ()


def test_bundle__shares_of_the_board__are_those_of_the_policy_in_it(session: Session) -> None:
    bundle = a_bundle(session, reserved=None)

    assert shares_of(bundle) == {"ldc": 150_000, "lmic": 50_000}
    assert broken_promises(bundle) == ()
