"""A naive model of bookings: minutes counted one by one, charges in a dictionary.

It shares nothing with the product but the words of states and events. Minutes count from
the start of the story.
"""

from dataclasses import dataclass, field
from uuid import UUID

GRID = 15
HOLD = 15
GRACE = 30
EARLY = 30
HOLDING = {"held", "pending", "confirmed", "in_use", "completed"}
TENTATIVE = {"held", "pending"}
FIRM = {"confirmed", "in_use", "completed"}
CHARGEABLE = {"pending", "confirmed", "in_use"}
FREE_OF_CHARGE = {"rejected", "displaced", "expired"}
Minutes = set[tuple[int, int]]


@dataclass(frozen=True)
class Place:
    """A resource: how many units, whether the facility approves, whether one must check in."""

    capacity: int
    approves: bool = False
    grace: int | None = None


@dataclass
class Naive:
    """A booking as it should be; `charges` are access units by the start they were charged for."""

    place: int
    start: int
    end: int
    quantity: int
    status: str
    person: int
    expires: int | None = None
    offer: UUID | None = None
    sequence: int = 0
    revision: int = 0
    charges: dict[int, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    @property
    def worth(self) -> int:
        return (self.end - self.start) * self.quantity

    @property
    def holds(self) -> bool:
        return self.status in HOLDING

    def covers(self, place: int, minute: int) -> bool:
        return self.holds and self.place == place and self.start <= minute < self.end


PLACES = (Place(1, grace=GRACE), Place(3), Place(1, approves=True))


@dataclass
class World:
    """All bookings and closures, and what time it is."""

    now: int = 0
    bookings: dict[UUID, Naive] = field(default_factory=dict)
    closures: dict[UUID, tuple[int | None, int, int]] = field(default_factory=dict)
    freed: Minutes = field(default_factory=set)

    def load(self, place: int, minute: int, *, but: UUID | None = None) -> int:
        return sum(
            each.quantity
            for key, each in self.bookings.items()
            if key != but and each.covers(place, minute)
        )

    def is_open(self, place: int, minute: int) -> bool:
        return not any(
            at in {None, place} and start <= minute < end
            for at, start, end in self.closures.values()
        )

    def fits(
        self, place: int, start: int, end: int, quantity: int, *, but: UUID | None = None
    ) -> bool:
        """Say whether the time is open and enough is free all the time."""
        return all(
            self.is_open(place, minute)
            and self.load(place, minute, but=but) + quantity <= PLACES[place].capacity
            for minute in range(start, end)
        )

    def may_book(self, place: int, start: int, end: int, quantity: int) -> bool:
        return start >= self.now and self.fits(place, start, end, quantity)

    def added(self, key: UUID, booking: Naive, event: str) -> None:
        booking.events.append(event)
        self.bookings[key] = booking
        self._charge(booking)

    def changed(self, key: UUID, event: str, **changes: object) -> None:
        """Take the changes over: calendars, charges, freed time and the event follow."""
        booking = self.bookings[key]
        was = Naive(**{**vars(booking), "charges": {}, "events": []})
        for name, value in changes.items():
            setattr(booking, name, value)
        if booking.status not in TENTATIVE:
            booking.expires = None
        moved = any(
            getattr(was, name) != getattr(booking, name)
            for name in ("place", "start", "end", "person")
        )
        booking.sequence += moved or _shown(was) != _shown(booking)
        booking.revision += 1
        booking.events.append(event)
        self._settle(booking, was)
        self.freed |= {
            (was.place, minute)
            for minute in range(max(was.start, self.now), was.end)
            if was.holds and _units(booking, was.place, minute) < was.quantity
        }

    def can_move(self, key: UUID, place: int, start: int, end: int, quantity: int) -> bool:
        """Say whether a booking may go there; what only gives back keeps fewer rules."""
        booking = self.bookings[key]
        if self.now >= booking.end:
            return False
        if self.only_gives_back(booking, place, start, end, quantity):
            return True
        if PLACES[place].approves and booking.status == "confirmed":
            return False
        return start >= self.now and self.fits(place, start, end, quantity, but=key)

    def only_gives_back(
        self, booking: Naive, place: int, start: int, end: int, quantity: int
    ) -> bool:
        less = place == booking.place and quantity <= booking.quantity
        within = booking.start <= start and end <= booking.end
        return less and within and (start == booking.start or start >= self.now) and end >= self.now

    def lapsing(self) -> dict[UUID, str]:
        """Find what time alone does by now: the state each such booking comes to."""
        found = {}
        for key, each in self.bookings.items():
            grace = PLACES[each.place].grace
            if each.status == "confirmed" and grace is not None:
                if self.now >= min(each.start + grace, each.end):
                    found[key] = "no_show"
                continue
            lapses_at = each.start if each.expires is None else each.expires
            if each.status in TENTATIVE and each.offer is None and self.now >= lapses_at:
                found[key] = "expired"
        return found

    def _charge(self, booking: Naive) -> None:
        if booking.status in CHARGEABLE:
            booking.charges = {booking.start: booking.worth}

    def _settle(self, booking: Naive, was: Naive) -> None:
        late = {start: units for start, units in booking.charges.items() if self.now >= start}
        if booking.status in FREE_OF_CHARGE:
            booking.charges = {}
        elif booking.status == "cancelled":
            booking.charges = late
        elif booking.status in CHARGEABLE:
            rest = booking.worth - sum(late.values())
            booking.charges = dict(late)
            if rest > 0:
                booking.charges[booking.start] = booking.charges.get(booking.start, 0) + rest
        elif booking.status == "completed":
            self._give_back(booking, (was.end - booking.end) * booking.quantity)

    def _give_back(self, booking: Naive, units: int) -> None:
        for start in sorted(booking.charges, reverse=True):
            back = min(units, booking.charges[start])
            booking.charges[start] -= back
            units -= back


def _shown(booking: Naive) -> str:
    if booking.status in TENTATIVE:
        return "TENTATIVE"
    return "CONFIRMED" if booking.status in FIRM else "CANCELLED"


def _units(booking: Naive, place: int, minute: int) -> int:
    return booking.quantity if booking.covers(place, minute) else 0
