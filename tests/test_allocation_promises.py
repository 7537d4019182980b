"""What was promised when a call opened binds the bundle of its round."""

import copy
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from booking.engine.allocation.promises import broken_promises, seed_keeps, shares_of

Bundle = dict[str, Any]


def a_bundle(**policy: Any) -> Bundle:
    groups = [
        {"key": "ldc", "weight": 3, "reserved_share_ppm": 200_000},
        {"key": "sme", "weight": 1, "reserved_share_ppm": 100_000},
    ]
    rules: dict[str, Any] = {
        "id": "p1",
        "ladder": [{"up_to": 0.5, "points": 1200}, {"up_to": 1.0, "points": 0}],
        "cap_share_ppm": 100_000,
        "reserved_ppm": None,
        "strict": False,
        "groups": groups,
    }
    return {
        "round": {
            "seed_hash": hashlib.sha256(b"a seed").hexdigest(),
            "policy_version_id": "p1",
            "quality_threshold": 400,
            "result_note": "",
        },
        "policy": rules | policy,
        "snapshot": {
            "verified_members": {"ldc": 2, "sme": 4},
            "fair_share_millionths": {"o1": 750_000},
        },
        "problem": {
            "seed": "a seed",
            "ladder": [{"up_to": 0.5, "points": 1200}],
            "facilities": [
                {"id": "f1", "reserved_share": {"ldc": 0.2, "sme": 0.1}, "cap_share": 0.1}
            ],
            "organisations": [
                {"id": "o1", "fair_share": 0.75},
                {"id": "newcomer", "fair_share": 1.0},
            ],
            "requests": [{"groups": ["ldc"], "merit": 400}],
        },
    }


def test_promises__kept__say_nothing() -> None:
    assert broken_promises(a_bundle()) == ()
    assert broken_promises(a_bundle() | {"policy": a_bundle(note="new words")["policy"]}) == ()


CHANGES: list[tuple[str, Callable[[Bundle], Any]]] = [
    ("seed", lambda one: one["problem"].update(seed="another seed")),
    ("policy_version_id", lambda one: one["policy"].update(id="p2")),
    ("ladder", lambda one: one["policy"]["ladder"][0].update(points=1201)),
    ("strict", lambda one: one["policy"].update(strict=True)),
    ("reserved_share", lambda one: one["policy"]["groups"][0].update(reserved_share_ppm=200_001)),
    ("reserved_share", lambda one: one["problem"]["facilities"][0].update(reserved_share={})),
    ("cap_share", lambda one: one["policy"].update(cap_share_ppm=None)),
    ("quality_threshold", lambda one: one["round"].update(quality_threshold=401)),
    ("groups", lambda one: one["problem"]["requests"][0].update(groups=["startup"])),
    ("fair_share", lambda one: one["problem"]["organisations"][0].update(fair_share=0.76)),
    ("policy or snapshot", lambda one: one["policy"].pop("ladder")),
    ("policy or snapshot", lambda one: one.update(snapshot=None)),
]


@pytest.mark.parametrize(("named", "change"), CHANGES)
def test_promises__something_changed__is_named(named: str, change: Callable[[Bundle], Any]) -> None:
    bundle = copy.deepcopy(a_bundle())
    change(bundle)

    assert any(named in each for each in broken_promises(bundle))


def test_promises__of_a_corrected_result__leave_the_factors_to_its_reasons() -> None:
    bundle = a_bundle()
    bundle["round"]["result_note"] = "An appeal was upheld."
    bundle["problem"]["organisations"][0]["fair_share"] = 0.8

    assert broken_promises(bundle) == ()


def test_promises__shares_from_weights__are_derived_from_the_snapshot() -> None:
    bundle = a_bundle(reserved_ppm=300_000)
    assert shares_of(bundle) == {"ldc": 180_000, "sme": 120_000}
    assert any("reserved_share" in each for each in broken_promises(bundle))

    bundle["problem"]["facilities"][0]["reserved_share"] = {"ldc": 0.18, "sme": 0.12}
    assert broken_promises(bundle) == ()


def test_promises__of_a_bundle_of_the_first_format__are_its_seed() -> None:
    bundle = a_bundle()
    del bundle["policy"], bundle["snapshot"]
    assert broken_promises(bundle) == ()

    bundle["problem"]["seed"] = "another seed"
    assert len(broken_promises(bundle)) == 1


def test_seed_keeps__the_hash_of_another__does_not() -> None:
    promised = hashlib.sha256(b"a seed").hexdigest()

    assert seed_keeps("a seed", promised)
    assert not seed_keeps("a seed ", promised)
