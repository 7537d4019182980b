from sqlmodel import Session, col, select

from booking.models import PolicyVersion, Round
from booking.services.round_problem import compile_round
from tests.rounds import a_round_scene, a_scored_round


def test_compile_round__by_its_policy__is_strict_or_not(session: Session) -> None:
    a_scored_round(session, a_round_scene(session), 600, 700)
    found = session.exec(select(Round).where(col(Round.slug) == "spring")).one()
    assert not compile_round(session, found).problem.strict
    version = session.get_one(PolicyVersion, found.policy_version_id)
    version.strict = True
    session.flush()
    assert compile_round(session, found).problem.strict
