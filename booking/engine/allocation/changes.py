"""One thing that could be otherwise: a change to a problem, and the problem with it.

A change names one request; what it says of an organisation holds for all its requests.
`change_as_json` and `read_change` write and read a change as the file's words.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Final, TypeAlias

from booking.engine.allocation.entities import (
    Alternative,
    Fault,
    Number,
    Problem,
    ProblemRefusedError,
    Request,
)
from booking.engine.allocation.problem import read_problem, write_problem, written_alternative
from booking.engine.allocation.reading import ABSENT, LAST_STEP, Reader, read_alternative

Written: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """Another merit score of the request."""

    kind: ClassVar[str] = "score"
    whole_organisation: ClassVar[bool] = False
    request: str
    merit: Number

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        request["merit"] = self.merit


@dataclass(frozen=True, slots=True)
class MoreAlternatives:
    """More windows or other resources for one session; the rest stays acceptable."""

    kind: ClassVar[str] = "more_alternatives"
    whole_organisation: ClassVar[bool] = False
    request: str
    session: int
    alternatives: tuple[Alternative, ...]

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        added = [written_alternative(one) for one in self.alternatives]
        _session(request, self.session)["alternatives"] += added


@dataclass(frozen=True, slots=True)
class SessionLength:
    """Another length of one session, in steps."""

    kind: ClassVar[str] = "session_length"
    whole_organisation: ClassVar[bool] = False
    request: str
    session: int
    steps: int

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        _session(request, self.session)["steps"] = self.steps


@dataclass(frozen=True, slots=True)
class Units:
    """Another quantity for one session."""

    kind: ClassVar[str] = "units"
    whole_organisation: ClassVar[bool] = False
    request: str
    session: int
    quantity: int

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        _session(request, self.session)["quantity"] = self.quantity


@dataclass(frozen=True, slots=True)
class GroupAdded:
    """The request declares one group more."""

    kind: ClassVar[str] = "group_added"
    whole_organisation: ClassVar[bool] = False
    request: str
    group: str

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        request["groups"] = sorted({*request["groups"], self.group})


@dataclass(frozen=True, slots=True)
class GroupRemoved:
    """The request does without one of its groups."""

    kind: ClassVar[str] = "group_removed"
    whole_organisation: ClassVar[bool] = False
    request: str
    group: str

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        request["groups"] = [one for one in request["groups"] if one != self.group]


@dataclass(frozen=True, slots=True)
class CorrectedGroups:
    """The groups are these: of the request, or of all its organisation's requests."""

    kind: ClassVar[str] = "corrected_groups"
    request: str
    groups: tuple[str, ...]
    whole_organisation: bool = True

    def apply(self, request: Written) -> None:
        """Write the change into a request of the file."""
        request["groups"] = list(self.groups)


@dataclass(frozen=True, slots=True)
class FairShare:
    """Another fair-share factor of the request's organisation, above 0 and at most 1."""

    kind: ClassVar[str] = "fair_share"
    whole_organisation: ClassVar[bool] = True
    request: str
    fair_share: Number

    def apply(self, request: Written) -> None:
        """Leave the request itself as it is."""


Change: TypeAlias = (
    Score
    | MoreAlternatives
    | SessionLength
    | Units
    | GroupAdded
    | GroupRemoved
    | CorrectedGroups
    | FairShare
)

_CHANGES: Final[dict[str, type[Change]]] = {
    one.kind: one
    for one in (
        Score,
        MoreAlternatives,
        SessionLength,
        Units,
        GroupAdded,
        GroupRemoved,
        CorrectedGroups,
        FairShare,
    )
}


def changed(problem: Problem, change: Change) -> Problem:
    """Give the problem with one thing changed, everything else as it was.

    Raises: ProblemRefusedError, by the rules of the file, if the changed request would not
    be one; paths start at `requests[0]` or `organisations[0]`.
    """
    names = subjects(problem, change)
    excerpt = _excerpt(problem, change, names)
    for request in excerpt["requests"]:
        change.apply(request)
    if isinstance(change, FairShare):
        for organisation in excerpt["organisations"]:
            organisation["fair_share"] = change.fair_share
    read = read_problem(excerpt)
    requests = {one.id: one for one in read.requests}
    organisations = {one.id: one for one in read.organisations}
    return replace(
        problem,
        requests=tuple(requests.get(one.id, one) for one in problem.requests),
        organisations=tuple(organisations.get(one.id, one) for one in problem.organisations),
    )


