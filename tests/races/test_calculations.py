"""Two workers at once: a calculation has one of them, and the other takes the next or none."""

from concurrent.futures import ThreadPoolExecutor, wait

from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import CalculationKind
from booking.queries.calculations import CalculationFacts
from booking.queries.rounds import find_round
from booking.services import calculations
from tests.builders import NOW
from tests.rounds import a_round_scene, a_scored_round

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20


def asked(database: Database, *questions: int) -> None:
    with database.writing() as session:
        a_scored_round(session, a_round_scene(session), 900, 500)
        for each in questions:
            calculations.ask(
                session,
                actor=SYSTEM,
                now=NOW,
                found=find_round(session, "spring"),
                kind=CalculationKind.WHAT_IF,
                question={"number": each},
            )


def claim(database: Database) -> CalculationFacts | None:
    with database.writing() as session:
        return calculations.claim_next(session, now=NOW)


def claimed_by_two(database: Database) -> tuple[CalculationFacts | None, ...]:
    """Let one worker claim, and another before the first has committed."""
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first = calculations.claim_next(session, now=NOW)
            rival = pool.submit(claim, database)
            waits = database.dialect == "sqlite"
            done, _ = wait([rival], timeout=MOMENT_SECONDS if waits else PATIENCE_SECONDS)
            assert bool(done) is not waits, "SQLite's writers wait"
        return first, rival.result(PATIENCE_SECONDS)


def test_claim__one_calculation_and_two_workers__is_one_workers(database: Database) -> None:
    asked(database, 1)
    first, second = claimed_by_two(database)
    assert first is not None
    assert second is None


def test_claim__two_calculations_and_two_workers__are_one_each(database: Database) -> None:
    asked(database, 1, 2)
    first, second = claimed_by_two(database)
    assert first is not None
    assert second is not None
    assert [first.question, second.question] == [{"number": 1}, {"number": 2}]


def test_ask__same_question_by_two_at_once__is_asked_once(database: Database) -> None:
    asked(database)

    def ask_again() -> object:
        with database.writing() as session:
            return calculations.ask(
                session,
                actor=SYSTEM,
                now=NOW,
                found=find_round(session, "spring"),
                kind=CalculationKind.ALLOCATION,
                question={},
            ).id

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first = calculations.ask(
                session,
                actor=SYSTEM,
                now=NOW,
                found=find_round(session, "spring"),
                kind=CalculationKind.ALLOCATION,
                question={},
            )
            rival = pool.submit(ask_again)
            done, _ = wait([rival], timeout=MOMENT_SECONDS)
            assert not done
        assert rival.result(PATIENCE_SECONDS) == first.id
