"""Reading a problem file: every fault is named by its path, none is guessed away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final, TypeVar

from booking.engine.allocation.coherence import too_many_credits, unknown_names
from booking.engine.allocation.doubts import doubts_of
from booking.engine.allocation.entities import (
    Alternative,
    Facility,
    Fault,
    LadderStep,
    Number,
    Organisation,
    Problem,
    ProblemRefusedError,
    Request,
    Resource,
    Session,
    exact,
)

FORMAT: Final = "benchshare-allocation/1"
WHOLE: Final = "the whole file"
MEANT: Final = (
    f'a problem is one object in braces, with the key "format": "{FORMAT}"; name the file that'
    " holds it."
)
LAST_STEP: Final = 10_000_000
MOST_UNITS: Final = 1_000_000_000
ABSENT: Final = object()

Entity = TypeVar("Entity", Facility, Resource, Organisation, Request)
Part = TypeVar("Part")


def read_problem(obj: object, *, doubt: Callable[[Fault], None] | None = None) -> Problem:
    """Read a parsed problem file, in any order, into canonical order.

    Absent `reserved_share`, `cap_share`, `groups`, `rank` and `strict` mean none, none, none,
    0 and false.
    A request above its cap or below the quality threshold is no fault: it is not granted.
    `doubt` is told of what is no fault either, but hardly meant: see `doubts`.
    Raises: ProblemRefusedError naming every fault.
    """
    if not isinstance(obj, dict):
        raise ProblemRefusedError((Fault(WHOLE, f"is {_shown(obj)}; {MEANT}"),))
    reader = Reader()
    problem = _read_round(reader, obj)
    faults = [*reader.faults, *unknown_names(problem)]
    faults += () if faults else too_many_credits(problem)
    if faults:
        raise ProblemRefusedError(tuple(faults))
    if doubt is not None:
        for one in doubts_of(problem):
            doubt(one)
    return _in_order(problem)


class Reader:
    """Takes values apart and remembers each fault, so that one reading finds them all."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def refuse(self, path: str, sentence: str) -> None:
        """Remember a fault."""
        self.faults.append(Fault(path, sentence))

    def keys(
        self, value: object, path: str, required: str, optional: str = ""
    ) -> dict[str, object]:
        """Give the object's values; absent ones are ABSENT; unknown keys are refused."""
        known = [*required.split(), *optional.split()]
        if not isinstance(value, dict):
            self._wrong(path, value, "an object in braces")
            return dict.fromkeys(known, ABSENT)
        for key in value:
            if key not in known:
                self.refuse(
                    _join(path, key), f"is not a known key; remove it or use {_listed(known)}."
                )
        for key in required.split():
            if key not in value:
                self.refuse(_join(path, key), "is missing; add it.")
        return {key: value.get(key, ABSENT) for key in known}

    def text(self, value: object, path: str) -> str:
        """Require text that is not empty."""
        if isinstance(value, str) and value.strip():
            return value
        self._wrong(path, value, "text that is not empty")
        return ""

    def truth(self, value: object, path: str) -> bool:
        """Require true or false; absent means false."""
        if not isinstance(value, bool):
            self._wrong(path, value, "true or false")
        return value is True

    def whole(self, value: object, path: str, low: int, high: int) -> int:
        """Require a whole number from `low` to `high`; true and false are no numbers."""
        if type(value) is int and low <= value <= high:
            return value
        self._wrong(path, value, f"a whole number from {low} to {high}")
        return low

    def number(
        self, value: object, path: str, low: Number, high: Number, *, above: bool = False
    ) -> Number:
        """Require a finite number up to `high`, from `low` or, with `above`, above it."""
        # A comparison with NaN is false, so NaN is refused with the rest.
        if isinstance(value, int | float) and not isinstance(value, bool):  # noqa: SIM102 - typing
            if low <= value <= high and not (above and value == low):
                return value
        bounds = f"above {low} and at most {high}" if above else f"from {low} to {high}"
        self._wrong(path, value, f"a number {bounds}")
        return high

    def list_of(
        self, value: object, path: str, part: Callable[["Reader", object, str], Part], *, least: int
    ) -> tuple[Part, ...]:
        """Require a list of at least `least` parts and read each."""
        if not isinstance(value, list | tuple):
            self._wrong(path, value, "a list in brackets")
            return ()
        if len(value) < least:
            self.refuse(path, f"must hold at least {least}; add one or remove what holds it.")
        return tuple(part(self, item, f"{path}[{at}]") for at, item in enumerate(value))

    def _wrong(self, path: str, value: object, wanted: str) -> None:
        if value is not ABSENT:
            self.refuse(path, f"is {_shown(value)}; write {wanted}.")


