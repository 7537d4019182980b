"""A board that counts on a list of countries is told who leaves it."""

from datetime import date

import pytest
from sqlmodel import Session

from booking.engine.group_rules import CountryScheme, FirstTimeUser
from booking.engine.permissions import SYSTEM
from booking.errors import Malformed
from booking.services import policies
from booking.services.country_notes import country_notes
from tests.builders import NOW, a_facility
from tests.events import events_about
from tests.policies import a_policy

LDC = CountryScheme("un_ldc", ("member",))


def notes(on: date, grace_days: int = 0) -> tuple[str, ...]:
    return country_notes([("Least developed", LDC)], on=on, grace_days=grace_days)


@pytest.mark.parametrize(("day", "word"), [(23, "Nepal leaves"), (24, "Nepal left")])
def test_country_notes__country_leaves_the_list__is_named(day: int, word: str) -> None:
    said = [each for each in notes(date(2026, 11, day)) if "Nepal" in each]
    assert len(said) == 1
    assert said[0].startswith(f"Least developed: {word} least developed countries (UN) on 24 Nov")
    assert "Days of grace would change that" in said[0]


def test_country_notes__grace__is_told_to_its_end() -> None:
    said = " ".join(notes(date(2026, 11, 25), grace_days=30))
    assert "count until 24 Dec 2026." in said
    assert "Lao" in said


def test_country_notes__long_ago_or_no_list__are_none() -> None:
    assert notes(date(2040, 6, 1)) == ()
    assert country_notes([("New", FirstTimeUser())], on=date(2026, 11, 23), grace_days=0) == ()


def scheme_of(scheme: str, *values: str) -> policies.GroupWish:
    inner = {"kind": "country_scheme", "scheme": scheme, "values": list(values)}
    return policies.GroupWish("g", "G", {"kind": "any", "rules": [inner]}, 0)


@pytest.mark.parametrize(
    ("scheme", "value", "member"),
    [("un_ldcs", "member", "scheme"), ("un_ldc", "low", "values"), ("wb_income", "lo", "values")],
)
def test_publish_policy__no_such_list_or_value__is_refused_at_its_member(
    session: Session, scheme: str, value: str, member: str
) -> None:
    place = a_facility(session)
    with pytest.raises(Malformed) as refused:
        policies.publish_policy(
            session,
            actor=SYSTEM,
            now=NOW,
            facility=place.slug,
            wish=a_policy(scheme_of(scheme, value)),
        )
    (found,) = refused.value.violations
    assert found.pointer == f"/groups/0/rule/rules/0/{member}"


def test_publish_policy__counts_on_a_list__keeps_its_version(session: Session) -> None:
    place = a_facility(session)
    wish = a_policy(scheme_of("un_ldc", "member"))
    found = [
        policies.publish_policy(session, actor=SYSTEM, now=NOW, facility=place.slug, wish=wish)
        for _ in range(2)
    ]
    assert [each.version.number for each in found] == [1, 1]
    assert found[0].version.country_lists == "2026-11"
    payload = events_about(session, found[0].version.id)[0].payload
    assert any("Nepal" in each for each in payload["notes"])
