"""What a method of allocation is given, and what it gives back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Effort:
    """The gap to reach, the processor seconds of a reference, the workers allowed."""

    gap: float
    seconds: float
    workers: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A timetable; the bound it proves, if any, and the worst gap of a facility.

    `worker_memory` is the peak of a worker process in megabytes.
    """

    bookings: list[dict[str, Any]]
    bound: float = np.inf
    worst_gap: float | None = None
    worker_memory: float | None = None
    notes: str = ""


@dataclass(slots=True)
class Share:
    """Deals seconds to parts, one after another; what one does not use the others have."""

    seconds: float
    parts: int
    spent: float = 0.0
    bounds: list[float] = field(default_factory=list)

    def next(self) -> float:
        """Give the next part's seconds, and at least one."""
        left = max(1, self.parts - len(self.bounds))
        return max(1.0, (self.seconds - self.spent) / left)


def peak_memory(pid: int) -> float:
    """Read the most memory a process has had resident, in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kilobytes) / 1000
