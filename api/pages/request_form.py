"""The form of an access request: sessions and alternatives, kept as they were typed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from api.pages.fields import Typed
from booking.engine.request_rules import (
    MOST_ALTERNATIVES,
    MOST_SESSIONS,
    WantedAlternative,
    WantedSession,
)
from booking.engine.violations import Violation
from booking.errors import DomainError
from booking.queries.requests import RequestFacts

MOST_HOURS: Final = 10_000
MOST_MINUTES: Final = 10_000
MOST_UNITS: Final = 1_000_000
MOST_RANK: Final = 100
HOUR: Final = 60
_RENAMED: Final = {
    "minutes": "hours",
    "resource_id": "resource",
    "earliest_at": "earliest",
    "latest_at": "latest",
}


def fresh() -> dict[str, str]:
    """Return the fields of an empty form: one session with one alternative."""
    return {"sessions": "1", **_session(0), **_alternative(0, 0)}


def values_of(facts: RequestFacts, zones: Mapping[UUID, str], otherwise: str) -> dict[str, str]:
    """Return the fields that would send the same request; times in each facility's zone."""
    found = {
        "project": str(facts.request.project_id),
        "title": facts.request.title,
        "summary": facts.request.summary,
        "sessions": str(len(facts.sessions)),
    }
    for at, wanted in enumerate(facts.sessions):
        hours, minutes = divmod(wanted.minutes, HOUR)
        start = f"sessions-{at}"
        found |= {
            f"{start}-hours": str(hours),
            f"{start}-minutes": str(minutes),
            f"{start}-quantity": str(wanted.quantity),
            f"{start}-alternatives": str(len(wanted.alternatives)),
        }
        for nth, each in enumerate(wanted.alternatives):
            zone = ZoneInfo(zones.get(each.resource_id, otherwise))
            one = f"{start}-alternatives-{nth}"
            found |= {
                f"{one}-resource": str(each.resource_id),
                f"{one}-earliest": f"{each.earliest_at.astimezone(zone):%Y-%m-%dT%H:%M}",
                f"{one}-latest": f"{each.latest_at.astimezone(zone):%Y-%m-%dT%H:%M}",
                f"{one}-rank": str(each.rank + 1),
            }
    return found


def _session(at: int) -> dict[str, str]:
    return {
        f"sessions-{at}-hours": "4",
        f"sessions-{at}-minutes": "0",
        f"sessions-{at}-quantity": "1",
        f"sessions-{at}-alternatives": "1",
    }


def _alternative(at: int, nth: int) -> dict[str, str]:
    return {f"sessions-{at}-alternatives-{nth}-rank": str(nth + 1)}


def counted(form: Typed, name: str, most: int) -> int:
    """Return how many parts the form says that it holds, within bounds."""
    text = form[name]
    plain = text.isascii() and text.isdigit() and len(text) <= 4  # noqa: PLR2004 - any such is too many
    return max(1, min(int(text), most)) if plain else 1


def shape(form: Typed) -> list[int]:
    """Return the number of alternatives of each session."""
    return [
        counted(form, f"sessions-{at}-alternatives", MOST_ALTERNATIVES)
        for at in range(counted(form, "sessions", MOST_SESSIONS))
    ]


def reshaped(form: Typed, pressed: str) -> Typed | None:
    """Return the form after a button that adds or drops a part; None for other buttons.

    Buttons: `add-session`, `drop-session-N`, `add-alternative-N`, `drop-alternative-N-M`.
    """
    what, *numbers = re.split(r"-(?=\d)", pressed)
    at, nth = ([int(each) for each in numbers if len(each) <= 3] + [-1, -1])[:2]  # noqa: PLR2004
    sizes = shape(form)
    if what == "add-session":
        return _with_session(form, sizes)
    if not 0 <= at < len(sizes):
        return None
    if what == "drop-session":
        return _without_session(form, sizes, at)
    if what == "add-alternative":
        return _with_alternative(form, sizes, at)
    return _without_alternative(form, sizes, at, nth) if what == "drop-alternative" else None


def _with_session(form: Typed, sizes: list[int]) -> Typed:
    """Add a session like the last one: its windows and resources are kept as a start."""
    new = len(sizes)
    if new >= MOST_SESSIONS:
        return form
    copied = {}
    for name, value in form.values.items():
        part = f"sessions-{new - 1}-"
        if name.startswith(part):
            copied[f"sessions-{new}-{name.removeprefix(part)}"] = value
    return replace(form, values={**form.values, **copied, "sessions": str(new + 1)})


