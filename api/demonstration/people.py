"""Who takes part in the demonstration: sample organisations of every group, and their people."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.permissions import SYSTEM, Role
from booking.engine.related_faults import FIGURES
from booking.engine.vocabulary import OrganisationKind
from booking.services import organisations, people, projects
from booking.services.verification import verify_fact

ENTERED_AT: Final = datetime(2026, 1, 12, 8, tzinfo=UTC)
VERIFIED_UNTIL: Final = date(2028, 12, 31)
YEAR_ENDS: Final = (date(2024, 12, 31), date(2025, 12, 31))
MANAGER: Final = "manager@demo.example"
SME: Final = "sme@demo.example"
RESEARCHER: Final = "researcher@demo.example"
REVIEWER: Final = "reviewer@demo.example"
SME_OF: Final = "Nairobi Diffraction (sample)"
RESEARCHER_OF: Final = "Kathmandu Materials Works (sample)"
ZONES: Final = {SME: "Africa/Nairobi", RESEARCHER: "Asia/Kathmandu", MANAGER: "Africa/Nairobi"}


@dataclass(frozen=True, slots=True)
class Team:
    """A project, the person who acts for it, and the organisation it is of."""

    project_id: UUID
    person_id: UUID
    organisation_id: UUID
    organisation: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody whom the story needs."""

    manager_id: UUID
    reviewer_id: UUID
    sme: Team
    researcher: Team
    teams: tuple[Team, ...]


def enter_everybody(session: Session) -> Cast:
    """Enter the sample organisations, two projects each, and the people of the tour."""
    officer = people.enter(
        session, now=ENTERED_AT, email="officer@demo.example", name="Sample Programme Officer"
    )
    people.grant_role(
        session, actor=SYSTEM, now=ENTERED_AT, person_id=officer.id, role=Role.OFFICER
    )
    manager = _person(session, MANAGER, "Sample Manager")
    reviewer = _person(session, REVIEWER, "Sample Reviewer")
    teams = tuple(team for row in _rows() for team in _organisation(session, row))
    return Cast(
        manager_id=manager,
        reviewer_id=reviewer,
        sme=next(each for each in teams if each.organisation == SME_OF),
        researcher=next(each for each in teams if each.organisation == RESEARCHER_OF),
        teams=teams,
    )


def _rows() -> list[dict[str, str]]:
    text = files("api.demonstration").joinpath("data/organisations.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _person(session: Session, email: str, name: str) -> UUID:
    person = people.enter(session, now=ENTERED_AT, email=email, name=name)
    people.edit_profile(
        session,
        actor=SYSTEM,
        now=ENTERED_AT,
        person_id=person.id,
        zone=ZONES.get(email, "UTC"),
    )
    return person.id


def _organisation(session: Session, row: dict[str, str]) -> Iterator[Team]:
    found = organisations.create_organisation(
        session,
        actor=SYSTEM,
        now=ENTERED_AT,
        name=row["name"],
        country=row["country"],
        kind=OrganisationKind(row["kind"]),
    )
    for name, as_of, value in _facts(row):
        organisations.declare_fact(
            session,
            actor=SYSTEM,
            now=ENTERED_AT,
            organisation_id=found.id,
            name=name,
            value=value,
            as_of=as_of,
        )
    if row["name"] not in {SME_OF, RESEARCHER_OF}:
        _verify(session, found.id)
    person_id = _person(session, *_applicant(row))
    people.grant_role(
        session,
        actor=SYSTEM,
        now=ENTERED_AT,
        person_id=person_id,
        role=Role.ORGANISATION_ADMIN,
        organisation_id=found.id,
    )
    for topic in ("materials study", "method development"):
        project = projects.create_project(
            session,
            actor=SYSTEM,
            now=ENTERED_AT,
            name=f"{row['name'].removesuffix(' (sample)')}: {topic}",
            organisation_id=found.id,
            principal_investigator_id=person_id,
        )
        yield Team(project.id, person_id, found.id, found.name)


def _verify(session: Session, organisation_id: UUID) -> None:
    """Verify all that an organisation declared; those of the tour wait for the officer."""
    facts = organisations.list_facts(session, actor=SYSTEM, organisation_id=organisation_id)
    for each in facts:
        verify_fact(
            session,
            actor=SYSTEM,
            now=ENTERED_AT,
            organisation_id=organisation_id,
            fact_id=each.id,
            evidence="Sample extract of the register and annual accounts",
            until=VERIFIED_UNTIL,
        )


def _applicant(row: dict[str, str]) -> tuple[str, str]:
    if row["name"] == SME_OF:
        return SME, "Sample Entrepreneur"
    if row["name"] == RESEARCHER_OF:
        return RESEARCHER, "Sample Researcher"
    number = row["person"].rpartition(" ")[2]
    return f"person{number}@demo.example", row["person"]


def _facts(row: dict[str, str]) -> Iterator[tuple[FactName, date, Any]]:
    """Yield what the organisation declares: two years' figures, its founding, its ties."""
    founded = date.fromisoformat(row["founded"])
    yield FactName.FOUNDED_ON, founded, founded.isoformat()
    yield FactName.RELATED, YEAR_ENDS[-1], []
    yield FactName.PUBLIC_CONTROL_PERCENT, YEAR_ENDS[-1], _public_control(row)
    for year_end in YEAR_ENDS:
        if year_end > founded:
            for name in FIGURES:
                yield FactName(name), year_end, int(row[name])


def _public_control(row: dict[str, str]) -> int:
    return 0 if row["kind"] in {"startup", "sme", "large-company", "ngo"} else 100