def _read_round(reader: Reader, obj: object) -> Problem:
    keys = reader.keys(
        obj,
        "",
        "format origin step_minutes seed ladder facilities resources organisations requests",
        "strict",
    )
    if keys["format"] is not ABSENT and keys["format"] != FORMAT:
        reader.refuse("format", f"is {_shown(keys['format'])}; write {FORMAT!r}.")
    return Problem(
        origin=_origin(reader, keys["origin"]),
        step_minutes=reader.whole(keys["step_minutes"], "step_minutes", 1, 1440),
        seed=reader.text(keys["seed"], "seed"),
        ladder=_ladder(reader, keys["ladder"]),
        facilities=_entities(reader, keys["facilities"], "facilities", _facility),
        resources=_entities(reader, keys["resources"], "resources", _resource),
        organisations=_entities(reader, keys["organisations"], "organisations", _organisation),
        requests=_entities(reader, keys["requests"], "requests", _request),
        strict=reader.truth(keys["strict"], "strict"),
    )


def _origin(reader: Reader, value: object) -> str:
    text = reader.text(value, "origin")
    if text:
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is None or "T" not in text:
            reader.refuse(
                "origin",
                f"is {_shown(text)}; write a date and time with its offset,"
                " such as 2027-01-04T00:00:00Z.",
            )
    return text


def _ladder(reader: Reader, value: object) -> tuple[LadderStep, ...]:
    faults = len(reader.faults)
    ladder = reader.list_of(value, "ladder", _rung, least=0)
    if len(reader.faults) > faults:
        return ladder
    for at in range(1, len(ladder)):
        before, rung = ladder[at - 1], ladder[at]
        if exact(rung.up_to) <= exact(before.up_to):
            reader.refuse(
                f"ladder[{at}].up_to",
                f"is {rung.up_to}, not above {before.up_to} before it; up_to is cumulative,"
                " so let it rise.",
            )
        if exact(rung.points) >= exact(before.points):
            reader.refuse(
                f"ladder[{at}].points",
                f"is {rung.points}, not below {before.points} before it; let the points fall.",
            )
    return ladder


def _rung(reader: Reader, value: object, path: str) -> LadderStep:
    keys = reader.keys(value, path, "up_to points")
    return LadderStep(
        up_to=reader.number(keys["up_to"], f"{path}.up_to", 0, 1, above=True),
        points=reader.number(keys["points"], f"{path}.points", 0, 1_000_000),
    )


def _facility(reader: Reader, value: object, path: str) -> Facility:
    keys = reader.keys(value, path, "id", "reserved_share cap_share")
    cap = keys["cap_share"]
    return Facility(
        id=reader.text(keys["id"], f"{path}.id"),
        reserved_share=_shares(reader, keys["reserved_share"], f"{path}.reserved_share"),
        cap_share=None
        if cap is None or cap is ABSENT
        else reader.number(cap, f"{path}.cap_share", 0, 1),
    )


def _shares(reader: Reader, value: object, path: str) -> tuple[tuple[str, Number], ...]:
    if value is ABSENT:
        return ()
    if not isinstance(value, dict):
        reader.refuse(path, f"is {_shown(value)}; write an object of group: share.")
        return ()
    before = len(reader.faults)
    shares = {
        reader.text(group, f"{path}.{group}"): reader.number(share, f"{path}.{group}", 0, 1)
        for group, share in value.items()
    }
    total = sum(map(exact, shares.values()), Fraction(0))
    if total > 1 and len(reader.faults) == before:
        reader.refuse(
            path,
            f"adds up to {float(total):g}, more than the whole; lower the shares to 1 or less"
            " in total.",
        )
    return tuple(sorted(shares.items()))


def _resource(reader: Reader, value: object, path: str) -> Resource:
    keys = reader.keys(value, path, "id facility kind capacity rate windows")
    return Resource(
        id=reader.text(keys["id"], f"{path}.id"),
        facility=reader.text(keys["facility"], f"{path}.facility"),
        kind=reader.text(keys["kind"], f"{path}.kind"),
        capacity=reader.whole(keys["capacity"], f"{path}.capacity", 1, MOST_UNITS),
        rate=reader.number(keys["rate"], f"{path}.rate", 0, MOST_UNITS, above=True),
        windows=_windows(reader, keys["windows"], f"{path}.windows"),
    )


def _windows(reader: Reader, value: object, path: str) -> tuple[tuple[int, int], ...]:
    windows = reader.list_of(value, path, _window, least=0)
    for at in range(1, len(windows)):
        if windows[at][0] <= windows[at - 1][1]:
            reader.refuse(
                f"{path}[{at}]",
                f"starts at {windows[at][0]}, not after the end {windows[at - 1][1]} of the one"
                " before; sort the windows and join those that touch or overlap.",
            )
    return windows


