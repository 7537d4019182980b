"""Control in a circle over what several organisations declared, each half well formed alone."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.permissions import SYSTEM, Actor, Role
from booking.errors import NotPermitted, RulesBroken
from booking.models import Organisation
from booking.queries import organisations as read
from booking.queries.people import actor_of
from booking.services.organisations import declare_fact, edit_organisation
from booking.services.verification import circles_among, verify_fact
from tests.builders import a_person, a_role, an_organisation

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
    session: Session,
    now: datetime,
    row: Organisation,
    *ties: Any,
    as_of: date = TODAY,
    actor: Actor = SYSTEM,
) -> None:
    declare_fact(
        session,
        actor=actor,
        now=now,
        organisation_id=row.id,
        name=FactName.RELATED,
        value=list(ties),
        as_of=as_of,
    )


def look_at(
    session: Session, now: datetime, row: Organisation, *, as_of: date = TODAY, **given: Any
) -> None:
    """Verify the ties that the organisation declared for a day, or as `given`."""
    fact = read.fact_on(session, row.id, FactName.RELATED, as_of)
    assert fact is not None
    verify_fact(
        session,
        now=now,
        organisation_id=row.id,
        fact_id=fact.id,
        **{"actor": SYSTEM} | given,
    )


def verified(
    session: Session, now: datetime, row: Organisation, *ties: Any, as_of: date = TODAY
) -> None:
    declare(session, now, row, *ties, as_of=as_of)
    look_at(session, now, row, as_of=as_of)


def kept(session: Session, row: Organisation) -> bool:
    fact = read.fact_on(session, row.id, FactName.RELATED, TODAY)
    return fact is not None and fact.verified_at is not None


def somebody(session: Session, role: Role, row: Organisation | None = None) -> Actor:
    person = a_person(session)
    a_role(session, person.id, role, organisation_id=row.id if row else None)
    return actor_of(session, person.id)


def reason_of(caught: pytest.ExceptionInfo[RulesBroken], pointer: str = "/value/0/side") -> str:
    (found,) = caught.value.violations
    assert (found.code, found.pointer) == ("cyclic_ownership", pointer)
    return found.reason


@pytest.fixture
def three(session: Session) -> tuple[Organisation, Organisation, Organisation]:
    first, second, third = (
        an_organisation(session, name=each) for each in ("Acacia", "Baobab", "Cedar")
    )
    return first, second, third


def test_declare__circle_of_two_over_what_is_verified__is_refused_by_its_path(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    verified(session, now, baobab, tie(acacia, 60, "owned"))
    with pytest.raises(RulesBroken) as caught:
        declare(session, now, acacia, tie(baobab, 51, "owned"))
    assert "Acacia, Baobab and back to Acacia" in reason_of(caught)


def test_declare__circle_over_what_nobody_verified__blocks_nobody(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    declare(session, now, acacia, tie(baobab, 51, "owned"))
    assert read.fact_on(session, acacia.id, FactName.RELATED, TODAY) is not None


def test_declare__circle_of_the_declarer_alone__is_refused(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    with pytest.raises(RulesBroken) as caught:
        declare(session, now, acacia, tie(baobab, 51, "owned"), tie(baobab, 51, "owner", name="B"))
    assert "Acacia, Baobab and back to Acacia" in reason_of(caught)


def behind_ties(session: Session, now: datetime, three: tuple[Organisation, ...]) -> None:
    """Let Baobab own Between Ltd, that Cedar, and that Acacia, all of it verified."""
    acacia, baobab, cedar = three
    cedar.ror_id = ROR
    session.flush()
    between = {"name": "Between Ltd", "percent": 80, "side": "owned"}
    behind = tie(cedar, 60, "owned", organisation=ROR)
    verified(session, now, baobab, between | {"related": [behind]})
    verified(session, now, cedar, tie(acacia, 100, "owned"))


def test_declare__circle_behind_ties_of_others__tells_its_officer_the_path(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    behind_ties(session, now, three)
    for actor in (SYSTEM, somebody(session, Role.OFFICER)):
        with pytest.raises(RulesBroken) as caught:
            declare(session, now, acacia, tie(baobab, 51, "owned"), actor=actor)
        assert "Acacia, Baobab, Between Ltd, Cedar and back to Acacia" in reason_of(caught)


def test_declare__circle_behind_ties_of_others__tells_its_administrator_only_how_many(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    behind_ties(session, now, three)
    admin = somebody(session, Role.ORGANISATION_ADMIN, acacia)
    with pytest.raises(RulesBroken) as caught:
        declare(session, now, acacia, tie(baobab, 51, "owned"), actor=admin)
    told = f"{reason_of(caught)} {caught.value}"
    assert "Acacia, Baobab, through 2 other organisations and back to Acacia" in told
    assert "Between" not in told
    assert "Cedar" not in told


@pytest.mark.parametrize(
    ("percent", "side"), [(50, "owned"), (60, "owner")], ids=["half at most", "the same tie"]
)
def test_declare__no_control_both_ways__is_kept(
    session: Session, now: datetime, three: tuple[Organisation, ...], percent: int, side: str
) -> None:
    acacia, baobab, _ = three
    verified(session, now, baobab, tie(acacia, 60, "owned"))
    verified(session, now, acacia, tie(baobab, percent, side))
    assert kept(session, acacia)


def test_declare__both_name_the_tie_without_a_side__is_kept(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    verified(session, now, baobab, tie(acacia, 60, "owned"))
    verified(session, now, acacia, {"name": "Baobab", "percent": 60})
    assert kept(session, acacia)


def test_declare__the_other_declared_anew__is_kept_from_that_day_on(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    verified(session, now, baobab, tie(acacia, 60, "owned"), as_of=EARLIER)
    declare(session, now, baobab)
    declare(session, now, acacia, tie(baobab, 60, "owned"))
    with pytest.raises(RulesBroken):
        declare(session, now, acacia, tie(baobab, 60, "owned"), as_of=EARLIER)


def test_declare__before_the_other_did__is_refused_unless_it_ended_by_then(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    verified(session, now, baobab, tie(acacia, 60, "owned"))
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


@pytest.mark.parametrize(("later", "counts"), [(0, True), (1, False)])
def test_declare__verification_of_the_other_ends__counts_on_its_last_day(
    session: Session, now: datetime, three: tuple[Organisation, ...], later: int, *, counts: bool
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    look_at(session, now, baobab, until=TODAY)
    then = now + timedelta(days=later)
    if counts:
        with pytest.raises(RulesBroken):
            declare(session, then, acacia, tie(baobab, 51, "owned"))
    else:
        declare(session, then, acacia, tie(baobab, 51, "owned"))


def test_verify__second_half_of_a_circle__is_refused_by_its_path_until_the_first_is_taken_back(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    declare(session, now, acacia, tie(baobab, 51, "owned"))
    officer = somebody(session, Role.OFFICER)
    look_at(session, now, acacia, actor=officer)
    with pytest.raises(RulesBroken) as caught:
        look_at(session, now, baobab, actor=officer)
    assert "Baobab, Acacia and back to Baobab" in reason_of(caught, "")
    look_at(session, now, acacia, actor=officer, verified=False)
    look_at(session, now, baobab, actor=officer)


@pytest.mark.parametrize(("percent", "refused"), [(50, False), (51, True)])
def test_verify__around_half__only_what_is_above_closes_a_circle(
    session: Session, now: datetime, three: tuple[Organisation, ...], percent: int, *, refused: bool
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    verified(session, now, acacia, tie(baobab, percent, "owned"))
    if refused:
        with pytest.raises(RulesBroken):
            look_at(session, now, baobab)
    else:
        look_at(session, now, baobab)


def test_verify__circle_on_other_days_than_these_ties_hold__is_no_fault(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, tie(acacia, 60, "owned"), as_of=EARLIER)
    declare(session, now, baobab)
    verified(session, now, acacia, tie(baobab, 51, "owned"))
    look_at(session, now, baobab, as_of=EARLIER)
    look_at(session, now, baobab)


def test_circles_among__facts_to_look_at__show_also_what_nobody_verified(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, cedar = three
    declare(session, now, baobab, tie(acacia, 60, "owned"))
    declare(session, now, acacia, tie(baobab, 51, "owned"))
    declare(session, now, cedar, tie(acacia, 50, "owned"))
    facts = [fact for row in three for fact in read.facts_of(session, row.id)]
    officer = somebody(session, Role.OFFICER)
    found = circles_among(session, actor=officer, now=now, facts=facts)
    whose = {each.id: each.organisation_id for each in facts}
    shown = {whose[key]: each.names for key, each in found.items()}
    assert shown == {
        acacia.id: ("Acacia", "Baobab", "Acacia"),
        baobab.id: ("Baobab", "Acacia", "Baobab"),
    }
    admin = somebody(session, Role.ORGANISATION_ADMIN, acacia)
    with pytest.raises(NotPermitted):
        circles_among(session, actor=admin, now=now, facts=facts)


def take_ror(
    session: Session, now: datetime, row: Organisation, ror_id: str = ROR, actor: Actor = SYSTEM
) -> None:
    edit_organisation(session, actor=actor, now=now, organisation_id=row.id, ror_id=ror_id)


def by_ror(percent: int) -> dict[str, Any]:
    return {"name": "A daughter", "percent": percent, "side": "owned", "organisation": ROR}


def test_edit__ror_id_that_closes_a_verified_circle__is_refused_and_stays(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, cedar = three
    verified(session, now, cedar, by_ror(60))
    verified(session, now, baobab, tie(cedar, 60, "owned"))
    verified(session, now, acacia, tie(baobab, 51, "owned"))
    with pytest.raises(RulesBroken) as caught:
        take_ror(session, now, acacia)
    assert "Acacia, Baobab, Cedar and back to Acacia" in reason_of(caught, "/ror_id")
    with pytest.raises(RulesBroken) as caught:
        take_ror(session, now, acacia, actor=somebody(session, Role.ORGANISATION_ADMIN, acacia))
    told = reason_of(caught, "/ror_id")
    assert "Acacia, Baobab, through 1 other organisation and back to Acacia" in told
    assert acacia.ror_id is None


def test_edit__ror_id_that_closes_a_circle_of_others_declarations__names_none_of_them(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, cedar = three
    verified(session, now, cedar, by_ror(60))
    verified(session, now, baobab, tie(cedar, 60, "owned"), tie(acacia, 60, "owner"))
    with pytest.raises(RulesBroken) as caught:
        take_ror(session, now, acacia, actor=somebody(session, Role.ORGANISATION_ADMIN, acacia))
    told = reason_of(caught, "/ror_id")
    assert "Acacia, through 2 other organisations and back to Acacia" in told


@pytest.mark.parametrize(
    ("percent", "looked_at", "refused"), [(60, False, False), (50, True, False), (51, True, True)]
)
def test_edit__ror_id__counts_the_declarers_own_ties_and_verified_ones_above_half(
    session: Session,
    now: datetime,
    three: tuple[Organisation, ...],
    percent: int,
    *,
    looked_at: bool,
    refused: bool,
) -> None:
    acacia, baobab, _ = three
    declare(session, now, baobab, by_ror(percent))
    if looked_at:
        look_at(session, now, baobab)
    declare(session, now, acacia, tie(baobab, 60, "owned"))
    if refused:
        with pytest.raises(RulesBroken):
            take_ror(session, now, acacia)
    else:
        take_ror(session, now, acacia)
        assert acacia.ror_id == ROR


def test_edit__ror_id_left_and_taken_up_again__is_looked_at_anew(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, _ = three
    take_ror(session, now, acacia)
    verified(session, now, baobab, by_ror(60))
    take_ror(session, now, acacia, "")
    verified(session, now, acacia, tie(baobab, 51, "owned"))
    with pytest.raises(RulesBroken):
        take_ror(session, now, acacia)


def test_edit__ror_id_beside_a_circle_that_it_does_not_close__is_taken(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, baobab, cedar = three
    declare(session, now, acacia, tie(baobab, 51, "owned"))
    verified(session, now, baobab, tie(acacia, 60, "owned"))
    verified(session, now, cedar, by_ror(60))
    take_ror(session, now, acacia)
    assert acacia.ror_id == ROR


def test_edit__own_ties_say_that_it_owns_the_ror_id__is_refused(
    session: Session, now: datetime, three: tuple[Organisation, ...]
) -> None:
    acacia, _, _ = three
    declare(session, now, acacia, by_ror(51))
    with pytest.raises(RulesBroken) as caught:
        take_ror(session, now, acacia)
    assert "Acacia and back to Acacia" in reason_of(caught, "/ror_id")
