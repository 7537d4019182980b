"""What past use does to points, shown to the organisation and to nobody else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Role
from booking.engine.vocabulary import LedgerKind
from booking.models import LedgerEntry, OrganisationSnapshot
from tests.builders import (
    NOW,
    a_booking,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
    a_token,
    added,
    an_organisation,
)
from tests.pages.furniture import a_call, a_policy
from tests.pages.visitor import Visitor, a_browser_of, text_of

# A tenth of what one unit is worth in 90 days: the entitlement under a cap of 10 %.
HOURS = 216
USED = NOW - timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Story:
    """`mine` used its whole entitlement one half-life before now; `idle` never used anything."""

    mine: UUID
    idle: UUID
    token: str
    cookie: str
    stranger: str


@pytest.fixture
def story(database: Database) -> Story:
    with database.writing() as session:
        member, stranger = a_person(session), a_person(session)
        mine, idle = an_organisation(session, name="Lake Labs").id, an_organisation(session).id
        a_role(session, member.id, Role.MEMBER, organisation_id=mine)
        a_role(session, member.id, Role.MEMBER, organisation_id=idle)
        place = a_facility(session, slug="lab", name="Optics Lab").id
        a_policy(session, place)
        a_frozen_factor(session, a_call(session, place).id, mine)
        a_charge(session, place, a_project(session, member, organisation_id=mine))
        return Story(
            mine=mine,
            idle=idle,
            token=a_token(session, member),
            cookie=a_browser_of(session, member),
            stranger=a_token(session, stranger),
        )


def a_frozen_factor(session: Session, round_id: UUID, organisation_id: UUID) -> None:
    row = OrganisationSnapshot(
        round_id=round_id,
        organisation_id=organisation_id,
        fair_share_millionths=812_345,
        taken_at=NOW,
    )
    added(session, row)


def a_charge(session: Session, facility_id: UUID, project: Any) -> None:
    resource = a_resource(session, facility_id)
    until = USED + timedelta(hours=HOURS)
    booked = a_booking(session, resource, project, USED, until, status=BookingStatus.COMPLETED)
    row = LedgerEntry(
        facility_id=facility_id,
        organisation_id=project.organisation_id,
        project_id=project.id,
        booking_id=booked.id,
        kind=LedgerKind.BOOKED,
        access_units=60 * HOURS,
        credit_thousandths=1000 * HOURS,
        used_at=USED,
        entered_at=USED,
    )
    added(session, row)


def asked(client: TestClient, token: str, organisation_id: UUID, query: str = "") -> Any:
    path = f"/api/v1/organisations/{organisation_id}/fair-share{query}"
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def test_fair_share__half_a_life_after_its_entitlement__is_told_with_its_parts(
    story: Story, client: TestClient
) -> None:
    found = asked(client, story.token, story.mine).json()

    # Half of the entitlement is left: 1/2 + 1/2 * 2^(-1/2).
    assert (found["facility"], found["factor"]) == ("lab", 0.853553)
    (kind,) = found["kinds"]
    assert (kind["credits"], kind["capacity_credits"], kind["share"]) == (108, 2160, 0.05)
    assert (found["past"][-1]["factor"], found["coming"][0]["factor"]) == (0.853553, 0.853553)
    assert found["past"][0]["factor"] == 1
    assert found["coming"][-1] == {"on": "2027-05-22", "factor": 0.958502}
    assert found["rounds"][0]["factor"] == 0.812345


def test_fair_share__never_used_anything__is_one_and_names_no_facility(
    story: Story, client: TestClient
) -> None:
    found = asked(client, story.token, story.idle).json()

    assert (found["facility"], found["factor"], found["kinds"]) == (None, 1, [])


def test_fair_share__at_a_facility_never_used__is_one(story: Story, client: TestClient) -> None:
    found = asked(client, story.token, story.idle, "?facility=lab").json()

    assert (found["facility"], found["factor"]) == ("lab", 1)


def test_fair_share__of_another_organisation__is_not_shown(
    story: Story, client: TestClient
) -> None:
    assert asked(client, story.stranger, story.mine).status_code == 403
    assert client.get(f"/api/v1/organisations/{story.mine}/fair-share").status_code == 401
    assert asked(client, story.token, story.mine, "?facility=nowhere").status_code == 404


def test_fair_share__page__draws_it_over_time_and_says_what_it_does(
    story: Story, visitor: Visitor
) -> None:
    path = f"/organisations/{story.mine}/fair-share"
    assert visitor.get(path).status_code == 303

    answer = visitor.signed_in(story.cookie).get(path)

    assert "a score of 800 makes 683 points an hour" in text_of(answer)
    assert answer.text.count("<polyline") == 2
    assert "If nothing more is used, 0.959" in answer.text
    assert path in visitor.get(f"/account/organisations/{story.mine}").text


def test_fair_share__page_of_who_never_used_anything__says_that_the_score_counts_whole(
    story: Story, visitor: Visitor
) -> None:
    answer = visitor.signed_in(story.cookie).get(f"/organisations/{story.idle}/fair-share")

    assert "the factor is 1" in text_of(answer)
