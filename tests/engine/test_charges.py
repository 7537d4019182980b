from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from booking.engine.charges import (
    Account,
    Charge,
    Entry,
    Standing,
    cancelled,
    is_late,
    refunds,
    released,
    settled,
)

START = datetime(2027, 1, 4, 9, tzinfo=UTC)
HERE, THERE = UUID(int=1), UUID(int=2)
ACCOUNT = Account(HERE, UUID(int=3), UUID(int=4), "startup", START)

accounts = st.builds(
    lambda facility_id, hours: replace(
        ACCOUNT, facility_id=facility_id, used_at=START + timedelta(hours=hours)
    ),
    st.sampled_from([HERE, THERE]),
    st.integers(0, 3),
)
charges = st.builds(
    lambda account, units: Charge(account, units, units * 25), accounts, st.integers(1, 600)
)
standings = st.lists(
    st.builds(Standing, charges, st.booleans()),
    max_size=3,
    unique_by=lambda each: each.charge.account,
)


def balance(charged: list[Charge]) -> int:
    return sum(each.access_units for each in charged)


def after(standing: list[Standing], entries: tuple[Entry, ...]) -> dict[Account, int]:
    """Add the entries to what stands, by account."""
    found = {each.charge.account: each.charge.access_units for each in standing}
    for each in entries:
        account = each.charge.account
        found[account] = found.get(account, 0) + each.charge.access_units
    return found


@given(standings, charges)
def test_settling_charges_what_is_due_and_what_is_too_late_to_give_back(
    standing: list[Standing], due: Charge
) -> None:
    kept = balance(
        [
            each.charge
            for each in standing
            if each.late and each.charge.account.facility_id == due.account.facility_id
        ]
    )

    found = after(standing, settled(standing, due))

    if [each.charge for each in standing] == [due]:
        kept = 0
    assert sum(found.values()) == max(kept, due.access_units)
    assert all(amount >= 0 for amount in found.values())


@given(standings, charges)
def test_settling_twice_changes_nothing_more(standing: list[Standing], due: Charge) -> None:
    entries = settled(standing, due)
    late = {each.charge.account: each.late for each in standing}
    again = [
        Standing(Charge(account, units, units * 25), late.get(account, False))
        for account, units in after(standing, entries).items()
        if units
    ]

    assert settled(again, due) == ()


@given(standings)
def test_returning_leaves_nothing_and_cancelling_what_is_late(standing: list[Standing]) -> None:
    returned = after(standing, refunds([each.charge for each in standing]))
    left = after(standing, cancelled(standing))

    assert not any(returned.values())
    assert sum(left.values()) == balance([each.charge for each in standing if each.late])


@given(standings, st.integers(0, 1000))
def test_an_early_end_refunds_what_is_given_back_and_no_more_than_stands(
    standing: list[Standing], units: int
) -> None:
    stood = balance([each.charge for each in standing])

    found = after(standing, released(standing, Charge(ACCOUNT, units, units * 25)))

    assert sum(found.values()) == max(stood - units, 0)
    assert all(amount >= 0 for amount in found.values())


def test_is_late__around_the_release_and_the_start__changes_just_after_and_at_it() -> None:
    second, week, none = timedelta(seconds=1), timedelta(days=7), timedelta()

    assert not is_late(START, START - week, week)
    assert is_late(START, START - week + second, week)
    assert not is_late(START, START - second, none)
    assert is_late(START, START, none)
