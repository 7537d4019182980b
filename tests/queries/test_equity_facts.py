"""The equity report of stored rounds: read, answered as JSON and CSV, and shown."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from booking.db import Database
from booking.engine.allocation.problem import canonical_json
from booking.engine.lifecycle import RequestState, RoundState
from booking.models import AccessRequest, Facility, Round, RoundResult
from booking.queries.reports import equity_report, hidden_in_round
from tests.builders import NOW, a_facility, a_person, a_project, a_resource, added, an_organisation
from tests.pages.furniture import STARTUPS, a_call, a_policy

STARTUP_COUNT = 5
WAITED = timedelta(days=30)


@pytest.fixture
def facility(database: Database) -> Facility:
    """A facility whose published round gave eleven of twelve organisations two hours each."""
    with database.writing() as session:
        place = a_facility(session, slug="lab", name='=HYPERLINK("https://example.org")')
        a_published_round(session, place)
    return place


def a_published_round(session: Session, place: Facility) -> Round:
    found = a_call(session, place.id)
    found.policy_version_id = a_policy(session, place.id, STARTUPS).id
    found.state, found.updated_at = RoundState.PUBLISHED, NOW + WAITED
    resource, person = a_resource(session, place.id), a_person(session)
    asked = []
    for number in range(12):
        project = a_project(session, person, organisation_id=an_organisation(session).id)
        row = AccessRequest(
            round_id=found.id,
            project_id=project.id,
            submitted_by=person.id,
            title="Sample",
            state=RequestState.GRANTED if number else RequestState.NOT_GRANTED,
            memberships=[{"group": "startup", "member": number < STARTUP_COUNT, "working": ""}],
            created_at=NOW,
            submitted_at=NOW,
            updated_at=NOW,
        )
        asked.append(added(session, row))
    added(session, a_result(found, place, str(resource.id), asked))
    return found


def a_result(
    found: Round, place: Facility, resource: str, asked: list[AccessRequest]
) -> RoundResult:
    names = [str(each.id) for each in asked]
    return RoundResult(
        round_id=found.id,
        number=1,
        problem=canonical_json(a_problem(place, resource, names)),
        result=canonical_json(an_answer(place, resource, names[1:])),
        problem_sha256="a",
        result_sha256="b",
        objective=1,
        bound=1,
        gap=0.01,
        allocated_at=NOW,
        by_merit={"credits": 20.0, "mean_merit": 612.5},
    )


def a_problem(place: Facility, resource: str, names: list[str]) -> dict[str, Any]:
    offered = {"facility": str(place.id), "capacity": 1, "rate": 1, "windows": [[0, 100]]}
    choice = {"resource": resource, "from": 0, "to": 100, "rank": 0}
    session = {"steps": 2, "quantity": 1, "alternatives": [choice]}
    return {
        "step_minutes": 60,
        "resources": [{"id": resource, **offered}],
        "organisations": [{"id": "o", "fair_share": 1.0}],
        "requests": [
            {"id": each, "organisation": "o", "merit": 500, "sessions": [session]} for each in names
        ],
    }


def an_answer(place: Facility, resource: str, granted: list[str]) -> dict[str, Any]:
    groups = {"startup": {"reserved": 15.0, "credited": 8.0, "attainment": 0.53, "price": 0.0}}
    return {
        "gap": 0.01,
        "facilities": [{"id": str(place.id), "groups": groups}],
        "bookings": [
            {"request": each, "session": 0, "resource": resource, "start": 2 * at, "quantity": 1}
            for at, each in enumerate(granted)
        ],
        "report": {
            "price_of_fairness": 0.2,
            "price_of_fairness_bounds": [0.1, 0.3],
            "mean_merit": 500.0,
        },
    }


def test_report__of_a_published_round__counts_what_was_asked_and_given(
    facility: Facility, database: Database
) -> None:
    del facility
    with database.reading() as session:
        report: Any = equity_report(session)

    assert (report.requests, report.common.organisations) == (12, 12)
    assert (report.common.utilisation, report.common.median_waiting_days) == (0.22, 30)
    assert (report.common.points_per_hour, report.common.points_per_hour_by_merit) == (110, 137.5)
    assert (report.common.mean_merit, report.common.mean_merit_by_merit) == (500, 612.5)
    (group,) = report.groups
    assert (group.target_share, group.attainment) == (0.15, pytest.approx(8 / 15))
    assert (group.member_share, group.success_rate) == (pytest.approx(8 / 22), 0.8)
    assert (group.asked_share, group.demand_met) == (pytest.approx(5 / 12), 0.8)
    assert (report.least and report.least.group, report.wish_days) == ("Startups", None)


def test_report__asked_again__reads_the_results_once(
    facility: Facility, database: Database
) -> None:
    del facility
    with database.reading() as session:
        first, second = equity_report(session), equity_report(session)

    assert first == second


def test_report__a_group_that_became_too_small__hidden_on_the_rounds_page(
    facility: Facility, database: Database
) -> None:
    with database.reading() as session:
        assert hidden_in_round(session, "spring") == frozenset()
    with database.writing() as session:
        session.exec(select(Round)).one().updated_at += WAITED
        first = session.exec(select(AccessRequest).order_by(col(AccessRequest.id))).first()
        assert first is not None
        first.memberships = []
    with database.reading() as session:
        assert hidden_in_round(session, "spring") == {(str(facility.id), "startup")}


def test_report__as_json__has_definitions_beside_the_figures(
    facility: Facility, client: TestClient
) -> None:
    del facility
    found = client.get("/api/v1/reports/equity?facility=lab").json()

    assert (found["suppressed"], found["largest_share"]) == (False, pytest.approx(1 / 11))
    assert found["price_of_fairness_low"] == pytest.approx(0.1)
    assert found["rounds"][0]["groups"][0]["share"] == pytest.approx(8 / 22)
    assert found["facilities"][0]["slug"] == "lab"
    assert set(found["groups"][0]) - {"key", "name", "suppressed"} <= set(found["definitions"])


def test_report__as_csv__escapes_formulas_and_says_what_figures_mean(
    facility: Facility, client: TestClient
) -> None:
    answer = client.get("/api/v1/reports/equity.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert {each["name"] for each in rows if each["part"] == "facility"} == {f"'{facility.name}"}
    share: Any
    (share,) = [
        each for each in rows if (each["part"], each["figure"]) == ("whole", "member_share")
    ]
    assert share["group"] == "startup"
    assert float(share["value"]) == pytest.approx(8 / 22)
    assert all(each["meaning"] for each in rows)


def test_report__as_csv__upside_down_period_is_refused(client: TestClient) -> None:
    answer = client.get("/api/v1/reports/equity.csv?from=2027-01-02&to=2027-01-02")

    assert answer.status_code == 422


def test_report__of_a_round_decided_before_it_was_kept__says_so(
    facility: Facility, client: TestClient, database: Database
) -> None:
    del facility
    with database.writing() as session:
        session.exec(select(RoundResult)).one().by_merit = None
    assert client.get("/api/v1/reports/equity").json()["mean_merit_by_merit"] is None
    assert "not kept" in client.get("/reports/equity").text
    assert "mean_merit_by_merit" not in client.get("/api/v1/reports/equity.csv").text


def test_report__as_a_page__names_each_plot_and_has_a_table_for_it(
    facility: Facility, client: TestClient
) -> None:
    del facility
    text = client.get("/reports/equity").text

    assert text.count('<svg class="plot"') == text.count("<desc") == text.count("<title id=")
    assert "Attainment by facility and group" in text
    assert re.search(r"Mean score of allocated hours\D*>500\.0<\D*>612\.5<", text)
    assert "style=" not in text
