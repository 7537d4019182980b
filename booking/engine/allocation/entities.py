"""The words of a round: what is offered, who asks, for what, under which rules."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Number: TypeAlias = int | float

THRESHOLD = 300
"""Merit below this is not eligible, whatever is reserved: reserves do not buy quality."""


def exact(number: Number) -> Fraction:
    """Give the decimal that a reader of the file sees, as a fraction: 0.1 is 1/10."""
    return Fraction(number) if isinstance(number, int) else Fraction(str(number))


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Top-up points per credit until `up_to` (cumulative share) of the reserve is filled."""

    up_to: Number
    points: Number


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility's rules; `reserved_share` by group name, sorted; no cap is None."""

    id: str
    reserved_share: tuple[tuple[str, Number], ...]
    cap_share: Number | None


@dataclass(frozen=True, slots=True)
class Resource:
    """What can be placed: units, credits per unit and hour, half-open windows in steps."""

    id: str
    facility: str
    kind: str
    capacity: int
    rate: Number
    windows: tuple[tuple[int, int], ...]

    @property
    def offered_steps(self) -> int:
        """Steps inside the windows, counted once whatever the capacity."""
        return sum(end - start for start, end in self.windows)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation and its fair-share factor, frozen when the call opened."""

    id: str
    fair_share: Number


@dataclass(frozen=True, slots=True)
class Alternative:
    """A resource and the starts that would do: either listed, or all inside a span."""

    resource: str
    rank: int
    starts: tuple[int, ...] | None
    span: tuple[int, int] | None

    def starts_for(self, steps: int) -> range | tuple[int, ...]:
        """List the acceptable starts of a session of `steps`, open or not."""
        if self.span is not None:
            return range(self.span[0], self.span[1] - steps + 1)
        return self.starts or ()


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch of use: its length in steps, its units, where and when it may be."""

    steps: int
    quantity: int
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What one project asks for: all its sessions at one facility, or none."""

    id: str
    organisation: str
    groups: tuple[str, ...]
    merit: Number
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A whole round in canonical order: facilities, resources, organisations, requests by id.

    `strict` puts credited reserved hours before points: then the ladder counts for nothing.
    """

    origin: str
    step_minutes: int
    seed: str
    ladder: tuple[LadderStep, ...]
    facilities: tuple[Facility, ...]
    resources: tuple[Resource, ...]
    organisations: tuple[Organisation, ...]
    requests: tuple[Request, ...]
    strict: bool = False

    @property
    def step_hours(self) -> Fraction:
        """Hours in one step."""
        return Fraction(self.step_minutes, 60)


def offered_by_facility(problem: Problem) -> dict[str, Fraction]:
    """Add up capacity x rate x offered hours over each facility's resources, by its id."""
    offered = {one.id: Fraction(0) for one in problem.facilities}
    for one in problem.resources:
        units = one.capacity * one.offered_steps
        offered[one.facility] += units * exact(one.rate) * problem.step_hours
    return offered


def credits_of(problem: Problem, session: Session, resource: Resource) -> Fraction:
    """Give rate x quantity x hours."""
    return exact(resource.rate) * session.quantity * session.steps * problem.step_hours


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file: where it stands, what is wrong and how to mend it.

    What is only doubted has a `code`; a fault that is refused has none.
    """

    path: str
    sentence: str
    code: str = ""

    def __str__(self) -> str:
        """Write the fault as one line."""
        return f"{self.path}: {self.sentence}"


class ProblemRefusedError(ValueError):
    """A file that is no problem; `errors` names every fault, in the order of the file."""

    def __init__(self, errors: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors
