"""Whether a round was run by what was published when its call opened."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from booking.engine.quotas import reserved_shares

MILLION: Final = 1_000_000
Json = Mapping[str, Any]


def broken_promises(bundle: Json) -> tuple[str, ...]:
    """Hold a bundle's problem against its seed's hash, its policy and its snapshot.

    Bundles of the first format hold no policy: of those the seed alone is checked.
    """
    found = [*_seed_faults(bundle["round"], bundle["problem"])]
    try:
        if "policy" in bundle:
            found += _policy_faults(bundle)
    except (KeyError, TypeError, AttributeError, ValueError) as missing:
        found.append(f"policy or snapshot is not as a round writes it: {missing!r}.")
    return tuple(found)


def seed_keeps(seed: str, seed_hash: str) -> bool:
    """Say whether a seed is the one that a hash promised."""
    return hashlib.sha256(seed.encode()).hexdigest() == seed_hash


def _seed_faults(round_: Json, problem: Json) -> Iterator[str]:
    promised = round_.get("seed_hash")
    if promised is not None and not seed_keeps(str(problem["seed"]), str(promised)):
        yield (
            "problem.seed is not the seed that round.seed_hash promised when the call opened: "
            "its sha256 is another."
        )


def _policy_faults(bundle: Json) -> Iterator[str]:
    policy, problem = bundle["policy"], bundle["problem"]
    if policy["id"] != bundle["round"]["policy_version_id"]:
        yield "policy.id is not the round's policy_version_id."
    kept = [rung for rung in policy["ladder"] if rung["points"]]
    if kept != problem["ladder"]:
        yield "problem.ladder is not the ladder of the policy."
    if bool(policy["strict"]) != bool(problem.get("strict", False)):
        yield "problem.strict is not what the policy says."
    yield from _facility_faults(bundle)
    yield from _request_faults(bundle)
    yield from _factor_faults(bundle)


def _facility_faults(bundle: Json) -> Iterator[str]:
    cap = bundle["policy"]["cap_share_ppm"]
    cap_share = None if cap is None else cap / MILLION
    shares = {key: ppm / MILLION for key, ppm in shares_of(bundle).items()}
    for at, each in enumerate(bundle["problem"]["facilities"]):
        if each["reserved_share"] != shares:
            yield f"problem.facilities[{at}].reserved_share is not what the policy reserves."
        if each["cap_share"] != cap_share:
            yield f"problem.facilities[{at}].cap_share is not the cap of the policy."


def shares_of(bundle: Json) -> dict[str, int]:
    """Give the reserved shares in ppm: as the board set them, or as the snapshot derives them."""
    policy, snapshot = bundle["policy"], bundle["snapshot"]
    if policy["reserved_ppm"] is None:
        return {each["key"]: each["reserved_share_ppm"] for each in policy["groups"]}
    return reserved_shares(
        {each["key"]: each["weight"] for each in policy["groups"]},
        snapshot["verified_members"],
        reserved_ppm=policy["reserved_ppm"],
    )


def _request_faults(bundle: Json) -> Iterator[str]:
    least = bundle["round"]["quality_threshold"]
    known = {each["key"] for each in bundle["policy"]["groups"]}
    for at, each in enumerate(bundle["problem"]["requests"]):
        if each["merit"] < least:
            yield f"problem.requests[{at}].merit is below the round's quality_threshold {least}."
        if not known.issuperset(each["groups"]):
            yield f"problem.requests[{at}].groups names a group that is not in the policy."


def _factor_faults(bundle: Json) -> Iterator[str]:
    """Compare the factors with those of the snapshot; a corrected result has its own reasons."""
    if bundle["round"]["result_note"]:
        return
    factors = bundle["snapshot"]["fair_share_millionths"]
    for at, each in enumerate(bundle["problem"]["organisations"]):
        kept = factors.get(each["id"])
        if kept is not None and each["fair_share"] != kept / MILLION:
            yield f"problem.organisations[{at}].fair_share is not the one of the snapshot."
