"""Ties are being verified, or an identity changed: whoever closes the circle sees the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import Session

from booking.db import Database
from booking.engine.declared_facts import FactName
from booking.engine.permissions import SYSTEM
from booking.errors import RulesBroken
from booking.models import Organisation
from booking.queries.organisations import fact_on
from booking.services.organisations import declare_fact, edit_organisation
from booking.services.verification import verify_fact
from tests.builders import NOW, an_organisation

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20
ROR = "https://ror.org/05dxps055"


@dataclass(frozen=True, slots=True)
class Trio:
    """Three organisations; the third owns whoever has the ROR id, which is verified."""

    first: Organisation
    second: Organisation
    third: Organisation


Deed = Callable[[Session, Trio], Any]


def owned(organisation: str) -> dict[str, Any]:
    return {"name": "Daughter", "percent": 60, "side": "owned", "organisation": organisation}


def declare(session: Session, row: Organisation, organisation: str) -> None:
    given: dict[str, Any] = {"name": FactName.RELATED, "as_of": NOW.date()}
    value = [owned(organisation)]
    declare_fact(session, actor=SYSTEM, now=NOW, organisation_id=row.id, value=value, **given)


def verify(session: Session, row: Organisation) -> None:
    fact = fact_on(session, row.id, FactName.RELATED, NOW.date())
    assert fact is not None
    verify_fact(session, actor=SYSTEM, now=NOW, organisation_id=row.id, fact_id=fact.id)


def verifies_first(session: Session, trio: Trio) -> None:
    verify(session, trio.first)


def verifies_second(session: Session, trio: Trio) -> None:
    verify(session, trio.second)


def declares_second_anew(session: Session, trio: Trio) -> None:
    declare(session, trio.second, str(trio.first.id))


def first_takes_the_ror_id(session: Session, trio: Trio) -> None:
    given: dict[str, Any] = {"organisation_id": trio.first.id, "ror_id": ROR}
    edit_organisation(session, actor=SYSTEM, now=NOW, **given)


def second_declares_the_third(session: Session, trio: Trio) -> None:
    declare(session, trio.second, str(trio.third.id))


def attempt(database: Database, deed: Deed, trio: Trio) -> None:
    with database.writing() as session:
        deed(session, trio)


def refused_after(database: Database, trio: Trio, first: Deed, rival: Deed) -> str:
    """Do `first`, let `rival` try, commit the first, and return why the rival is refused."""
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first(session, trio)
            fate = pool.submit(attempt, database, rival, trio)
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        refusal = fate.exception(timeout=PATIENCE_SECONDS)
    assert isinstance(refusal, RulesBroken)
    return refusal.violations[0].code


@pytest.fixture
def trio(database: Database) -> Trio:
    with database.writing() as session:
        return Trio(*(an_organisation(session, name=each) for each in ("First", "Second", "Third")))


@pytest.mark.parametrize("rival", [verifies_second, declares_second_anew])
def test_close__verification_of_the_other_half_undecided__waits_and_is_refused(
    database: Database, trio: Trio, rival: Deed
) -> None:
    with database.writing() as session:
        declare(session, trio.first, str(trio.second.id))
        declare(session, trio.second, str(trio.first.id))
    assert refused_after(database, trio, verifies_first, rival) == "cyclic_ownership"


def test_declare__ror_id_of_another_undecided__waits_and_knows_whose_it_is(
    database: Database, trio: Trio
) -> None:
    with database.writing() as session:
        declare(session, trio.third, ROR)
        declare(session, trio.first, str(trio.second.id))
        for row in (trio.third, trio.first):
            verify(session, row)
    code = refused_after(database, trio, first_takes_the_ror_id, second_declares_the_third)
    assert code == "cyclic_ownership"


def test_take_ror_id__ties_of_another_verified_undecided__waits_and_is_refused(
    database: Database, trio: Trio
) -> None:
    with database.writing() as session:
        declare(session, trio.third, ROR)
        declare(session, trio.first, str(trio.second.id))
        second_declares_the_third(session, trio)
        for row in (trio.third, trio.first):
            verify(session, row)
    code = refused_after(database, trio, verifies_second, first_takes_the_ror_id)
    assert code == "cyclic_ownership"
