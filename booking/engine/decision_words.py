"""Why a request got no place and what would have helped: one wording for page, mail and API."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.engine.cap_figures import CapFigures

BEST_SCORE: Final = 1000
MILLION: Final = 1_000_000
MOST_NAMED: Final = 4
LEAST_LIKED: Final = 0.95
# No vowels, so that no word comes out; no signs that are easily misread.
_SIGNS: Final = "23456789BCDFGHJKLMNPQRSTVWXZ"
_PSEUDONYM_LENGTH: Final = 8
"""So many that among 50,000 requests hardly ever two are called the same."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """A request that holds what another one wanted, under a pseudonym instead of its name."""

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
    cap: CapFigures | None = None


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


@dataclass(frozen=True, slots=True)
class Standing:
    """What a request brought to the round, and the points per hour that a place would have taken.

    `needed` is None where no points would have been enough.
    """

    merit: int | None
    fair_share_millionths: int
    needed: int | None

    @property
    def own(self) -> int | None:
        """Its own points per hour; a part of a point is dropped."""
        return None if self.merit is None else self.merit * self.fair_share_millionths // MILLION

    @property
    def reachable(self) -> bool:
        """Whether the best score of all would have given the points needed."""
        best = BEST_SCORE * self.fair_share_millionths
        return self.needed is not None and self.needed * MILLION <= best

    @property
    def score_needed(self) -> int | None:
        """The least score that gives the points needed; None where there is none."""
        if self.needed is None or not self.reachable:
            return None
        return -(-self.needed * MILLION // self.fair_share_millionths)

    @property
    def sentence(self) -> str:
        """Set what a place would have taken beside what the request brought."""
        if self.own is None:
            return ""
        words = f"Your request had {self.own} points per hour: its score of {self.merit}"
        if self.fair_share_millionths != MILLION:
            factor = self.fair_share_millionths / MILLION
            words += f", times {factor:.3f} for your organisation's past use"
        if not self.reachable:
            return f"{words}."
        return f"A place would have taken about {self.needed} points per hour. {words}."


def pseudonym(seed: str, request_id: str) -> str:
    """Name a request without naming it: the same in all that is said of one round.

    Whoever knows the round's seed and the request's id can work it out, so auditors can.
    """
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\x1f{request_id}".encode()).digest()[:8], "big")
    signs = []
    for _ in range(_PSEUDONYM_LENGTH):
        drawn, at = divmod(drawn, len(_SIGNS))
        signs.append(_SIGNS[at])
    return "".join(signs)


def because(reason: Reason, *, own: int | None = None, lacking: Sequence[int] = ()) -> str:
    """Say what stands in the way at a start.

    `own` are the request's points per hour, `lacking` its sessions for which nothing was free.
    """
    if reason.code == "outbid":
        return _held_by(reason.blockers, own)
    if reason.code == "cap_reached":
        return f"free, but {_cap_words(reason.cap)}"
    return (
        "free, but all sessions of a request are placed together or not at all, and "
        f"{_lacking_words(reason.session, lacking)}."
    )


def start_words(at: datetime, zone: str) -> str:
    """Word a start on the zone's wall clock: Thu 24 Dec 2026, 15:00."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}"


def end_words(start: datetime, end: datetime, zone: str) -> str:
    """Word an end on the zone's wall clock: by its time alone on the day of the start."""
    begin, until = start_words(start, zone), start_words(end, zone)
    same_day = begin.rpartition(",")[0] == until.rpartition(",")[0]
    return until.rpartition(", ")[2] if same_day else until


def lines(
    reasons: Sequence[Reason], *, zone: str, step: timedelta, own: int | None = None
) -> tuple[Line, ...]:
    """Join adjacent starts of one resource with the same blockers, in the order first met."""
    several = len({each.session for each in reasons}) > 1
    lacking = sessions_lacking(reasons)
    alike: dict[tuple[object, ...], list[Reason]] = {}
    for each in reasons:
        told = "" if each.starts_at else each.sentence
        key = (each.session, each.resource_id, each.code, each.blockers, each.cap, told)
        alike.setdefault(key, []).append(each)
    return tuple(
        _line(run, zone, because(run[0], own=own, lacking=lacking), numbered=several)
        for some in alike.values()
        for run in _runs(some, step)
    )


def sessions_lacking(reasons: Iterable[Reason]) -> tuple[int, ...]:
    """List the sessions of which every place was held by others."""
    codes: dict[int, set[str]] = {}
    for each in reasons:
        if each.session is not None:
            codes.setdefault(each.session, set()).add(each.code)
    return tuple(sorted(at for at, some in codes.items() if some == {"outbid"}))


