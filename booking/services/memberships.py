"""Which equity groups an organisation belongs to on a day, from what it has declared."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlmodel import Session

from booking.engine.eligibility import (
    CountryFact,
    CountryStay,
    ListsInForce,
    Membership,
    OrganisationFacts,
    membership,
)
from booking.engine.enterprise_size import Ceiling, Enterprise, RelatedEnterprise, YearFigures
from booking.engine.group_rules import read_rule
from booking.models import EquityGroup, Organisation, OrganisationFact
from booking.queries.ledger import past_bookings
from booking.queries.requests import declared_facts
from booking.reference.countries import LIST_VERSION, country_facts
from booking.reference.thresholds import thresholds_on

FIGURES = ("staff", "turnover_eur", "balance_sheet_eur")


def memberships(
    session: Session, organisation: Organisation, groups: Iterable[EquityGroup], *, on: date
) -> tuple[Membership, ...]:
    """Decide for each group whether the organisation belongs to it, with the working."""
    facts = organisation_facts(session, organisation)
    lists = lists_in_force(on)
    decided = []
    for group in groups:
        rule = read_rule(group.rule)
        if isinstance(rule, tuple):
            raise ValueError(f"The rule of the group {group.key!r} was stored malformed: {rule}")
        decided.append(membership(group.key, rule, facts, lists=lists, on=on))
    return tuple(decided)


def written(decided: Iterable[Membership]) -> list[dict[str, Any]]:
    """Turn memberships into the JSON that is stored with a request."""
    return [
        {
            "group": each.group,
            "member": each.member,
            "working": list(each.working),
            "verified": each.verified,
        }
        for each in decided
    ]


def lists_in_force(on: date) -> ListsInForce:
    """Return the size ceilings of a day, and the dated standing of every country."""
    return ListsInForce(
        ceilings=tuple(
            Ceiling(each.size, each.staff_below, each.turnover_eur, each.balance_sheet_eur)
            for each in thresholds_on(on)
        ),
        country_facts=tuple(
            CountryFact(
                each.country,
                each.scheme,
                each.value,
                each.valid_from,
                each.valid_to,
                each.source,
            )
            for each in country_facts()
        ),
        version=LIST_VERSION,
    )


def organisation_facts(session: Session, organisation: Organisation) -> OrganisationFacts:
    """Gather what the organisation has declared, in the words of the rules."""
    rows = declared_facts(session, organisation.id)
    by_name: dict[str, list[OrganisationFact]] = defaultdict(list)
    for row in rows:
        by_name[row.name].append(row)
    founded = _newest(by_name["founded_on"])
    attributes = _newest(by_name["attributes"])
    own = {"kind": str(organisation.kind), "country": organisation.country}
    return OrganisationFacts(
        enterprise=_enterprise(by_name),
        founded_on=date.fromisoformat(founded.value) if founded else None,
        founded_on_verified_by=_verifier(founded),
        countries=_stays(organisation, by_name["country"]),
        past_bookings=past_bookings(session, organisation.id),
        attributes=(attributes.value if attributes else {}) | own,
    )


def _newest(rows: list[OrganisationFact]) -> OrganisationFact | None:
    return rows[-1] if rows else None


def _verifier(row: OrganisationFact | None) -> str | None:
    return str(row.verified_by) if row and row.verified_by else None


def _enterprise(by_name: dict[str, list[OrganisationFact]]) -> Enterprise:
    by_day: dict[date, dict[str, OrganisationFact]] = defaultdict(dict)
    for name in FIGURES:
        for row in by_name[name]:
            by_day[row.as_of][name] = row
    control, related = _newest(by_name["public_control_percent"]), _newest(by_name["related"])
    return Enterprise(
        figures=tuple(_figures(closed_on, rows) for closed_on, rows in sorted(by_day.items())),
        related=None if related is None else tuple(map(_related, related.value)),
        public_control_percent=None if control is None else control.value,
    )


def _figures(closed_on: date, rows: dict[str, OrganisationFact]) -> YearFigures:
    verified = all(row.verified_by for row in rows.values())
    any_row = next(iter(rows.values()))
    return YearFigures(
        year=closed_on.year,
        declared_on=max(row.declared_at for row in rows.values()).date(),
        declared_by=str(any_row.declared_by or ""),
        verified_by=_verifier(any_row) if verified else None,
        closed_on=closed_on,
        **{name: row.value for name, row in rows.items()},
    )


def _related(value: dict[str, Any]) -> RelatedEnterprise:
    years = tuple(
        YearFigures(
            year=each["year"],
            declared_on=date.min,
            declared_by="",
            **{name: each[name] for name in FIGURES if name in each},
        )
        for each in value.get("figures", [])
    )
    return RelatedEnterprise(value["name"], value["percent"], years)


def _stays(organisation: Organisation, rows: list[OrganisationFact]) -> tuple[CountryStay, ...]:
    """Turn declared countries into stays; the first one is taken to reach back."""
    if not rows:
        return (CountryStay(organisation.country, date.min),)
    starts = [date.min, *(row.as_of for row in rows[1:])]
    ends = [*(row.as_of for row in rows[1:]), None]
    return tuple(
        CountryStay(row.value, start, end, _verifier(row))
        for row, start, end in zip(rows, starts, ends, strict=True)
    )
