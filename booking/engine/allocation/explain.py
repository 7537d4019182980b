"""Say why: for each request without a place, what stands in the way and what it would take."""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, Final, NamedTuple

from booking.engine.allocation.crediting import Crediting
from booking.engine.allocation.entities import THRESHOLD
from booking.engine.allocation.placements import Offer
from booking.engine.allocation.timetable import Timetable

MOST_REASONS: Final = 5
"""Placements explained for each session: those that would displace the least."""

MOST_TRIED: Final = 50
"""Places of a request's first session beside which the others are looked for."""

NOBODY: Final = -1

MOST_MERIT: Final = 1000
"""Points per credit that no request can have more of."""

_WHOLE: Final = {
    "below_threshold": (
        f"The merit score is below {THRESHOLD}, the least that is eligible; a request with a"
        " higher score could be placed."
    ),
    "above_cap": (
        "The request is larger than the most one organisation may hold at the facility; ask"
        " for fewer or shorter sessions, or fewer units."
    ),
    "no_placement": (
        "No facility has an open window long enough, with enough units, for every session;"
        " add starts or resources, or shorten the sessions."
    ),
}


class Stay(NamedTuple):
    """A placement that is held, in the order of its first step."""

    start: int
    placement: int
    end: int
    quantity: int
    request: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What blocks one placement: a code, and the requests that would have to leave."""

    code: str
    placement: int
    blockers: tuple[int, ...]
    cost: int


def decisions(timetable: Timetable) -> list[dict[str, Any]]:
    """Decide every request without a place, in canonical order, with its reasons.

    `points_needed_per_hour` would have been enough to take the place of the requests
    blocking its cheapest places; 0 where no score would have helped.
    """
    explainer = _Explainer(timetable)
    return [
        explainer.decision(request)
        for request in range(len(timetable.compiled.problem.requests))
        if request not in timetable.held
    ]


def decision_on(timetable: Timetable, request: int) -> dict[str, Any]:
    """Decide one request, as `decisions` does; a granted one needs no reasons."""
    explainer = _Explainer(timetable)
    if request in timetable.held:
        name = timetable.compiled.problem.requests[request].id
        return {"request": name, "granted": True, "points_needed_per_hour": 0, "reasons": []}
    return explainer.decision(request)


class _Explainer:
    """Looks up who holds each slot and who is credited to which group."""

    def __init__(self, timetable: Timetable) -> None:
        self.timetable = timetable
        self.problem = timetable.compiled.problem
        self._on: dict[int, list[Stay]] = {}
        self._points = {one: timetable.points(one) for one in timetable.held}
        self._longest: dict[int, int] = {}
        self._of: dict[tuple[int, int], list[int]] = {}
        self._rooms: dict[tuple[int, int], bool] = {}
        self._blockers: dict[int, dict[str, Any]] = {}
        self._owner: dict[int, list[int]] = {}
        for request in sorted(timetable.held):
            for placement in timetable.held[request]:
                self._note(request, placement)
            organisation = timetable.compiled.organisation_of[request]
            key = (organisation, timetable.facility(request))
            self._of.setdefault(key, []).append(request)
        for on in self._on.values():
            on.sort()
        self._groups = _credited_groups(timetable)

    def _note(self, request: int, placement: int) -> None:
        """Remember who is where: by step where there is one unit, else by first step."""
        offer, start = self.timetable.offer(placement), self.timetable.start(placement)
        resource = offer.resource
        if self.problem.resources[resource].capacity == 1:
            steps = len(self.timetable.free[resource])
            owner = self._owner.setdefault(resource, [NOBODY] * steps)
            owner[start : start + offer.steps] = [request] * offer.steps
            return
        stay = Stay(start, placement, start + offer.steps, offer.quantity, request)
        self._on.setdefault(resource, []).append(stay)
        self._longest[resource] = max(offer.steps, self._longest.get(resource, 0))

    def decision(self, request: int) -> dict[str, Any]:
        """Explain one request."""
        code = self.timetable.compiled.refused.get(request)
        if code is not None:
            reasons = [self._reason(code, None, None, None, _WHOLE[code], ())]
            return self._decided(request, 0, reasons)
        obstacles = {
            placement: self._obstacle(placement)
            for sessions in self.timetable.choices(request).values()
            for some in sessions
            for placement in some
        }
        needed = self._points_needed(request, obstacles)
        return self._decided(request, needed, self._reasons(request, needed, obstacles))

    def _decided(self, request: int, needed: int, reasons: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "request": self.problem.requests[request].id,
            "granted": False,
            "points_needed_per_hour": needed,
            "reasons": reasons,
        }

    def _reasons(
        self, request: int, needed: int, known: Mapping[int, Obstacle]
    ) -> list[dict[str, Any]]:
        found = []
        sessions = len(self.problem.requests[request].sessions)
        for session in range(sessions):
            obstacles = [
                known[placement]
                for there in self.timetable.choices(request).values()
                for placement in there[session]
            ]
            obstacles.sort(key=lambda one: (one.cost, one.placement))
            found += [self._told(one, needed) for one in obstacles[:MOST_REASONS]]
        return found

    def _obstacle(self, placement: int) -> Obstacle:
        offer = self.timetable.offer(placement)
        free = self.timetable.span(placement)
        if min(free) < offer.quantity:
            blockers = self._displaced(placement, offer, free)
            cost = sum(map(self._points.__getitem__, blockers))
            return Obstacle("outbid", placement, blockers, cost)
        if not self._cap_leaves_room(offer.request, offer.facility):
            own = self._own(offer.request, offer.facility)
            return Obstacle("cap_reached", placement, own, 0)
        return Obstacle("partner_session", placement, (), 0)

    def _cap_leaves_room(self, request: int, facility: int) -> bool:
        """Tell whether even the smallest choice of each session would keep the cap."""
        key = (request, facility)
        if key not in self._rooms:
            offer = self.timetable.offer
            sessions = self.timetable.choices(request)[facility]
            least = [min(some, key=lambda one: offer(one).credit) for some in sessions]
            self._rooms[key] = self.timetable.keeps_cap(least)
        return self._rooms[key]

    def _own(self, request: int, facility: int) -> tuple[int, ...]:
        """List the organisation's served requests at a facility."""
        organisation = self.timetable.compiled.organisation_of[request]
        return tuple(self._of.get((organisation, facility), ()))

    def _overlapping(self, resource: int, start: int, end: int) -> dict[int, list[Stay]]:
        """List what is held on a resource in these steps, by request."""
        on = self._on.get(resource, [])
        first = bisect_left(on, (start - self._longest.get(resource, 0), -1))
        last = bisect_left(on, (end, -1))
        found: dict[int, list[Stay]] = {}
        for stay in on[first:last]:
            if start < stay.end:
                found.setdefault(stay.request, []).append(stay)
        return found

    def _displaced(self, placement: int, offer: Offer, free: list[int]) -> tuple[int, ...]:
        """Choose who would have to leave: the fewest points first, until there is room."""
        start = self.timetable.start(placement)
        owner = self._owner.get(offer.resource)
        if owner is not None:
            return self._least_first(set(owner[start : start + offer.steps]) - {NOBODY})
        overlapping = self._overlapping(offer.resource, start, start + offer.steps)
        short = [offer.quantity - units for units in free]
        leaving = []
        for request in self._least_first(overlapping):
            useful = False
            for stay in overlapping[request]:
                low, high = max(0, stay.start - start), stay.end - start
                useful |= max(short[low:high]) > 0
                short[low:high] = [one - stay.quantity for one in short[low:high]]
            if useful:
                leaving.append(request)
                if max(short) <= 0:
                    break
        return tuple(leaving)

    def _least_first(self, requests: Collection[int]) -> tuple[int, ...]:
        if len(requests) == 1:
            return tuple(requests)
        return tuple(sorted(sorted(requests), key=self._points.__getitem__))

    def _points_needed(self, request: int, known: Mapping[int, Obstacle]) -> int:
        """Give whole points per credit that outweigh all who would have to leave."""
        options = []
        for facility, sessions in self.timetable.choices(request).items():
            cheapest = self._together([[known[one] for one in some] for some in sessions])
            if cheapest and self._keeps_cap(request, facility, cheapest):
                options.append(self._price(request, facility, cheapest))
        return min((one for one in options if one), default=0)

    def _together(self, sessions: list[list[Obstacle]]) -> list[Obstacle]:
        """Choose each session's cheapest place beside those chosen before; none if nothing fits.

        Whoever would have to leave for one of them leaves room for the others too. Of the first
        session MOST_TRIED places are tried, the cheapest first.
        """
        first, *rest = (sorted(some, key=lambda one: one.cost) for some in sessions)
        for one in first[:MOST_TRIED]:
            chosen = [one]
            for ranked in rest:
                beside = (each for each in ranked if self._fits_beside(each, chosen))
                chosen += list(islice(beside, 1))
            if len(chosen) == len(sessions):
                return chosen
        return []

    def _fits_beside(self, obstacle: Obstacle, chosen: list[Obstacle]) -> bool:
        """Tell whether a place has room beside others once all in their way have left."""
        offer, start = self.timetable.offer(obstacle.placement), self._start(obstacle)
        beside = [one for one in chosen if self._meets(one, offer, start)]
        if not beside:
            return True
        leaving = {who for one in (*chosen, obstacle) for who in one.blockers}
        free = list(self.timetable.span(obstacle.placement))
        held = [one for who in leaving for one in self.timetable.held[who]]
        for placement, sign in [
            *((one, 1) for one in held),
            *((one.placement, -1) for one in beside),
        ]:
            other = self.timetable.offer(placement)
            if other.resource == offer.resource:
                begin = self.timetable.start(placement) - start
                low, high = max(0, begin), max(0, begin + other.steps)
                free[low:high] = [units + sign * other.quantity for units in free[low:high]]
        return min(free) >= offer.quantity

    def _meets(self, chosen: Obstacle, offer: Offer, start: int) -> bool:
        other = self.timetable.offer(chosen.placement)
        begin = self._start(chosen)
        overlaps = begin < start + offer.steps and start < begin + other.steps
        return other.resource == offer.resource and overlaps

    def _start(self, obstacle: Obstacle) -> int:
        return self.timetable.start(obstacle.placement)

    def _keeps_cap(self, request: int, facility: int, chosen: list[Obstacle]) -> bool:
        """Tell whether these places keep the cap, once those in their way have left."""
        leaving = {who for one in chosen for who in one.blockers}
        own = [who for who in self._own(request, facility) if who in leaving]
        freed = sum(map(self.timetable.credit, own))
        return self.timetable.keeps_cap([one.placement for one in chosen], freed)

    def _price(self, request: int, facility: int, cheapest: list[Obstacle]) -> int:
        """Price each session's cheapest place, and the cap, at what would be lost; 0: nobody."""
        leaving = {one for obstacle in cheapest for one in obstacle.blockers}
        if not leaving:
            return 0
        wanted = [self.timetable.offer(one.placement) for one in cheapest]
        units = sum(one.credit for one in wanted)
        points = sum(self.timetable.points(one) for one in leaving)
        changes = [(self.timetable.members(request, facility), units)]
        changes += [
            (self.timetable.members(one, facility), -self.timetable.credit(one))
            for one in sorted(leaving)
            if self.timetable.facility(one) == facility
        ]
        after = self.timetable.top_up(facility, [one for one in changes if one[0]])
        lost = points + self.timetable.top_up(facility) - after
        own = Fraction(sum(one.points for one in wanted), units)
        per_credit = max(lost / units, own) * self.timetable.compiled.scale
        if self.problem.strict and per_credit > MOST_MERIT:
            return 0
        return int(per_credit) + 1

    def _told(self, obstacle: Obstacle, needed: int) -> dict[str, Any]:
        offer = self.timetable.offer(obstacle.placement)
        start = self.timetable.start(obstacle.placement)
        resource = self.problem.resources[offer.resource].id
        detail = self._detail(obstacle, resource, start, needed)
        return self._reason(
            obstacle.code, offer.session, resource, start, detail, obstacle.blockers
        )

    def _detail(self, obstacle: Obstacle, resource: str, start: int, needed: int) -> str:
        where = f"{resource} from step {start}"
        if obstacle.code == "outbid":
            return self._outbid(where, len(obstacle.blockers), needed)
        if obstacle.code == "cap_reached":
            return (
                f"{where} has room, but the organisation's other requests leave too little of"
                " its cap at this facility; withdraw one of them, or ask elsewhere."
            )
        return (
            f"{where} has room, but the request's sessions are placed all together or not at"
            " all, and not all of them fit; add starts or resources for the others."
        )

    def _outbid(self, where: str, count: int, needed: int) -> str:
        who = "a request that adds" if count == 1 else f"{count} requests that together add"
        if not needed:
            more = "more reserved hours or points" if self.problem.strict else "more"
            return (
                f"{where} is held by {who} {more}; no score would have placed this request as it"
                " is, so ask for other starts or resources."
            )
        if count == 1:
            return (
                f"{where} is held by {who} more to the timetable; {needed} points per hour"
                " would have placed this request, or ask for other starts or resources."
            )
        return (
            f"{where}: to place this request, {count} requests, worth more together, would have"
            f" to leave; {needed} points per hour would have placed it, or ask for other starts"
            " or resources."
        )

    def _reason(
        self,
        code: str,
        session: int | None,
        resource: str | None,
        start: int | None,
        detail: str,
        blockers: tuple[int, ...],
    ) -> dict[str, Any]:
        return {
            "code": code,
            "session": session,
            "resource": resource,
            "start": start,
            "detail": detail,
            "blockers": [self._blocker(one) for one in blockers],
        }

    def _blocker(self, request: int) -> dict[str, Any]:
        """Name who is in the way; the same object wherever it is the same request."""
        if request not in self._blockers:
            per_unit = Fraction(self._points[request], self.timetable.credit(request))
            per_hour = round(float(per_unit * self.timetable.compiled.scale), 2)
            self._blockers[request] = {
                "request": self.problem.requests[request].id,
                "points_per_hour": per_hour,
                "group": self._groups.get(request),
            }
        return self._blockers[request]


def _credited_groups(timetable: Timetable) -> dict[int, str]:
    """Name, for each served request, the group to which most hours like its own are credited."""
    named: dict[int, str] = {}
    flows = [
        Crediting(reserves, supply).flow
        for reserves, supply in zip(timetable.compiled.reserves, timetable.supply, strict=True)
    ]
    for request in sorted(timetable.held):
        facility = timetable.facility(request)
        members = timetable.members(request, facility)
        units = {at: flows[facility].get((members, at), 0) for at in members}
        if any(units.values()):
            most = max(members, key=lambda at: (units[at], -at))
            named[request] = timetable.compiled.reserves[facility][most].group
    return named
