"""The form of a policy: groups, ladder, cap, release; what was typed is kept, field by field."""

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from api.pages.fields import Typed, errors_of
from api.pages.rule_presets import (
    FIELD_OF,
    KINDS,
    OP_OPTIONS,
    SIZE_OPTIONS,
    fields_of,
    rule_in,
)
from booking.engine.quotas import PPM, LadderStep, PolicyCode, percent
from booking.engine.violations import Violation
from booking.errors import DomainError
from booking.services.policies import GroupWish, PolicyWish

MOST_GROUPS: Final = 30
RUNGS: Final = 3
MOST_WEIGHT: Final = 1_000_000
MOST_POINTS: Final = 1_000_000
MOST_DAYS: Final = 3660
SET, DERIVED = "set", "derived"
LADDER, STRICT = "ladder", "strict"
SHARES: Final = (
    (SET, "The board sets each group's share"),
    (DERIVED, "They follow from weights and the number of members"),
)
ORDERS: Final = (
    (LADDER, "Merit and top-up points decide together"),
    (STRICT, "Reserved hours are filled first, then merit decides (strict)"),
)
FORM_NAMES: Final = {"cap_share": "cap", "reserved_share": "reserved", "strict": "order"}
FIRST_RESERVED_PPM: Final = 300_000
_GROUP_PARTS: Final = (
    *("key", "name", "kind", "years", "size", "grace"),
    *("attribute", "op", "value", "rule", "share", "weight"),
)


def form_shown(form: Typed, refused: DomainError | None) -> dict[str, Any]:
    """Return what the form's template needs: what was typed, what is wrong, what to choose from."""
    return {
        "typed": form,
        "errors": errors_of(refused) | errors_of(form.refusal),
        "count": count_of(form),
        "shares": SHARES,
        "orders": ORDERS,
        "kinds": tuple(KINDS.items()),
        "sizes": SIZE_OPTIONS,
        "ops": OP_OPTIONS,
    }


def values_of(wish: PolicyWish) -> dict[str, str]:
    """Return the fields of the form that would publish the wish again."""
    found = {
        "groups": str(len(wish.groups)),
        "cap": "" if wish.cap_share_ppm is None else _plain(wish.cap_share_ppm),
        "release_first_days": str(wish.release_first_days),
        "release_all_days": str(wish.release_all_days),
        "half_life_days": str(wish.half_life_days),
        "grace_days": str(wish.grace_days),
        "shares": SET if wish.reserved_ppm is None else DERIVED,
        "reserved": _plain(wish.reserved_ppm or FIRST_RESERVED_PPM),
        "order": STRICT if wish.strict else LADDER,
        "note": "",
    }
    for at, group in enumerate(wish.groups):
        parts = {
            "key": group.key,
            "name": group.name,
            "share": _plain(group.reserved_share_ppm),
            "weight": str(group.weight),
            **fields_of(group.rule),
        }
        found |= {f"groups-{at}-{name}": value for name, value in parts.items()}
    for at, step in enumerate(wish.ladder):
        found[f"ladder-{at}-up_to"] = _plain(step.up_to_ppm)
        found[f"ladder-{at}-points"] = str(step.points)
    return found


def _plain(ppm: int) -> str:
    return percent(ppm).removesuffix(" %")


def count_of(form: Typed) -> int:
    """Return how many groups the form holds."""
    text = form["groups"]
    return min(int(text), MOST_GROUPS) if text.isascii() and text.isdigit() and text else 0


def with_group(form: Typed) -> Typed:
    """Return the form with one more group, of the kind chosen for it."""
    at = count_of(form)
    kind = form["add_kind"] if form["add_kind"] in KINDS else "sme"
    name = KINDS[kind].partition(":")[0].partition(" (")[0].partition(",")[0]
    new = {"name": name, "kind": kind, "share": "0", "weight": "1", "years": "5", "size": "medium"}
    added = {f"groups-{at}-{part}": value for part, value in new.items()}
    return replace(form, values={**form.values, **added, "groups": str(min(at + 1, MOST_GROUPS))})


def without_group(form: Typed, gone: int) -> Typed:
    """Return the form without one of its groups; those after it move up."""
    count = count_of(form)
    if not 0 <= gone < count:
        return form
    values = dict(form.values)
    for at in range(gone, count):
        for part in _GROUP_PARTS:
            values[f"groups-{at}-{part}"] = form[f"groups-{at + 1}-{part}"]
    values["groups"] = str(count - 1)
    return replace(form, values=values)


