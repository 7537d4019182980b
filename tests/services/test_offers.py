"""An offer is accepted, declined or ends; what becomes of its booking and of who waits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import Actor, Role
from booking.engine.vocabulary import OfferState, WaitlistState
from booking.errors import NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import Booking, Offer, WaitlistEntry
from booking.queries.offered_time import to_do
from booking.queries.people import actor_of
from booking.services.booking_changes import cancel
from booking.services.lapsing import lapse
from booking.services.offering import offer_freed
from booking.services.offers import accept, decline, expire_offers
from tests.builders import NOW, a_booking, a_person, a_project, a_role, an_entry
from tests.events import kinds_about
from tests.scenes import DOMAIN, Scene, a_scene, at

DEADLINE = NOW + timedelta(hours=12)
MOMENT = timedelta(microseconds=1)


class Story:
    """A taken hour was let go of: one project is offered it, another waits behind."""

    def __init__(self, session: Session, **resource: Any) -> None:
        self.session = session
        self.scene: Scene = a_scene(session, **resource)
        others = a_project(session)
        resource_row = self.scene.resource
        gone = a_booking(session, resource_row, others, at(0), at(60))
        self.entry = self.waiting(self.scene.project, 0)
        self.behind = self.waiting(a_project(session), 1)
        cancel(session, actor=self.scene.by_manager, now=NOW, booking_id=gone.id)
        self.ask()
        self.offer, self.held = self.offers()[0]

    def waiting(self, project: Any, minutes: int) -> WaitlistEntry:
        entered = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
        return an_entry(
            self.session, self.scene.resource, project, at(0), at(60), entered_at=entered
        )

    def ask(self, now: datetime = NOW) -> int:
        self.session.flush()
        return offer_freed(self.session, now=now, domain=DOMAIN).made

    def offers(self) -> list[tuple[Offer, Booking]]:
        rows = self.session.exec(
            select(Offer, Booking)
            .join(Booking, col(Booking.id) == col(Offer.booking_id))
            .order_by(col(Offer.id))
        )
        return [(offer, booking) for offer, booking in rows]

    def accepted(self, *, actor: Actor | None = None, now: datetime = NOW) -> None:
        by = actor or self.scene.by_member
        accept(self.session, actor=by, now=now, offer_id=self.offer.id)

    def declined(self, *, actor: Actor | None = None, now: datetime = NOW) -> None:
        by = actor or self.scene.by_member
        decline(self.session, actor=by, now=now, offer_id=self.offer.id)


def test_accept__in_time__confirms_the_booking(session: Session) -> None:
    story = Story(session)

    story.accepted(now=DEADLINE - MOMENT)

    assert story.offer.state is OfferState.ACCEPTED
    assert story.held.status is BookingStatus.CONFIRMED
    assert (story.held.sequence, story.held.expires_at) == (1, None)
    assert story.entry.state is WaitlistState.BOOKED
    assert kinds_about(session, story.held.id) == ["offer.made", "offer.accepted"]


def test_accept__at_the_deadline__is_too_late(session: Session) -> None:
    story = Story(session)
    with pytest.raises(RulesBroken) as caught:
        story.accepted(now=DEADLINE)
    assert [each.code for each in caught.value.violations] == ["offer_over"]
    assert story.held.status is BookingStatus.HELD


@pytest.mark.parametrize(
    ("days", "until"),
    [(None, at(0)), (1, at(0)), (0, NOW)],
)
def test_accept__resource_with_approval__waits_for_it(
    session: Session, days: int | None, until: datetime
) -> None:
    story = Story(session, mode=BookingMode.APPROVAL, approval_days=days)
    story.accepted()
    assert story.held.status is BookingStatus.PENDING
    assert story.held.expires_at == until
    assert story.entry.state is WaitlistState.BOOKED


def test_accept__approval_that_never_comes__lapses_as_any_other(session: Session) -> None:
    story = Story(session, mode=BookingMode.APPROVAL)
    assert lapse(session, now=at(0)).expired == 0
    story.accepted()
    assert lapse(session, now=at(0)).expired == 1


def test_accept__manager__may(session: Session) -> None:
    story = Story(session)
    story.accepted(actor=story.scene.by_manager)
    assert story.offer.state is OfferState.ACCEPTED


@pytest.mark.parametrize("answer", [Story.accepted, Story.declined])
def test_answer__stranger__does_not_find_it(session: Session, answer: Any) -> None:
    story = Story(session)
    with pytest.raises(NotFound):
        answer(story, actor=story.scene.by_stranger)


@pytest.mark.parametrize("answer", [Story.accepted, Story.declined])
def test_answer__operator__is_not_permitted(session: Session, answer: Any) -> None:
    story = Story(session)
    person = a_person(session)
    a_role(session, person.id, Role.OPERATOR, facility_id=story.scene.facility.id)
    with pytest.raises(NotPermitted):
        answer(story, actor=actor_of(session, person.id))


@pytest.mark.parametrize("first", [Story.accepted, Story.declined])
@pytest.mark.parametrize("then", [Story.accepted, Story.declined])
def test_answer__answered_already__is_refused(session: Session, first: Any, then: Any) -> None:
    story = Story(session)
    first(story)
    with pytest.raises(WrongState):
        then(story)


def test_decline__offer__goes_to_the_next_and_never_back(session: Session) -> None:
    story = Story(session)

    story.declined()

    assert story.offer.state is OfferState.DECLINED
    assert story.held.status is BookingStatus.CANCELLED
    assert story.entry.state is WaitlistState.WAITING
    assert kinds_about(session, story.held.id) == ["offer.made", "offer.declined"]
    assert story.ask() == 1
    assert story.behind.state is WaitlistState.OFFERED
    decline(session, actor=story.scene.by_manager, now=NOW, offer_id=story.offers()[1][0].id)
    assert story.ask() == 0


def test_offer__while_it_is_held__is_never_asked_again(session: Session) -> None:
    story = Story(session)
    story.waiting(a_project(session), -600)
    assert story.ask() == 0
    assert len(story.offers()) == 1


@pytest.mark.parametrize(("late", "ended"), [(-MOMENT, 0), (timedelta(), 1), (MOMENT, 1)])
def test_expire_offers__around_the_deadline__ends_from_it_on(
    session: Session, late: timedelta, ended: int
) -> None:
    Story(session)
    assert to_do(session, now=DEADLINE + late).ended is bool(ended)
    assert expire_offers(session, now=DEADLINE + late) == ended


def test_expire_offers__unanswered__goes_to_the_next(session: Session) -> None:
    story = Story(session)

    expire_offers(session, now=DEADLINE)

    assert story.offer.state is OfferState.EXPIRED
    assert story.held.status is BookingStatus.EXPIRED
    assert story.entry.state is WaitlistState.WAITING
    assert kinds_about(session, story.held.id) == ["offer.made", "offer.expired"]
    assert story.ask(DEADLINE) == 1
    assert story.behind.state is WaitlistState.OFFERED
    assert expire_offers(session, now=DEADLINE) == 0


def test_expire_offers__held_booking_cancelled__counts_as_declined(session: Session) -> None:
    story = Story(session)
    cancel(session, actor=story.scene.by_member, now=NOW, booking_id=story.held.id)

    assert to_do(session, now=NOW).ended
    assert expire_offers(session, now=NOW) == 1

    assert story.offer.state is OfferState.DECLINED
    assert story.entry.state is WaitlistState.WAITING
    assert kinds_about(session, story.offer.id) == ["offer.declined"]
    assert story.ask() == 1


@pytest.mark.parametrize(
    ("status", "state", "entry"),
    [
        (BookingStatus.CONFIRMED, OfferState.ACCEPTED, WaitlistState.BOOKED),
        (BookingStatus.DISPLACED, OfferState.EXPIRED, WaitlistState.WAITING),
        (BookingStatus.EXPIRED, OfferState.EXPIRED, WaitlistState.WAITING),
    ],
)
def test_expire_offers__booking_decided_elsewhere__follows_it(
    session: Session, status: BookingStatus, state: OfferState, entry: WaitlistState
) -> None:
    story = Story(session)
    story.held.status = status
    session.flush()

    expire_offers(session, now=NOW)

    assert (story.offer.state, story.entry.state) == (state, entry)
