"""Control in a circle over what several organisations declared, each half well formed alone."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.permissions import SYSTEM, Role
from booking.errors import NotPermitted, RulesBroken
from booking.models import Organisation
from booking.queries.people import actor_of
from booking.services.organisations import declare_fact
from tests.builders import a_fact, a_person, a_role, an_organisation

EARLIER, TODAY = date(2025, 1, 1), date(2026, 11, 23)
ROR = "https://ror.org/05dxps055"


def tie(other: Organisation, percent: int, side: str, **more: Any) -> dict[str, Any]:
    return {
        "name": f"{other.name} as they call it",
        "percent": percent,
        "side": side,
        "organisation": str(other.id),
    } | more


def declare(
    session: Session, now: datetime, row: Organisation, *ties: Any, as_of: date = TODAY
) -> None:
    declare_fact(
        session,
        actor=SYSTEM,
        now=now,
        organisation_id=row.id,
        name=FactName.RELATED,
        value=list(ties),
        as_of=as_of,
    )


@pytest.fixture
def three(session: Session) -> tuple[Organisation, Organisation, Organisation]:
    first, second, third = (
        an_organisation(session, name=each) for each in ("Acacia", "Baobab", "Cedar")
    )
    return first, second, third


def test_declare__circle_of_two__is_refused_by_its_path(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    with pytest.raises(RulesBroken) as caught:
        declare(session, now, acacia, tie(baobab, 51, "owned"))
    (found,) = caught.value.violations
    assert (found.code, found.pointer) == ("cyclic_ownership", "/value/0/side")
    assert "Acacia, Baobab and back to Acacia" in found.reason


def test_declare__circle_of_three_behind_ties__is_refused_by_its_path(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, cedar = three
    cedar.ror_id = ROR
    session.flush()
    between = {"name": "Between Ltd", "percent": 80, "side": "owned"}
    behind = tie(cedar, 60, "owned", organisation=ROR)
    declare(session, now, baobab, between | {"related": [behind]})
    declare(session, now, cedar, tie(acacia, 100, "owned"))
    with pytest.raises(RulesBroken) as caught:
        declare(session, now, acacia, tie(baobab, 51, "owned"))
    assert "Acacia, Baobab, Between Ltd, Cedar and back to Acacia" in str(
        caught.value.violations[0].reason
    )


@pytest.mark.parametrize(
    ("percent", "side"), [(50, "owned"), (60, "owner")], ids=["half at most", "the same tie"]
)
def test_declare__no_control_both_ways__is_kept(
    session: Session, now: datetime, three: tuple[Organisation, ...], percent: int, side: str
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    declare(session, now, acacia, tie(baobab, percent, side))


def test_declare__both_name_the_tie_without_a_side__is_kept(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    declare(session, now, acacia, {"name": "Baobab", "percent": 60})


def test_declare__the_other_declared_anew__is_kept_from_that_day_on(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    a_fact(session, baobab.id, "related", [tie(acacia, 60, "owned")], EARLIER)
    declare(session, now, baobab)
    declare(session, now, acacia, tie(baobab, 60, "owned"))
    with pytest.raises(RulesBroken):
        declare(session, now, acacia, tie(baobab, 60, "owned"), as_of=EARLIER)


def test_declare__before_the_other_did__is_refused_unless_it_ended_by_then(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    a_fact(session, baobab.id, "related", [tie(acacia, 60, "owned")], TODAY)
    with pytest.raises(RulesBroken):
        declare(session, now, acacia, tie(baobab, 60, "owned"), as_of=EARLIER)
    declare(session, now, acacia)
    declare(session, now, acacia, tie(baobab, 60, "owned"), as_of=EARLIER)


def test_declare__by_somebody_elses_administrator__is_refused_before_any_look(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    person = a_person(session)
    a_role(session, person.id, Role.ORGANISATION_ADMIN, organisation_id=baobab.id)
    with pytest.raises(NotPermitted):
        declare_fact(
            session,
            actor=actor_of(session, person.id),
            now=now,
            organisation_id=acacia.id,
            name=FactName.RELATED,
            value=[tie(baobab, 60, "owned")],
            as_of=TODAY,
        )
