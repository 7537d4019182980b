"""A draft round deleted or led by another facility: who may, what is refused, what is kept."""

import pytest
from sqlmodel import Session, SQLModel, col, select

from booking.engine.lifecycle import EventKind, RoundState
from booking.engine.permissions import SYSTEM, Role
from booking.engine.vocabulary import CalculationKind
from booking.errors import NotFound, NotPermitted, RulesBroken, WrongState
from booking.models import (
    AccessRequest,
    Calculation,
    Event,
    OrganisationSnapshot,
    Round,
    RoundFacility,
    RoundResult,
    WeeklyReserve,
)
from booking.queries.round_dependents import STAYING
from booking.queries.rounds import find_round
from booking.services import round_drafts, rounds
from tests.builders import NOW, a_facility, a_role, added
from tests.rounds import RoundScene, a_round_scene, a_wish, an_open_round


def drafted(session: Session, scene: RoundScene) -> Round:
    return rounds.create_round(
        session, actor=SYSTEM, now=NOW, wish=a_wish(), facility_keys=[scene.facility.slug]
    )


def delete(session: Session, scene: RoundScene) -> None:
    manager = scene.actor(session, scene.manager)
    round_drafts.delete_draft(session, actor=manager, now=NOW, key="spring")


def hand_over(session: Session, scene: RoundScene, facility: str) -> Round:
    return round_drafts.hand_over_lead(
        session,
        actor=scene.actor(session, scene.manager),
        now=NOW,
        key="spring",
        facility=facility,
    )


def a_request_of(session: Session, scene: RoundScene, row: Round) -> AccessRequest:
    project = scene.projects[0]
    return added(
        session,
        AccessRequest(
            round_id=row.id,
            project_id=project.id,
            submitted_by=project.principal_investigator_id,
            title="Soil maps",
            created_at=NOW,
            updated_at=NOW,
        ),
    )


def events(session: Session, kind: EventKind) -> list[Event]:
    return list(session.exec(select(Event).where(Event.kind == kind)))


def taking_part(session: Session) -> set[object]:
    return set(session.exec(select(col(RoundFacility.facility_id))))


def test_delete__by_the_manager__frees_the_slug_and_leaves_its_trace(session: Session) -> None:
    scene = a_round_scene(session)
    row = drafted(session, scene)
    delete(session, scene)
    with pytest.raises(NotFound):
        find_round(session, "spring")
    assert taking_part(session) == set()
    (event,) = events(session, EventKind.ROUND_DELETED)
    assert (event.subject_id, event.actor_id) == (row.id, scene.manager.id)
    assert event.payload["slug"] == "spring"
    assert event.payload["facilities"] == [str(scene.facility.id)]
    assert drafted(session, scene).slug == "spring"


def test_delete__once_open__is_refused_and_it_stays(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    with pytest.raises(WrongState, match="open, no draft any more"):
        delete(session, scene)
    assert find_round(session, "spring").state is RoundState.OPEN


def test_delete__with_a_request__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    a_request_of(session, scene, drafted(session, scene))
    with pytest.raises(RulesBroken) as caught:
        delete(session, scene)
    assert [each.code for each in caught.value.violations] == ["has_requests"]


def test_delete__with_anything_that_refers_to_it__is_refused_in_words(session: Session) -> None:
    scene = a_round_scene(session)
    row = drafted(session, scene)
    asked = Calculation(round_id=row.id, kind=CalculationKind.WHAT_IF, asked_at=NOW)
    a_result = RoundResult(
        round_id=row.id,
        number=1,
        problem="{}",
        result="{}",
        problem_sha256="",
        result_sha256="",
        objective=0,
        bound=0,
        gap=0,
        allocated_at=NOW,
    )
    whose = scene.projects[0].organisation_id
    snapshot = OrganisationSnapshot(round_id=row.id, organisation_id=whose, taken_at=NOW)
    reserve = WeeklyReserve(
        round_id=row.id,
        resource_id=scene.resource.id,
        week_on=NOW.date(),
        group_key="ldc",
        credit_thousandths=1,
    )
    codes = ("has_calculations", "has_results", "has_snapshots", "has_reserves")
    for code, each in zip(codes, (asked, a_result, snapshot, reserve), strict=True):
        added(session, each)
        with pytest.raises(RulesBroken, match="so it cannot be deleted") as caught:
            delete(session, scene)
        assert [each.code for each in caught.value.violations] == [code]
        session.delete(each)
        session.flush()
    delete(session, scene)
    with pytest.raises(NotFound):
        find_round(session, "spring")


def test_every_table_that_refers_to_a_round_is_looked_at_before_one_is_deleted() -> None:
    refer = {
        table.name
        for table in SQLModel.metadata.tables.values()
        if any(key.column.table.name == "round" for key in table.foreign_keys)
    }
    assert refer == {each.__tablename__ for each in STAYING} | {"roundfacility"}


def test_hand_over__to_a_facility_that_took_no_part__it_leads_and_both_take_part(
    session: Session,
) -> None:
    scene = a_round_scene(session)
    drafted(session, scene)
    other = a_facility(session)
    a_role(session, scene.manager.id, Role.MANAGER, facility_id=other.id)
    assert hand_over(session, scene, other.slug).facility_id == other.id
    assert taking_part(session) == {scene.facility.id, other.id}
    told = events(session, EventKind.ROUND_HANDED_OVER)
    assert {each.facility_id for each in told} == {scene.facility.id, other.id}
    fromto = {(each.payload["from"], each.payload["to"]) for each in told}
    assert (len(told), fromto) == (2, {(str(scene.facility.id), str(other.id))})
    assert hand_over(session, scene, scene.facility.slug).facility_id == scene.facility.id
    assert taking_part(session) == {scene.facility.id, other.id}


def test_hand_over__to_where_the_manager_may_draft_none__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    row = drafted(session, scene)
    with pytest.raises(NotPermitted):
        hand_over(session, scene, a_facility(session).slug)
    assert row.facility_id == scene.facility.id


def test_hand_over__to_the_lead_itself__says_so(session: Session) -> None:
    scene = a_round_scene(session)
    drafted(session, scene)
    with pytest.raises(RulesBroken) as caught:
        hand_over(session, scene, scene.facility.slug)
    assert [each.code for each in caught.value.violations] == ["leads_already"]
    with pytest.raises(NotFound):
        hand_over(session, scene, "nowhere")


def test_hand_over__once_open__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    with pytest.raises(WrongState):
        hand_over(session, scene, scene.facility.slug)
