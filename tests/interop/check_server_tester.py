"""What caldav-server-tester finds may get better, never worse."""

from typing import Final

from tests.interop.clients import known_features, observed_features

WORST: Final = "unknown"
WORST_FIRST: Final = (
    WORST, "broken", "ungraceful", "unsupported", "fragile", "quirk", "full",
)  # fmt: skip


def test_features__as_observed__are_those_kept_or_better(memory_url: str) -> None:
    observed, kept = observed_features(memory_url), known_features()

    worse = {
        name: f"{support} -> {observed.get(name, 'missing')}"
        for name, support in kept.items()
        if _rank(observed.get(name, WORST)) < _rank(support)
    }
    assert worse == {}
    better = {
        name: support
        for name, support in observed.items()
        if _rank(support) > _rank(kept.get(name, WORST))
    }
    assert better == {}, "put these into features.json, so that they stay"


def _rank(support: str) -> int:
    return WORST_FIRST.index(support)
