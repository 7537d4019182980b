"""How far an allocation has come, told while it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Components done, of how many, and what is proved by now of the whole round.

    `objective` is the worth of the timetables found in the components done, before the last
    pass that fills what is left; `bound` is at least the best possible of the whole round:
    proved by the solver where done, by prices alone where not, so it starts loose. None
    where no bound is known yet.
    """

    done: int
    total: int
    objective: float = 0.0
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        """Give the share that what is done may be short of the whole round's best.

        It falls towards the final gap as components are done: what is not yet done counts
        as nothing found. None where no bound is known.
        """
        if self.bound is None:
            return None
        return max(0.0, (self.bound - self.objective) / self.bound) if self.bound else 0.0
