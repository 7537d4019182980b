"""What a tried policy does: both timetables worked out, and what differs between them."""

from collections.abc import Mapping
from typing import Any, Final

from api import round_run
from api.round_run import Told, ToStop
from booking.engine.allocation.entities import offered_by_facility
from booking.services.policy_trials import Trial

MOST_LISTED: Final = 500
CERTIFICATE: Final = ("objective", "bound", "gap", "stopped", "report", "facilities")


def solve_trial(trial: Trial, told: Told, stop: ToStop, workers: int) -> dict[str, Any]:
    """Work out what the policy in force decides, where that is not known, and what the tried one.

    The answer holds both certificates with their figures, and the difference; of requests that
    gain or lose it lists the largest, and counts them all.
    """
    # The engine is heavy, and most commands and requests never need it.
    from booking.engine.allocation.differences import difference  # noqa: PLC0415

    def solved(problem: Any, told: Told) -> dict[str, Any]:
        return round_run.solve(
            problem, progress=lambda news: told(_as_json(news)), stop=stop, workers=workers
        )

    if trial.result is None:
        today = solved(trial.today, _half(told, 0))
        tried = solved(trial.tried, _half(told, 1))
    else:
        today, tried = trial.result, solved(trial.tried, told)
    found = difference(trial.today, today, trial.tried, tried)
    return {
        "today": _side(today),
        "tried": _side(tried),
        "offered": offered(trial),
        "kinds": dict(trial.kinds),
        "difference": _shortened(_with_groups(found.as_json(), trial)),
        "stopped": bool(today["stopped"] or tried["stopped"]),
    }


def _as_json(news: Any) -> dict[str, Any]:
    return {
        "done": news.done,
        "total": news.total,
        "objective": news.objective,
        "bound": news.bound,
    }


def _half(told: Told, before: int) -> Told:
    """Tell how far one of two equal works is; what is proved by then is told of the second."""

    def half(news: Mapping[str, Any]) -> None:
        count = {"done": news["done"] + before * news["total"], "total": 2 * news["total"]}
        told({**news, **count} if before else count)

    return half


def offered(trial: Trial) -> dict[str, float]:
    """Return the credits that each facility offers."""
    return {key: float(credit) for key, credit in offered_by_facility(trial.today).items()}


def _side(result: Mapping[str, Any]) -> dict[str, Any]:
    placed = {each["request"] for each in result["bookings"]}
    refused = sum(not each["granted"] for each in result["decisions"])
    kept = {name: result[name] for name in CERTIFICATE}
    return kept | {
        "granted": len(placed),
        "requests": len(placed) + refused,
        "bookings": len(result["bookings"]),
    }


def _with_groups(found: dict[str, Any], trial: Trial) -> dict[str, Any]:
    """Give each request that differs its groups under either policy."""
    before = {each.id: each.groups for each in trial.today.requests}
    lists = {
        name: [
            each | {"groups": sorted({*each["groups"], *before[each["request"]]})}
            for each in found[name]
        ]
        for name in ("gained", "lost", "moved")
    }
    return found | lists


def _shortened(found: dict[str, Any]) -> dict[str, Any]:
    """Keep counts of all that differs, and the largest of those who gain, lose or are moved."""
    lists = ("gained", "lost", "moved", "organisations")
    shortened = {name: _largest(found[name]) for name in lists}
    return found | shortened | {"counts": {name: len(found[name]) for name in lists}}


def _largest(shifts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def size(shift: dict[str, Any]) -> float:
        credit = shift["credits"]
        return -abs(float(credit["after"]) - float(credit["before"]))

    return sorted(shifts, key=size)[:MOST_LISTED]
