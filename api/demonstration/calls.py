"""The demonstration's round up to the allocation: policy, call, requests, reviews."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from api.demonstration.demand import Choice, Wish, read_jobs, wishes
from api.demonstration.people import Cast, Team
from booking.engine.intervals import Interval
from booking.engine.permissions import SYSTEM, Actor
from booking.engine.request_rules import WantedAlternative, WantedSession
from booking.errors import RulesBroken
from booking.queries.catalogue import ResourceFacts, facts_of
from booking.queries.people import actor_of
from booking.services import access_requests, policies, reviews, rounds, terms

SLUG: Final = "winter-call"
LEAD: Final = "savanna-imaging"
WISHES: Final = 190
WEEKS_OF_ACCESS: Final = 2
CALL_OPENED: Final = timedelta(days=30)
CALL_CLOSED: Final = timedelta(days=9)
REVIEWED: Final = timedelta(days=3)
ACCESS_IN: Final = timedelta(days=15)
LOWEST_SCORE: Final = 330
SCORES: Final = 640
GROUPS: Final[tuple[tuple[str, str, int, dict[str, Any]], ...]] = (
    ("startup", "Startups", 100_000, {"kind": "startup", "max_age_years": 5}),
    ("sme", "Small and medium enterprises", 100_000, {"kind": "sme", "at_most": "medium"}),
    (
        "ldc",
        "Least developed countries",
        120_000,
        {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]},
    ),
    (
        "low-income",
        "Low and lower-middle income countries",
        100_000,
        {
            "kind": "country_scheme",
            "scheme": "wb_income",
            "values": ["low", "lower_middle"],
        },
    ),
    ("first-time", "First-time users", 60_000, {"kind": "first_time_user"}),
)
TERMS: Final = (
    "Time that was granted is used or given back at least two days ahead. Results are made "
    "public within two years, or kept under a licence that the project and the facility agree "
    "on. Publications name the facility. Industry pays the published rate; what is measured "
    "belongs to the project."
)
TOPICS: Final = (
    "Phase analysis of local clays",
    "Pore structure of filter membranes",
    "Alloy ageing under heat",
    "Protein crystals of a vaccine target",
    "Training a crop-disease model",
    "Genome assembly of a highland grain",
    "Coating wear after salt spray",
    "Trace metals in ground water",
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The round's dates, counted from the day of the demonstration."""

    opened_at: datetime
    closed_at: datetime
    reviewed_at: datetime
    access: Interval


def calendar_of(today: datetime) -> Calendar:
    """Return the round's dates: access begins on a Monday two to three weeks ahead."""
    monday = today.date() + ACCESS_IN
    monday += timedelta(days=-monday.weekday() % 7)
    starts_at = datetime.combine(monday, time(), UTC)
    return Calendar(
        opened_at=today - CALL_OPENED,
        closed_at=today - CALL_CLOSED,
        reviewed_at=today - REVIEWED,
        access=Interval(starts_at, starts_at + timedelta(weeks=WEEKS_OF_ACCESS)),
    )


def open_call(session: Session, *, facilities: Sequence[str], when: Calendar) -> None:
    """Publish terms and policy of the lead facility, then draft the round and open its call."""
    before = when.opened_at - timedelta(days=10)
    terms.publish_terms(session, actor=SYSTEM, now=before, facility=LEAD, text=TERMS)
    wish = policies.PolicyWish(
        groups=tuple(
            policies.GroupWish(key=key, name=name, rule=rule, reserved_share_ppm=share)
            for key, name, share, rule in GROUPS
        ),
        note="First policy of the commons.",
    )
    policies.publish_policy(session, actor=SYSTEM, now=before, facility=LEAD, wish=wish)
    rounds.create_round(
        session,
        actor=SYSTEM,
        now=before,
        wish=rounds.RoundWish(
            slug=SLUG,
            name="Winter call of the research commons",
            description=(
                "Two weeks of instruments and computing at five sample facilities and three "
                "sites of the OSG catalogue. Startups, small enterprises and researchers of all "
                "countries may ask; the rules below were published before the call opened."
            ),
            call_opens_at=when.opened_at,
            call_closes_at=when.closed_at,
            decision_on=(when.closed_at + CALL_CLOSED).date(),
            access_starts_at=when.access.start,
            access_ends_at=when.access.end,
        ),
        facility_keys=facilities,
        seed=hashlib.sha256(b"benchshare demonstration").hexdigest(),
    )
    rounds.open_round(session, actor=SYSTEM, now=when.opened_at, key=SLUG)