def _without_session(form: Typed, sizes: list[int], gone: int) -> Typed:
    if len(sizes) == 1:
        return form
    kept = {}
    for name, value in form.values.items():
        at, rest = _split(name)
        if at is None:
            kept[name] = value
        elif at != gone:
            kept[f"sessions-{at - (at > gone)}-{rest}"] = value
    return replace(form, values={**kept, "sessions": str(len(sizes) - 1)})


def _with_alternative(form: Typed, sizes: list[int], at: int) -> Typed:
    """Add an alternative with the window of the one before, so that it need not be retyped."""
    new = sizes[at]
    if new >= MOST_ALTERNATIVES:
        return form
    start = f"sessions-{at}-alternatives"
    same = {
        f"{start}-{new}-{part}": form[f"{start}-{new - 1}-{part}"]
        for part in ("earliest", "latest")
    }
    count = {start: str(new + 1)}
    return replace(form, values={**form.values, **same, **_alternative(at, new), **count})


def _without_alternative(form: Typed, sizes: list[int], at: int, gone: int) -> Typed:
    if not 0 <= gone < sizes[at] or sizes[at] == 1:
        return form
    start = f"sessions-{at}-alternatives"
    moved = {
        f"{start}-{nth}-{part}": form[f"{start}-{nth + 1}-{part}"]
        for nth in range(gone, sizes[at] - 1)
        for part in ("resource", "earliest", "latest", "rank")
    }
    return replace(form, values={**form.values, **moved, start: str(sizes[at] - 1)})


def _split(name: str) -> tuple[int | None, str]:
    head, _, rest = name.removeprefix("sessions-").partition("-")
    if not name.startswith("sessions-") or not head.isdigit():
        return None, name
    return int(head), rest


def wanted_in(form: Typed, zones: Mapping[UUID, str], otherwise: str) -> tuple[WantedSession, ...]:
    """Read the sessions; what cannot be read is noted at its field.

    `zones` are those of the resources offered; `otherwise` reads times where none is chosen.
    """
    return tuple(_wanted(form, at, count, zones, otherwise) for at, count in enumerate(shape(form)))


def _wanted(
    form: Typed, at: int, count: int, zones: Mapping[UUID, str], otherwise: str
) -> WantedSession:
    start = f"sessions-{at}"
    hours = form.whole(f"{start}-hours", least=0, most=MOST_HOURS) or 0
    minutes = form.whole(f"{start}-minutes", least=0, most=MOST_MINUTES) or 0
    if not hours and not minutes:
        form.fault(f"{start}-hours", "Say how long the session lasts.")
    form.needed(f"{start}-quantity", "Say how many units; one, if you are not sure.")
    quantity = form.whole(f"{start}-quantity", least=1, most=MOST_UNITS)
    alternatives = tuple(_alternatives(form, start, count, zones, otherwise))
    return WantedSession(hours * HOUR + minutes, quantity or 1, alternatives)


def _alternatives(
    form: Typed, start: str, count: int, zones: Mapping[UUID, str], otherwise: str
) -> Iterator[WantedAlternative]:
    for nth in range(count):
        one = f"{start}-alternatives-{nth}"
        form.needed(f"{one}-resource", "Choose a resource.")
        form.needed(f"{one}-earliest", "Say when the session could begin at the earliest.")
        form.needed(f"{one}-latest", "Say by when the session would have to end.")
        resource = form.key(f"{one}-resource")
        zone = zones.get(resource, otherwise) if resource else otherwise
        earliest = form.instant(f"{one}-earliest", zone)
        latest = form.instant(f"{one}-latest", zone)
        rank = form.whole(f"{one}-rank", least=1, most=MOST_RANK)
        if resource and earliest and latest:
            yield WantedAlternative(resource, earliest, latest, (rank or nth + 1) - 1)


def at_fields(refused: DomainError) -> DomainError:
    """Return the refusal with its pointers turned into names of the form's fields."""
    found = [Violation(each.code, each.reason, _field(each)) for each in refused.violations]
    return type(refused)(refused.message, found)


def _field(violation: Violation) -> str:
    if violation.code == "terms_not_accepted":
        return "/terms"
    parts = violation.pointer.strip("/").split("/")
    if parts == ["project_id"]:
        return "/project"
    parts[-1] = _RENAMED.get(parts[-1], parts[-1])
    return "/" + "-".join(parts)
