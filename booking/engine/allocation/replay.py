"""A round in one file that anyone can run again: the rules, the requests and the result."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from booking.engine.allocation.adoption import allocate_adopting
from booking.engine.allocation.problem import (
    ProblemRefusedError,
    canonical_json,
    read_problem,
    sha256_of,
)
from booking.engine.allocation.promises import broken_promises
from booking.engine.allocation.run import ENGINE
from booking.engine.allocation.verification import verify

BUNDLE_FORMAT: Final = "benchshare-bundle/2"
FIRST_FORMAT: Final = "benchshare-bundle/1"
_FIRST_KEYS: Final = ("format", "round", "problem", "result", "versions", "gap", "bundle_sha256")
_KEYS: Final = {
    FIRST_FORMAT: _FIRST_KEYS,
    BUNDLE_FORMAT: (*_FIRST_KEYS, "policy", "snapshot"),
}
_ABSENT: Final = object()
_AGAIN: Final = "when run again."
FIRST_ENGINE: Final = 1


def make_bundle(
    round_: Mapping[str, Any],
    problem: Mapping[str, Any],
    result: Mapping[str, Any],
    versions: Mapping[str, Any],
    *,
    promised: Mapping[str, Any] | None = None,
    gap: float = 0.01,
) -> dict[str, Any]:
    """Put a round into one object; `gap` is the one that the result was allocated with.

    `promised` holds the policy and the snapshot; without them it is a bundle of the first
    format. The hash covers everything else, `work` and `versions` included.
    """
    bundle: dict[str, Any] = {
        "format": FIRST_FORMAT if promised is None else BUNDLE_FORMAT,
        "round": dict(round_),
        "problem": dict(problem),
        "result": dict(result),
        "versions": dict(versions),
        "gap": gap,
        **(promised or {}),
    }
    return {**bundle, "bundle_sha256": sha256_of(bundle)}


def verify_bundle(bundle: Mapping[str, Any]) -> tuple[str, ...]:
    """Run a bundle's round again and say every difference; nothing where all agree.

    Four proofs: the hash of the whole, the promises made when the call opened (seed, policy,
    snapshot), an independent check of the result and its certificate, and a second run compared
    number by number (apart from `work`).
    """
    faults = _shape_faults(bundle)
    if faults:
        return tuple(faults)
    try:
        problem = read_problem(bundle["problem"])
    except ProblemRefusedError as refused:
        return tuple(f"problem.{one}" for one in refused.errors)
    result = bundle["result"]
    faults += broken_promises(bundle)
    faults += verify(problem, result)
    if result.get("stopped"):
        faults.append("The result was stopped by a time limit, so a second run may differ.")
    try:
        contested = [(one["request"], one["group"]) for one in result.get("adopted", ())]
        again = allocate_adopting(problem, contested, gap=bundle["gap"])
    except (KeyError, TypeError, ProblemRefusedError):
        faults.append("result.adopted does not list requests of the problem with a group each.")
        return (*_hash_faults(bundle), *faults)
    faults += _differences(_without_work(result), _without_work(again), "result")
    return (*_hash_faults(bundle), *faults)


def made_with(result: Mapping[str, Any]) -> str | None:
    """Return the solver's version that a result says it was made with: `HiGHS 1.15.1`."""
    work = result.get("work")
    solver = work.get("solver") if isinstance(work, Mapping) else None
    return solver.rpartition(" ")[2] if isinstance(solver, str) and solver else None


def made_otherwise(bundle: Mapping[str, Any], *, solver: str) -> str | None:
    """Say how a bundle was made, where the engine or the solver's version is another here.

    Another engine may decide otherwise, another solver choose another of several timetables
    that are equally good.
    """
    result = bundle.get("result")
    if not isinstance(result, Mapping):
        return None
    hints = []
    made = made_with(result)
    if made not in {None, solver}:
        hints.append(
            f"This bundle was made with HiGHS {made}, and here is {solver}, which may choose "
            f"another of several timetables that are equally good. Run: pip install "
            f"highspy=={made} and verify again."
        )
    engine = _engine_of(result)
    if engine not in {None, ENGINE}:
        hints.append(
            f"This bundle was decided by engine {engine} of Benchshare, and here is engine "
            f"{ENGINE}, which may decide otherwise. Install the Benchshare that decided it and "
            "verify again."
        )
    return " ".join(hints) or None


def second_run_alone(faults: Sequence[str]) -> bool:
    """Tell whether a bundle is right in itself, and only the second run came out otherwise."""
    return all(one.endswith(_AGAIN) for one in faults)


def _engine_of(result: Mapping[str, Any]) -> object:
    """Return the number of the engine that decided; the first one did not write its own."""
    work = result.get("work")
    return work.get("engine", FIRST_ENGINE) if isinstance(work, Mapping) else None


def _shape_faults(bundle: object) -> list[str]:
    if not isinstance(bundle, Mapping):
        return ["The bundle is no object; give the file that the round run wrote."]
    written = bundle.get("format", FIRST_FORMAT)
    keys = _KEYS.get(written, _KEYS[BUNDLE_FORMAT]) if isinstance(written, str) else _FIRST_KEYS
    faults = [f"{key} is missing; add it." for key in keys if key not in bundle]
    faults += [f"{key} is not a known key; remove it." for key in bundle if key not in keys]
    if written not in tuple(_KEYS):
        faults.append(f"format is {written!r}; write {BUNDLE_FORMAT!r}.")
    if not isinstance(bundle.get("round", {}), Mapping):
        faults.append("round is no object; give what the round run wrote.")
    if not isinstance(bundle.get("result", {}), Mapping):
        faults.append("result is no object; give the one that was published.")
    gap = bundle.get("gap", 0.0)
    if isinstance(gap, bool) or not isinstance(gap, int | float) or not 0 <= gap < 1:
        faults.append(f"gap is {gap!r}; write a share from 0 to below 1.")
    return faults


def _hash_faults(bundle: Mapping[str, Any]) -> list[str]:
    kept = {key: value for key, value in bundle.items() if key != "bundle_sha256"}
    try:
        found = sha256_of(kept)
    except (TypeError, ValueError):
        return ["The bundle holds a value that is no JSON; write it anew."]
    if bundle["bundle_sha256"] == found:
        return []
    return [f"bundle_sha256 is {bundle['bundle_sha256']!r}; the bundle's content gives {found!r}."]


def _without_work(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "work"}


def _differences(kept: object, again: object, path: str) -> list[str]:
    """Compare two JSON values part by part, by their written form."""
    if isinstance(kept, dict) and isinstance(again, dict):
        return [
            fault
            for key in sorted({*kept, *again})
            for fault in _differences(
                kept.get(key, _ABSENT), again.get(key, _ABSENT), f"{path}.{key}"
            )
        ]
    if isinstance(kept, list) and isinstance(again, list) and len(kept) == len(again):
        return [
            fault
            for at, (one, other) in enumerate(zip(kept, again, strict=True))
            for fault in _differences(one, other, f"{path}[{at}]")
        ]
    if _written(kept) == _written(again):
        return []
    return [f"{path} is {_shown(kept)} in the bundle and {_shown(again)} {_AGAIN}"]


def _written(value: object) -> str:
    return "nothing" if value is _ABSENT else canonical_json(value)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "absent" if value is _ABSENT else repr(value)
