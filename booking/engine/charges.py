"""What a booking is charged, and what its ledger must be told when it changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import LedgerKind

RETURNED: Final = frozenset(
    {BookingStatus.REJECTED, BookingStatus.DISPLACED, BookingStatus.EXPIRED}
)
CHARGED: Final = frozenset(
    {
        BookingStatus.PENDING,
        BookingStatus.CONFIRMED,
        BookingStatus.IN_USE,
        BookingStatus.CANCELLING,
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose use of which facility is charged, to which group, and when the use begins."""

    facility_id: UUID
    organisation_id: UUID
    project_id: UUID
    group_key: str
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """Access units and thousandths of a credit that stand on an account."""

    account: Account
    access_units: int
    credit_thousandths: int

    def returned(self) -> "Charge":
        """Take all of it back."""
        return Charge(self.account, -self.access_units, -self.credit_thousandths)


@dataclass(frozen=True, slots=True)
class Standing:
    """A charge, and whether it is too late to have it back."""

    charge: Charge
    late: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed movement of the ledger."""

    kind: LedgerKind
    charge: Charge


def is_late(used_at: datetime, now: datetime, release: timedelta) -> bool:
    """Say whether time is charged even if it is given back: at T2 it is not, at its start it is.

    Without a policy the release is nothing: late is from the start on.
    """
    return now >= used_at or used_at - now < release


def settled(standing: Sequence[Standing], due: Charge) -> tuple[Entry, ...]:
    """Charge a booking what is due instead of what stands.

    All that stands is refunded and what is due booked anew. What is too late to give back
    stays, and only what is due beyond it is booked; at another facility all is booked anew.
    """
    if [each.charge for each in standing] == [due]:
        return ()
    stays = [each.charge for each in standing if each.late and _same_place(each.charge, due)]
    goes = [each.charge for each in standing if each.charge not in stays]
    rest = Charge(
        due.account,
        max(due.access_units - sum(each.access_units for each in stays), 0),
        max(due.credit_thousandths - sum(each.credit_thousandths for each in stays), 0),
    )
    if rest in goes:
        goes.remove(rest)
        return refunds(goes)
    booked = (Entry(LedgerKind.BOOKED, rest),) if rest.access_units else ()
    return (*refunds(goes), *booked)


def cancelled(standing: Sequence[Standing]) -> tuple[Entry, ...]:
    """Refund what is not too late."""
    return refunds([each.charge for each in standing if not each.late])


def refunds(charges: Sequence[Charge]) -> tuple[Entry, ...]:
    """Refund all of the charges."""
    return tuple(Entry(LedgerKind.REFUNDED, each.returned()) for each in charges)


def released(standing: Sequence[Standing], given_back: Charge) -> tuple[Entry, ...]:
    """Refund what an early end gives back, from the latest charge on; never more than stands."""
    units, amount = given_back.access_units, given_back.credit_thousandths
    found: list[Charge] = []
    for each in sorted(standing, key=lambda one: one.charge.account.used_at, reverse=True):
        charge = each.charge
        back = Charge(
            charge.account,
            min(units, charge.access_units),
            min(amount, charge.credit_thousandths),
        )
        if back.access_units or back.credit_thousandths:
            found.append(back)
        units -= back.access_units
        amount -= back.credit_thousandths
    return refunds(found)


def _same_place(charge: Charge, due: Charge) -> bool:
    return charge.account.facility_id == due.account.facility_id
