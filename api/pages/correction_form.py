"""The corrected fact of an upheld appeal, as an officer types it."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from api.pages.fields import Typed
from booking.engine.intervals import MINUTE
from booking.engine.vocabulary import AppealedFact
from booking.queries.requests import RequestFacts
from booking.queries.round_pages import RoundShown

Change = dict[str, Any]
MOST_MERIT: Final = 1000
MOST_MINUTES: Final = 527_040
MOST_UNITS: Final = 2**31 - 1
ASKED: Final = (
    ("length", "the length of a session"),
    ("units", "the units of a session"),
    ("window", "a resource and window that were left out"),
)


def read_correction(
    form: Typed, fact: AppealedFact, shown: RoundShown, facts: RequestFacts
) -> Change | None:
    """Read the corrected fact; None where the form has a fault, which is then noted."""
    change = _READERS[fact](form, shown, facts)
    return None if form.refusal else change


def fields_of(facts: RequestFacts) -> dict[str, str]:
    """Return what the form holds before anything is typed: the facts as they are recorded."""
    request = facts.request
    first = facts.sessions[0] if facts.sessions else None
    return {
        "merit": "" if request.merit is None else str(request.merit),
        "fair_share": f"{Decimal(request.fair_share_millionths) / 1_000_000:f}",
        "minutes": str(first.minutes) if first else "",
        "quantity": str(first.quantity) if first else "",
        "session": "0",
        **{f"group-{key}": "yes" for key in facts.groups},
    }


def _groups(form: Typed, shown: RoundShown, facts: RequestFacts) -> Change:
    del facts
    chosen = [each.key for each in shown.groups if form[f"group-{each.key}"] == "yes"]
    return {"kind": "corrected_groups", "groups": chosen, "whole_organisation": True}


def _merit(form: Typed, shown: RoundShown, facts: RequestFacts) -> Change:
    del shown, facts
    form.needed("merit", "Write the score that is right.")
    return {"kind": "score", "merit": form.whole("merit", least=0, most=MOST_MERIT)}


def _fair_share(form: Typed, shown: RoundShown, facts: RequestFacts) -> Change:
    del shown, facts
    try:
        factor = float(Decimal(form["fair_share"].strip()))
    except InvalidOperation:
        factor = 0.0
    if not 0 < factor <= 1:
        form.fault("fair_share", "Write the factor that is right, above 0 and at most 1: 0.93.")
    return {"kind": "fair_share", "fair_share": factor}


def _asked(form: Typed, shown: RoundShown, facts: RequestFacts) -> Change:
    which = form.whole("session", least=0, most=max(0, len(facts.sessions) - 1)) or 0
    match form["what"]:
        case "length":
            return _length(form, shown, which)
        case "units":
            form.needed("quantity", "Write how many units were asked for.")
            quantity = form.whole("quantity", least=1, most=MOST_UNITS)
            return {"kind": "units", "session": which, "quantity": quantity}
        case "window":
            return _window(form, shown, which)
    form.fault("what", "Choose what was read wrongly.")
    return {}


def _length(form: Typed, shown: RoundShown, which: int) -> Change:
    step = shown.facts.round.step_minutes
    form.needed("minutes", "Write how many minutes were asked for.")
    minutes = form.whole("minutes", least=1, most=MOST_MINUTES)
    if minutes is not None and minutes % step:
        form.fault("minutes", f"The round places whole steps of {step} minutes.")
    return {"kind": "session_length", "session": which, "steps": (minutes or step) // step}


def _window(form: Typed, shown: RoundShown, which: int) -> Change:
    found = shown.facts.round
    resource, step = form.key("resource"), found.step_minutes * MINUTE
    zone = _zone_of(shown, resource)
    earliest, latest = form.instant("earliest", zone), form.instant("latest", zone)
    form.needed("resource", "Choose the resource.")
    form.needed("earliest", "Write from when it would have done.")
    form.needed("latest", "Write until when it would have done.")
    if earliest is None or latest is None or resource is None:
        return {}
    span = {
        "from": -((found.access_starts_at - earliest) // step),
        "to": (latest - found.access_starts_at) // step,
    }
    alternative = {"resource": str(resource), "rank": 0, **span}
    return {"kind": "more_alternatives", "session": which, "alternatives": [alternative]}


def _zone_of(shown: RoundShown, resource_id: UUID | None) -> str:
    of = {part.facility_id: part.zone for part in shown.facts.facilities}
    named = next((each for each in shown.resources if each.id == resource_id), None)
    return of[named.facility_id] if named else shown.zone


_READERS: Final[Mapping[AppealedFact, Callable[[Typed, RoundShown, RequestFacts], Change]]] = {
    AppealedFact.GROUP: _groups,
    AppealedFact.MERIT: _merit,
    AppealedFact.FAIR_SHARE: _fair_share,
    AppealedFact.REQUEST: _asked,
}