def wish_in(form: Typed) -> PolicyWish:
    """Read the policy; what cannot be read is noted at its field."""
    first = form.whole("release_first_days", least=0, most=MOST_DAYS)
    last = form.whole("release_all_days", least=0, most=MOST_DAYS)
    half_life = form.whole("half_life_days", least=1, most=MOST_DAYS)
    for name, found in (
        ("release_first_days", first),
        ("release_all_days", last),
        ("half_life_days", half_life),
    ):
        if found is None:
            form.fault(name, "Write a number of days.")
    derived = form["shares"] == DERIVED
    return PolicyWish(
        groups=_groups(form),
        reserved_ppm=_share(form, "reserved") if derived else None,
        strict=form["order"] == STRICT,
        ladder=_ladder(form),
        cap_share_ppm=_share(form, "cap") if form["cap"].strip() else None,
        release_first_days=first or 0,
        release_all_days=last or 0,
        half_life_days=half_life or 1,
        grace_days=form.whole("grace_days", least=0, most=MOST_DAYS) or 0,
        note=form.line("note"),
    )


def _groups(form: Typed) -> tuple[GroupWish, ...]:
    taken: set[str] = {form[f"groups-{at}-key"] for at in range(count_of(form))}
    found = []
    for at in range(count_of(form)):
        start = f"groups-{at}"
        form.needed(f"{start}-name", "Give the group a name that people will read.")
        name = form.line(f"{start}-name", longest=120)
        key = form[f"{start}-key"][:60] or _new_key(name, form[f"{start}-kind"], taken)
        taken.add(key)
        weight = form.whole(f"{start}-weight", least=0, most=MOST_WEIGHT)
        found.append(
            GroupWish(
                key=key,
                name=name,
                rule=rule_in(form, start),
                reserved_share_ppm=_share(form, f"{start}-share"),
                weight=1 if weight is None else weight,
            )
        )
    return tuple(found)


def _new_key(name: str, kind: str, taken: set[str]) -> str:
    """Make the short key that files and reports name the group by."""
    start = kind if kind not in {"attribute", "combined"} else _slug(name)
    tries = [start, *(f"{start}-{number}" for number in range(2, MOST_GROUPS + 2))]
    return next(each for each in tries if each not in taken)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "group"


def _share(form: Typed, name: str) -> int:
    text = form[name].strip().removesuffix("%").strip().replace(",", ".")
    try:
        exact = Decimal(text or "x") * (PPM // 100)
    except InvalidOperation:
        exact = Decimal("NaN")
    if exact.is_finite() and abs(exact) <= 10 * PPM and exact == exact.to_integral_value():
        return int(exact)
    form.fault(name, "Write a percentage with at most four decimals, such as 12.5.")
    return 0


def _ladder(form: Typed) -> tuple[LadderStep, ...]:
    found = []
    for at in range(RUNGS):
        up_to, points = f"ladder-{at}-up_to", f"ladder-{at}-points"
        if not form[up_to].strip() and not form[points].strip():
            continue
        form.needed(points, "Write the points per hour of this step.")
        given = form.whole(points, least=0, most=MOST_POINTS)
        found.append(LadderStep(_share(form, up_to), given or 0))
    return tuple(found)


def at_fields(refused: DomainError, wish: PolicyWish) -> DomainError:
    """Return the refusal with its pointers turned into names of the form's fields.

    Shares that are too much together are marked at each group that has one.
    """
    found = [
        Violation(each.code, each.reason, f"/{name}")
        for each in refused.violations
        for name in (
            _fields_with_a_share(wish)
            if each.code == PolicyCode.SHARES_ABOVE_ONE
            else [field_of(each.pointer)]
        )
    ]
    return type(refused)(refused.message, found)


def _fields_with_a_share(wish: PolicyWish) -> list[str]:
    return [
        f"groups-{at}-share" for at, each in enumerate(wish.groups) if each.reserved_share_ppm > 0
    ]


def field_of(pointer: str) -> str:
    """Return the field that a JSON pointer of a policy stands for."""
    parts = pointer.strip("/").split("/")
    match parts:
        case ["groups", at, "rule", *inside]:
            return f"groups-{at}-{_rule_field(inside)}"
        case ["groups", at, part]:
            return f"groups-{at}-{_renamed(part)}"
        case ["ladder", at, part]:
            return f"ladder-{at}-{'points' if part == 'points' else 'up_to'}"
        case [part]:
            return FORM_NAMES.get(part, part)
    return parts[0]


def _rule_field(inside: list[str]) -> str:
    return FIELD_OF.get(inside[0], "kind") if len(inside) == 1 else "rule"


def _renamed(part: str) -> str:
    return "share" if "share" in part else part
