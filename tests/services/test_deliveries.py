"""A message that was given up is seen by whoever may, and can be sent again."""

from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from booking.engine.permissions import ANONYMOUS, Actor, Grant, Role
from booking.engine.vocabulary import DeliveryState
from booking.errors import DomainError, NotFound, NotPermitted, NotSignedIn, WrongState
from booking.models import Delivery, Event
from booking.queries import events
from booking.queries.events import backlog, failed_deliveries
from booking.services.deliveries import LONGEST_ERROR, Outcome, claim, plan, retry, settle
from tests.builders import NOW, a_person
from tests.notifications.outcomes import booked

LATER = NOW.replace(hour=10)


def given_up(session: Session) -> tuple[Delivery, UUID]:
    """Plan, claim and give up one message; return it with its facility."""
    booked(session)
    pending = events.pending_events(session, limit=10)
    people = events.bookers(session, [each.subject_id for each in pending])
    told = {each.id: [people[each.subject_id]] for each in pending}
    plan(session, events=pending, addressees=told, host="bench.example", now=NOW)
    (due,) = claim(session, now=NOW, until=LATER, limit=10)
    failed = Outcome(due.id, due.attempts, "550 " + "x" * LONGEST_ERROR, permanent=True)
    assert settle(session, outcomes=[failed], now=NOW).failed == 1
    (row,) = session.exec(select(Delivery)).all()
    session.refresh(row)
    (event,) = session.exec(select(Event)).all()
    assert event.facility_id is not None
    return row, event.facility_id


def a_manager(session: Session, facility_id: UUID) -> Actor:
    grant = Grant(Role.MANAGER, facility_id=facility_id)
    return Actor(person_id=a_person(session).id, grants=(grant,))


def test_failed__manager_of_the_facility__sees_it_with_the_reason(session: Session) -> None:
    row, facility_id = given_up(session)
    manager = a_manager(session, facility_id)
    page = failed_deliveries(
        session, viewer=manager, facility_id=facility_id, limit=10, cursor=None
    )
    assert [each.id for each in page.items] == [row.id]
    assert page.items[0].last_error.startswith("550")
    assert len(page.items[0].last_error) == LONGEST_ERROR
    assert backlog(session).failed == 1


def test_failed__of_another_facility__is_not_seen(session: Session) -> None:
    _, facility_id = given_up(session)
    stranger = a_manager(session, uuid4())
    for wanted in (facility_id, None):
        page = failed_deliveries(
            session, viewer=stranger, facility_id=wanted, limit=10, cursor=None
        )
        assert page.items == ()


def test_retry__by_the_manager__is_due_at_once_from_the_first_try(session: Session) -> None:
    row, facility_id = given_up(session)
    manager = a_manager(session, facility_id)
    again = retry(session, actor=manager, delivery_id=row.id, now=LATER)
    assert (again.state, again.attempts, again.due_at) == (DeliveryState.DUE, 0, LATER)
    with pytest.raises(WrongState):
        retry(session, actor=manager, delivery_id=row.id, now=LATER)


def test_retry__unknown_message__is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        retry(session, actor=a_manager(session, uuid4()), delivery_id=uuid4(), now=NOW)


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        (ANONYMOUS, NotSignedIn),
        (Actor(person_id=UUID(int=1)), NotPermitted),
        (
            Actor(person_id=UUID(int=1), grants=(Grant(Role.MANAGER, facility_id=UUID(int=2)),)),
            NotPermitted,
        ),
    ],
)
def test_retry__without_the_role_there__is_refused(
    session: Session, actor: Actor, refusal: type[DomainError]
) -> None:
    row, _ = given_up(session)
    with pytest.raises(refusal):
        retry(session, actor=actor, delivery_id=row.id, now=LATER)