def subjects(problem: Problem, change: Change) -> tuple[str, ...]:
    """Name the requests that a change is about.

    Raises: ProblemRefusedError if the problem has no such request.
    """
    asked = named(problem, change.request)
    if not change.whole_organisation:
        return (asked.id,)
    return tuple(one.id for one in problem.requests if one.organisation == asked.organisation)


def named(problem: Problem, request: str) -> Request:
    """Find a request by its id. Raises: ProblemRefusedError if there is none."""
    for one in problem.requests:
        if one.id == request:
            return one
    sentence = f"names {request!r}, which the round does not list; choose one of its requests."
    raise ProblemRefusedError((Fault("request", sentence),))


def change_as_json(change: Change) -> Written:
    """Write a change: its kind, its request and its values, in the file's words."""
    written: Written = {"kind": change.kind}
    for field in fields(change):
        value = getattr(change, field.name)
        if isinstance(value, tuple):
            value = [written_alternative(one) if _placed(one) else one for one in value]
        written[field.name] = value
    return written


def read_change(obj: object) -> Change:
    """Read a change that was written, or that someone asks for.

    Whether the request can be so is for `changed` to say.
    Raises: ProblemRefusedError naming every fault by its key.
    """
    reader = Reader()
    kind = obj.get("kind") if isinstance(obj, dict) else None
    wanted = _CHANGES.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        listed = ", ".join(sorted(_CHANGES))
        raise ProblemRefusedError((Fault("kind", f"is no known change; write one of {listed}."),))
    optional = "whole_organisation" if wanted is CorrectedGroups else ""
    required = " ".join(one.name for one in fields(wanted) if one.name != optional)
    keys = reader.keys(obj, "", f"kind {required}", optional)
    values = {
        key: _read_value(reader, key, value)
        for key, value in keys.items()
        if key != "kind" and value is not ABSENT
    }
    if reader.faults:
        raise ProblemRefusedError(tuple(reader.faults))
    return wanted(**values)


def _read_value(reader: Reader, key: str, value: object) -> Any:
    """Read one value; numbers are checked again where they are used."""
    if key in {"request", "group"}:
        return reader.text(value, key)
    if key == "groups":
        return reader.list_of(value, key, Reader.text, least=0)
    if key == "alternatives":
        return reader.list_of(value, key, read_alternative, least=1)
    if key == "whole_organisation":
        if not isinstance(value, bool):
            reader.refuse(key, f"is {value!r}; write true or false.")
        return value
    if key in {"merit", "fair_share"}:
        return reader.number(value, key, 0, 1000)
    return reader.whole(value, key, 0, LAST_STEP)


def _session(request: Written, number: int) -> Written:
    sessions: list[Written] = request["sessions"]
    if 0 <= number < len(sessions):
        return sessions[number]
    sentence = f"is {number}; the request has sessions 0 to {len(sessions) - 1}."
    raise ProblemRefusedError((Fault("session", sentence),))


def _excerpt(problem: Problem, change: Change, names: Iterable[str]) -> Written:
    """Write the file with nothing but these requests and what they name."""
    kept = set(names)
    requests = tuple(one for one in problem.requests if one.id in kept)
    owners = {one.organisation for one in requests}
    wanted = {
        one.resource
        for request in requests
        for session in request.sessions
        for one in session.alternatives
    }
    if isinstance(change, MoreAlternatives):
        wanted |= {one.resource for one in change.alternatives}
    resources = tuple(one for one in problem.resources if one.id in wanted)
    homes = {one.facility for one in resources}
    return write_problem(
        replace(
            problem,
            requests=requests,
            organisations=tuple(one for one in problem.organisations if one.id in owners),
            resources=resources,
            facilities=tuple(one for one in problem.facilities if one.id in homes),
        )
    )


def _placed(value: object) -> bool:
    return isinstance(value, Alternative)
