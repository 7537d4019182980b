"""Reads of what the equity report is made of: published rounds with all that was decided."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.equity_facts import (
    NONE,
    Answered,
    ReadResult,
    RoundShared,
    Shared,
    Wish,
    read_result,
)
from booking.engine.equity_report import Report, Reporter, Selection
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.vocabulary import OfferState
from booking.models import (
    AccessRequest,
    Booking,
    EquityGroup,
    Facility,
    Offer,
    Project,
    Resource,
    Round,
    RoundFacility,
    RoundResult,
    WaitlistEntry,
)
from booking.queries.decisions import DECIDED
from booking.queries.kept import Kept

MOST_KEPT: Final = 4
MOST_REPORTS: Final = 100


@dataclass(frozen=True, slots=True)
class _Held:
    """What has to be as it was for figures that were read before to hold."""

    rounds: tuple[tuple[UUID, datetime], ...]
    results: tuple[tuple[UUID, str], ...]


# Working out a large round again for each visitor would take seconds; published ones do not change.
_REPORTERS: Final[Kept[_Held, Reporter]] = Kept(MOST_KEPT)
_REPORTS: Final[Kept[tuple[_Held, Selection], Report]] = Kept(MOST_REPORTS)


def shared_rounds(session: Session) -> Sequence[RoundShared]:
    """Return all published rounds, those of earlier visits at once."""
    return _reporter(session, _held(session)).rounds


def report_on(session: Session, chosen: Selection) -> Report:
    """Return the report on a selection of the published rounds, an earlier one at once."""
    held = _held(session)
    found = _REPORTS.get((held, chosen))
    if found is None:
        found = _reporter(session, held).report(chosen)
        _REPORTS.keep((held, chosen), found)
    return found


def _held(session: Session) -> _Held:
    rounds = _published(session)
    results = session.exec(
        select(RoundResult.id, RoundResult.result_sha256)
        .where(col(RoundResult.round_id).in_([each.id for each in rounds]))
        .order_by(col(RoundResult.id))
    ).all()
    return _Held(
        tuple((each.id, each.updated_at) for each in rounds),
        tuple((key, digest) for key, digest in results),
    )


def _reporter(session: Session, held: _Held) -> Reporter:
    found = _REPORTERS.get(held)
    if found is None:
        rounds = _published(session)
        found = Reporter([_round_shared(session, each) for each in rounds], _keys(session, rounds))
        _REPORTERS.keep(held, found)
    return found


def group_names(session: Session) -> dict[str, str]:
    """Return the names of the groups of all published rounds, by key; the newest name counts."""
    versions = [each.policy_version_id for each in _published(session)]
    rows = session.exec(
        select(EquityGroup.key, EquityGroup.name)
        .where(col(EquityGroup.policy_version_id).in_(versions))
        .order_by(col(EquityGroup.policy_version_id))
    )
    return {key: name for key, name in rows}  # noqa: C416 - rows are no pairs to a type checker


def facility_names(session: Session) -> dict[str, tuple[str, str]]:
    """Return slug and name of every facility, by id as text."""
    rows = session.exec(select(Facility.id, Facility.slug, Facility.name))
    return {str(facility_id): (slug, name) for facility_id, slug, name in rows}


def wishes_fulfilled(
    session: Session,
    *,
    facility_id: UUID | None,
    start: datetime | None,
    end: datetime | None,
) -> tuple[Wish, ...]:
    """Return the wishes on waiting lists that became bookings which start in [`start`, `end`)."""
    query = (
        select(Project.organisation_id, WaitlistEntry.entered_at, Offer.answered_at)
        .join(WaitlistEntry, col(WaitlistEntry.project_id) == Project.id)
        .join(Offer, col(Offer.entry_id) == WaitlistEntry.id)
        .join(Booking, col(Booking.id) == Offer.booking_id)
        .join(Resource, col(Resource.id) == Booking.resource_id)
        .where(Offer.state == OfferState.ACCEPTED)
    )
    if facility_id is not None:
        query = query.where(Resource.facility_id == facility_id)
    if start is not None:
        query = query.where(Booking.starts_at >= start)
    if end is not None:
        query = query.where(Booking.starts_at < end)
    return tuple(
        Wish(str(organisation_id), int((answered_at - entered_at).total_seconds()))
        for organisation_id, entered_at, answered_at in session.exec(query)
        if answered_at is not None
    )


def _published(session: Session) -> Sequence[Round]:
    return session.exec(
        select(Round)
        .where(
            col(Round.state).in_((RoundState.PUBLISHED, RoundState.CLOSED)),
            col(Round.id).in_(select(RoundResult.round_id)),
        )
        .order_by(col(Round.access_starts_at), col(Round.id))
    ).all()


def _keys(session: Session, rounds: Iterable[Round]) -> list[str]:
    versions = [each.policy_version_id for each in rounds]
    query = select(EquityGroup.key).where(col(EquityGroup.policy_version_id).in_(versions))
    return sorted(set(session.exec(query)))


def _round_shared(session: Session, found: Round) -> RoundShared:
    rows = session.exec(
        select(RoundResult)
        .where(RoundResult.round_id == found.id)
        .order_by(col(RoundResult.number))
    ).all()
    results = [
        read_result(json.loads(each.problem), json.loads(each.result), each.by_merit)
        for each in rows
    ]
    # A facility published before a second allocation stands in the earlier result only.
    last = {name: at for at, each in enumerate(results) for name in each.shared}
    return RoundShared(
        slug=found.slug,
        name=found.name,
        starts_at=found.access_starts_at,
        ends_at=found.access_ends_at,
        judged=results[-1].judged,
        shared=_shared(results, last),
        answered=_answered(session, found, results, last),
    )


def _shared(results: Sequence[ReadResult], last: Mapping[str, int]) -> tuple[Shared, ...]:
    return tuple(results[at].shared[name] for name, at in sorted(last.items()))


def _answered(
    session: Session, found: Round, results: Sequence[ReadResult], last: Mapping[str, int]
) -> tuple[Answered, ...]:
    told_at = _told_at(session, found)
    given = _given(results, last)
    rows = session.exec(
        select(AccessRequest, Project.organisation_id)
        .join(Project, col(Project.id) == AccessRequest.project_id)
        .where(AccessRequest.round_id == found.id, col(AccessRequest.state).in_(DECIDED))
        .order_by(col(AccessRequest.id))
    )
    answered = []
    for row, organisation_id in rows:
        key = str(row.id)
        read = next((each for each in reversed(results) if key in each.asked), None)
        places = frozenset({str(found.facility_id)}) if read is None else read.facilities[key]
        answered.append(
            Answered(
                organisation=str(organisation_id),
                groups=frozenset(each["group"] for each in row.memberships if each["member"]),
                granted=row.state is not RequestState.NOT_GRANTED,
                waited_seconds=int(
                    (told_at - (row.submitted_at or row.created_at)).total_seconds()
                ),
                facilities=places,
                asked={} if read is None else read.asked[key],
                given=given.get(key, {}),
            )
        )
    return tuple(answered)


def _given(
    results: Sequence[ReadResult], last: Mapping[str, int]
) -> dict[str, dict[str, Fraction]]:
    """Add up what each request was given, at each facility by the result that counts there."""
    found: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for at, each in enumerate(results):
        for key, where in each.given.items():
            for name, amount in where.items():
                if last[name] == at:
                    found[key][name] = found[key].get(name, NONE) + amount
    return dict(found)


def _told_at(session: Session, found: Round) -> datetime:
    """Find when the last facility of the round was published."""
    stamps = session.exec(
        select(RoundFacility.published_at).where(RoundFacility.round_id == found.id)
    )
    return max((each for each in stamps if each is not None), default=found.updated_at)
