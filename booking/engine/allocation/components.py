"""Split: facilities linked by requests belong together; each component stands alone."""

from dataclasses import dataclass

import numpy as np

from booking.engine.allocation.placements import Compiled, Ints


@dataclass(frozen=True, slots=True)
class Component:
    """Facilities that some request links, and the placements there, in canonical order."""

    facilities: tuple[int, ...]
    placements: Ints


def split(compiled: Compiled) -> tuple[Component, ...]:
    """Find the components, ordered by their smallest facility."""
    root = list(range(len(compiled.problem.facilities)))
    first: dict[int, int] = {}
    offers = compiled.offers
    for request, facility in zip(offers.request.tolist(), offers.facility.tolist(), strict=True):
        _link(root, first.setdefault(request, facility), facility)
    members: dict[int, list[int]] = {}
    for facility in range(len(root)):
        members.setdefault(_find(root, facility), []).append(facility)
    top_of = np.array([_find(root, at) for at in range(len(root))], dtype=np.int64)
    component_of = top_of[offers.facility][compiled.placements.offer]
    return tuple(
        Component(tuple(some), np.flatnonzero(component_of == top))
        for top, some in sorted(members.items())
    )


def _find(root: list[int], facility: int) -> int:
    while root[facility] != facility:
        root[facility] = root[root[facility]]
        facility = root[facility]
    return facility


def _link(root: list[int], one: int, other: int) -> None:
    low, high = sorted((_find(root, one), _find(root, other)))
    root[high] = low
