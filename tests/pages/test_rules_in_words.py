"""The rules of a resource in sentences."""

from typing import Any

import pytest
from sqlmodel import Session

from api.pages.rules_in_words import rules_of
from booking.engine.lifecycle import BookingMode
from booking.queries.catalogue import facts_of
from tests.builders import a_resource


def said(session: Session, **given: Any) -> str:
    resource = a_resource(session, **given)
    return " ".join(rules_of(facts_of(session, [resource.id])[resource.id]))


@pytest.mark.only_on("sqlite")
def test_rules_of__limits_of_use__are_said(session: Session) -> None:
    words = said(
        session,
        concurrent_per_project=1,
        concurrent_per_organisation=3,
        no_show_grace_minutes=30,
        mode=BookingMode.APPROVAL,
        approval_days=2,
    )

    assert "at most 1 booking to come at a time" in words
    assert "at most 3 bookings to come at a time" in words
    assert "not answered within 2 days, and before its start lapses" in words
    assert "Check in by 30 min after the start" in words


@pytest.mark.only_on("sqlite")
def test_rules_of__no_limits_of_use__are_not_spoken_of(session: Session) -> None:
    words = said(session)

    assert "at a time" not in words
    assert "lapses" not in words
    assert "Check in" not in words


@pytest.mark.only_on("sqlite")
def test_rules_of__no_grace__is_by_the_start(session: Session) -> None:
    assert "Check in by the start, or" in said(session, no_show_grace_minutes=0)