def _window(reader: Reader, value: object, path: str) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004 - a pair
        reader.refuse(path, f"is {_shown(value)}; write a pair [first step, step after the last].")
        return (0, 1)
    return _pair(reader, value[0], value[1], f"{path}[0]", f"{path}[1]")


def _pair(reader: Reader, first: object, last: object, here: str, there: str) -> tuple[int, int]:
    faults = len(reader.faults)
    start = reader.whole(first, here, 0, LAST_STEP)
    end = reader.whole(last, there, 1, LAST_STEP)
    given = first is not ABSENT and last is not ABSENT
    if len(reader.faults) == faults and end <= start and given:
        reader.refuse(there, f"is {end}, not after {start}; write the step after the last one.")
    return (start, max(end, start + 1))


def _organisation(reader: Reader, value: object, path: str) -> Organisation:
    keys = reader.keys(value, path, "id fair_share")
    return Organisation(
        id=reader.text(keys["id"], f"{path}.id"),
        fair_share=reader.number(keys["fair_share"], f"{path}.fair_share", 0, 1, above=True),
    )


def _request(reader: Reader, value: object, path: str) -> Request:
    keys = reader.keys(value, path, "id organisation merit sessions", "groups")
    groups: tuple[str, ...] = ()
    if keys["groups"] is not ABSENT:
        groups = reader.list_of(keys["groups"], f"{path}.groups", Reader.text, least=0)
    for at, group in enumerate(groups):
        if group in groups[:at]:
            reader.refuse(f"{path}.groups[{at}]", f"names {group!r} again; name each group once.")
    return Request(
        id=reader.text(keys["id"], f"{path}.id"),
        organisation=reader.text(keys["organisation"], f"{path}.organisation"),
        groups=groups,
        merit=reader.number(keys["merit"], f"{path}.merit", 0, 1000),
        sessions=reader.list_of(keys["sessions"], f"{path}.sessions", _session, least=1),
    )


def _session(reader: Reader, value: object, path: str) -> Session:
    keys = reader.keys(value, path, "steps quantity alternatives")
    return Session(
        steps=reader.whole(keys["steps"], f"{path}.steps", 1, LAST_STEP),
        quantity=reader.whole(keys["quantity"], f"{path}.quantity", 1, MOST_UNITS),
        alternatives=reader.list_of(
            keys["alternatives"], f"{path}.alternatives", read_alternative, least=1
        ),
    )


def read_alternative(reader: Reader, value: object, path: str) -> Alternative:
    """Read one alternative: listed starts, or all within a span."""
    keys = reader.keys(value, path, "resource", "starts from to rank")
    listed = keys["starts"] is not ABSENT
    spanned = keys["from"] is not ABSENT or keys["to"] is not ABSENT
    if isinstance(value, dict) and listed == spanned:
        reader.refuse(path, "must hold either starts, or from and to; write one of the two.")
    elif spanned and (keys["from"] is ABSENT or keys["to"] is ABSENT):
        missing = "from" if keys["from"] is ABSENT else "to"
        reader.refuse(f"{path}.{missing}", "is missing; add it, or list the starts instead.")
    span = _pair(reader, keys["from"], keys["to"], f"{path}.from", f"{path}.to")
    rank = keys["rank"]
    return Alternative(
        resource=reader.text(keys["resource"], f"{path}.resource"),
        rank=0 if rank is ABSENT else reader.whole(rank, f"{path}.rank", 0, MOST_UNITS),
        starts=reader.list_of(keys["starts"], f"{path}.starts", _start, least=1)
        if listed
        else None,
        span=span if spanned else None,
    )


def _start(reader: Reader, value: object, path: str) -> int:
    return reader.whole(value, path, 0, LAST_STEP)


def _entities(
    reader: Reader, value: object, path: str, part: Callable[[Reader, object, str], Entity]
) -> tuple[Entity, ...]:
    entities = reader.list_of(value, path, part, least=0)
    seen: dict[str, int] = {}
    for at, entity in enumerate(entities):
        if entity.id in seen and entity.id:
            reader.refuse(
                f"{path}[{at}].id",
                f"{entity.id!r} is already {path}[{seen[entity.id]}]; give each its own id.",
            )
        seen.setdefault(entity.id, at)
    return entities


def _in_order(problem: Problem) -> Problem:
    def by_id(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        return tuple(sorted(entities, key=lambda one: one.id))

    return replace(
        problem,
        facilities=by_id(problem.facilities),
        resources=by_id(problem.resources),
        organisations=by_id(problem.organisations),
        requests=by_id(problem.requests),
    )


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _listed(known: list[str]) -> str:
    return ", ".join(known)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line's worth
