"""Why a request got no place and what would have helped: one wording for page, mail and API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

BEST_SCORE: Final = 1000
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Blocker:
    """A request that holds what another one wanted, under a letter instead of its name."""

    name: str
    points_per_hour: float
    group: str | None
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision: its code, where it applies, and a sentence in plain words."""

    code: str
    session: int | None
    resource_id: UUID | None
    resource_name: str
    starts_at: datetime | None
    sentence: str
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Reasons that read as one: a run of starts; `when` is empty where no start is meant."""

    resource_id: UUID | None
    resource_name: str
    starts_at: datetime | None
    when: str
    because: str

    @property
    def sentence(self) -> str:
        """All of the line in one sentence."""
        if not self.when:
            return self.because
        return f"{self.resource_name}, {self.when}: {self.because}"


def because(code: str, blockers: Sequence[Blocker]) -> str:
    """Say what stands in the way at a start."""
    if code == "outbid":
        return f"held by {' and '.join(map(_holder, blockers))}."
    if code == "cap_reached":
        return (
            "free, but your organisation's other requests leave too little of the most that "
            "one organisation may hold here."
        )
    return (
        "free, but all sessions of a request are placed together or not at all, and another "
        "session did not fit."
    )


def start_words(at: datetime, zone: str) -> str:
    """Word a start on the zone's wall clock: Thu 24 Dec 2026, 15:00."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}"


def lines(reasons: Sequence[Reason], *, zone: str, step: timedelta) -> tuple[Line, ...]:
    """Join adjacent starts of one resource with the same blockers, in the order first met."""
    several = len({each.session for each in reasons}) > 1
    alike: dict[tuple[object, ...], list[Reason]] = {}
    for each in reasons:
        told = "" if each.starts_at else each.sentence
        key = (each.session, each.resource_id, each.code, each.blockers, told)
        alike.setdefault(key, []).append(each)
    return tuple(
        _line(run, zone, numbered=several) for some in alike.values() for run in _runs(some, step)
    )


def advice(
    reasons: Sequence[Reason], *, needed: int | None, merit: int | None, fair_share_millionths: int
) -> tuple[str, ...]:
    """Say what would have placed the request, one sentence for each way; none where granted."""
    codes = {each.code for each in reasons}
    score = _score_advice(reasons, needed, merit, fair_share_millionths) if needed else ""
    ways = (
        (bool(score), score),
        ("outbid" in codes, _MORE_CHANCES),
        (bool(codes & {"cap_reached", "above_cap"}), _BELOW_CAP),
        ("partner_session" in codes, _SPLIT),
        ("below_threshold" in codes, _THRESHOLD),
        ("no_placement" in codes, _OPEN_LONGER),
    )
    return tuple(words for applies, words in ways if applies)


def reachable(needed: int | None, fair_share_millionths: int) -> bool:
    """Tell whether the best score of all would have given the points needed."""
    return needed is not None and needed * MILLION <= BEST_SCORE * fair_share_millionths


_MORE_CHANCES: Final = (
    "More windows or more resources: each further alternative is one more chance, and never "
    "costs points beyond the small one for liking it less."
)
_BELOW_CAP: Final = (
    "Fewer or shorter sessions, so that your organisation's requests stay below the cap."
)
_SPLIT: Final = (
    "Splitting the sessions into requests of their own, where they are of use one by one."
)
_THRESHOLD: Final = (
    "A score at or above the round's threshold: read the reviewers' remarks, and ask again in "
    "the next round."
)
_OPEN_LONGER: Final = "Windows in which a resource is open long enough, with enough units."


def _score_advice(
    reasons: Iterable[Reason], needed: int, merit: int | None, fair_share_millionths: int
) -> str:
    if reachable(needed, fair_share_millionths):
        return (
            f"About {needed} points per hour instead of {merit or 0}: a higher score, or less "
            "use in the months before."
        )
    if any(who.group for each in reasons for who in each.blockers):
        why = (
            "the hours of the requests in the way filled a group's reserve, which adds a top-up "
            "to their points."
        )
    elif needed <= BEST_SCORE:
        most = BEST_SCORE * fair_share_millionths // MILLION
        why = (
            f"after your organisation's use in the months before, even the best score gives "
            f"{most} points per hour. Less use before a round gives more."
        )
    else:
        why = "the requests in the way together add more than one request in their place can."
    return f"No score alone would have placed this request: {why}"


def _holder(who: Blocker) -> str:
    words = f"request {who.name} with {who.points_per_hour:.0f} points per hour"
    if not who.group:
        return words
    return (
        f"{words}, counted towards {who.group_name or who.group}, plus a top-up while that "
        "group's reserved hours were being filled"
    )


def _runs(reasons: Iterable[Reason], step: timedelta) -> list[list[Reason]]:
    """Cut reasons into runs of starts one step apart, earliest first."""
    runs: list[list[Reason]] = []
    last: datetime | None = None
    timed = sorted((each.starts_at, at, each) for at, each in enumerate(reasons) if each.starts_at)
    for start, _, each in timed:
        if last is not None and start - last <= step:
            runs[-1].append(each)
        else:
            runs.append([each])
        last = start
    return runs or [[each] for each in list(reasons)[:1]]


def _line(run: Sequence[Reason], zone: str, *, numbered: bool) -> Line:
    first, last = run[0], run[-1]
    if first.starts_at is None or last.starts_at is None:
        return Line(first.resource_id, first.resource_name, None, "", first.sentence)
    when = _when(first.starts_at, last.starts_at, zone)
    if numbered and first.session is not None:
        when += f" (session {first.session + 1})"
    return Line(
        first.resource_id,
        first.resource_name,
        first.starts_at,
        when,
        because(first.code, first.blockers),
    )


def _when(first: datetime, last: datetime, zone: str) -> str:
    begin, end = start_words(first, zone), start_words(last, zone)
    if first == last:
        return begin
    same_day = begin.rpartition(",")[0] == end.rpartition(",")[0]
    until = end.rpartition(", ")[2] if same_day else end
    return f"every start from {begin} to {until}"