def advice(reasons: Sequence[Reason], standing: Standing) -> tuple[str, ...]:
    """Say what would have placed the request, one sentence for each way; none where granted."""
    codes = {each.code for each in reasons}
    score = _score_advice(reasons, standing) if standing.needed else ""
    ways = (
        (bool(score), score),
        ("outbid" in codes, _MORE_CHANCES),
        ("outbid" in codes, _SHORTER),
        (bool(codes & {"cap_reached", "above_cap"}), _BELOW_CAP),
        ("partner_session" in codes, _SPLIT),
        ("below_threshold" in codes, _THRESHOLD),
        ("no_placement" in codes, _OPEN_LONGER),
    )
    return tuple(words for applies, words in ways if applies)


_MORE_CHANCES: Final = (
    "More windows or more resources: each further alternative is one more chance, and never "
    "costs points beyond the small one for liking it less."
)
_SHORTER: Final = (
    "Shorter sessions, where they are of use: they fit between what others hold, and have as many "
    "points per hour."
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


def _score_advice(reasons: Iterable[Reason], standing: Standing) -> str:
    if standing.score_needed is not None:
        return (
            f"A score of about {standing.score_needed} instead of {standing.merit or 0}, which "
            f"gives {standing.needed} points per hour. That goes by the round's prices, which are "
            "wrong for a few requests: the page of this decision tries a score by solving again. "
            "Less use in the months before raises the points of every score."
        )
    if any(who.group for each in reasons for who in each.blockers):
        why = (
            "the hours of the requests in the way filled a group's reserve, which adds a top-up "
            "to their points."
        )
    elif standing.needed is not None and standing.needed <= BEST_SCORE:
        most = BEST_SCORE * standing.fair_share_millionths // MILLION
        why = (
            f"after your organisation's use in the months before, even the best score gives "
            f"{most} points per hour. Less use before a round gives more."
        )
    else:
        why = "the requests in the way together add more than one request in their place can."
    return f"No score alone would have placed this request in the timetable as it is: {why}"


def _held_by(blockers: Sequence[Blocker], own: int | None) -> str:
    """Name who holds a place; where prices mislead, say who would have had to leave together."""
    told = [_holder(each) for each in blockers[:MOST_NAMED]]
    if len(blockers) > MOST_NAMED:
        left_out = len(blockers) - MOST_NAMED
        told.append(f"{left_out} more request{'s' if left_out > 1 else ''}")
    words = f"held by {'; and by '.join(told)}."
    if len(blockers) > 1:
        names = [each.name for each in blockers[:MOST_NAMED]]
        if len(blockers) > MOST_NAMED:
            names.append("the others")
        together = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{words} To place you, {together}, worth more together, would have to leave."
    if own is None or not blockers:
        return words
    (who,) = blockers
    # What is liked less has up to a twentieth fewer points, so a little more says nothing.
    if own * LEAST_LIKED > who.points_per_hour and not who.group:
        return f"{words} That is less per hour than yours, but for more hours, so it adds more."
    return words


def _cap_words(cap: CapFigures | None) -> str:
    if cap is None:
        return (
            "your organisation's other requests leave too little of the most that one "
            "organisation may hold here."
        )
    return (
        f"your organisation's other requests hold {cap.held:g} of the {cap.most:g} hours that one "
        f"organisation may hold here, and this request needs {cap.needed:g} more."
    )


def _lacking_words(session: int | None, lacking: Sequence[int]) -> str:
    others = [str(at + 1) for at in lacking if at != session]
    if not others:
        return "no choice of places fits all of them at once"
    if len(others) == 1:
        return f"session {others[0]} found no place"
    return f"sessions {', '.join(others[:-1])} and {others[-1]} found no place"


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


def _line(run: Sequence[Reason], zone: str, why: str, *, numbered: bool) -> Line:
    first, last = run[0], run[-1]
    if first.starts_at is None or last.starts_at is None:
        return Line(first.resource_id, first.resource_name, None, "", _whole(first))
    when = _when(first.starts_at, last.starts_at, zone)
    if numbered and first.session is not None:
        when += f" (session {first.session + 1})"
    return Line(first.resource_id, first.resource_name, first.starts_at, when, why)


def _whole(reason: Reason) -> str:
    """Say a reason of the whole request, with the cap's figures where it speaks of one."""
    if reason.code != "above_cap" or reason.cap is None:
        return reason.sentence
    return (
        f"The request needs {reason.cap.needed:g} hours at the least, and one organisation may "
        f"hold {reason.cap.most:g} at that facility; ask for fewer or shorter sessions, or fewer "
        "units."
    )


def _when(first: datetime, last: datetime, zone: str) -> str:
    begin = start_words(first, zone)
    if first == last:
        return begin
    return f"every start from {begin} to {end_words(first, last, zone)}"