def submit_requests(
    session: Session, *, resource_ids: Sequence[UUID], cast: Cast, when: Calendar
) -> int:
    """Submit what the log's users would ask for; return how many requests stand."""
    facts = list(facts_of(session, resource_ids).values())
    by_key = {f"{each.facility_slug}/{each.name}": each for each in facts}
    choices = [_choice(key, each) for key, each in sorted(by_key.items())]
    actors = {team.person_id: actor_of(session, team.person_id) for team in cast.teams}
    accepted: set[UUID] = set()
    submitted = 0
    for wish in wishes(read_jobs(), choices, access=when.access, count=WISHES):
        team = cast.teams[(3 * wish.user + 5 * wish.number) % len(cast.teams)]
        now = when.opened_at + timedelta(hours=1, minutes=wish.number)
        if team.project_id not in accepted:
            _accept_terms(session, actors[team.person_id], team, now=now)
            accepted.add(team.project_id)
        submitted += _submit(session, wish, team, actors[team.person_id], by_key, now=now)
    rounds.close_call(session, actor=SYSTEM, now=when.closed_at, key=SLUG)
    return submitted


def _choice(key: str, facts: ResourceFacts) -> Choice:
    return Choice(
        key=key,
        kind=facts.kind,
        capacity=facts.capacity,
        shortest_hours=-(-(facts.minimum_minutes or 60) // 60),
        longest_hours=(facts.maximum_minutes or 24 * 60) // 60,
    )


def _accept_terms(session: Session, actor: Actor, team: Team, *, now: datetime) -> None:
    terms.accept_terms(session, actor=actor, now=now, facility=LEAD, project_id=team.project_id)


def _submit(
    session: Session,
    wish: Wish,
    team: Team,
    actor: Actor,
    by_key: dict[str, ResourceFacts],
    *,
    now: datetime,
) -> int:
    """Draft and submit one request; one that its cap refuses is not made."""
    sessions = tuple(
        WantedSession(
            minutes=wish.hours * 60,
            quantity=wish.quantity,
            alternatives=tuple(
                WantedAlternative(by_key[key].id, window.start, window.end, rank)
                for rank, key in enumerate(wish.resources)
            ),
        )
        for window in wish.windows
    )
    try:
        with session.begin_nested():
            row = access_requests.create_request(
                session,
                actor=actor,
                now=now,
                round_key=SLUG,
                project_id=team.project_id,
                title=f"{TOPICS[wish.number % len(TOPICS)]} ({wish.kind})",
                summary="Sample request: its size and time follow a job of a real log.",
                sessions=sessions,
            )
            access_requests.submit_request(
                session, actor=actor, now=now, round_key=SLUG, request_id=row.id
            )
    except RulesBroken:
        return 0
    return 1


def review_requests(
    session: Session, *, request_ids: Sequence[UUID], cast: Cast, when: Calendar
) -> None:
    """Score every request; scores are spread evenly, some below the quality threshold's edge."""
    reviewer = actor_of(session, cast.reviewer_id)
    for number, request_id in enumerate(request_ids):
        reviews.write_review(
            session,
            actor=reviewer,
            now=when.reviewed_at,
            round_key=SLUG,
            request_id=request_id,
            score=LOWEST_SCORE + number * 137 % SCORES,
            comment="Sample review.",
        )
