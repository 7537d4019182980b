"""Who a declared tie may name: an organisation that is here, or has a ROR id, and is another."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.errors import Malformed
from booking.queries import organisations as read
from tests.builders import an_organisation
from tests.services.test_ownership_circles import ROR, TODAY, by_ror, declare, tie


@pytest.mark.parametrize("side", ["owner", "owned"])
def test_declare__tie_to_oneself__is_refused_in_its_own_words(
    session: Session, now: datetime, side: str
) -> None:
    acacia = an_organisation(session, name="Acacia", ror_id=ROR)
    for known in (str(acacia.id), ROR):
        with pytest.raises(Malformed) as caught:
            declare(session, now, acacia, tie(acacia, 30, side, organisation=known))
        (found,) = caught.value.violations
        assert (found.code, found.pointer) == ("cyclic_ownership", "/value/0/organisation")
        assert found.reason.startswith("An organisation cannot be its own partner or owner")


def test_declare__id_that_nobody_here_has__is_refused_at_its_place(
    session: Session, now: datetime
) -> None:
    acacia, baobab = (an_organisation(session, name=each) for each in ("Acacia", "Baobab"))
    unknown = {"name": "Nobody", "percent": 30, "organisation": str(UUID(int=7))}
    with pytest.raises(Malformed) as caught:
        declare(session, now, acacia, tie(baobab, 60, "owned", related=[unknown]), unknown)
    pointers = [each.pointer for each in caught.value.violations]
    assert pointers == ["/value/0/related/0/organisation", "/value/1/organisation"]
    assert "No organisation here has that id" in str(caught.value)


def test_declare__ror_id_that_nobody_here_has__is_kept(session: Session, now: datetime) -> None:
    acacia = an_organisation(session, name="Acacia")
    declare(session, now, acacia, by_ror(60))
    assert read.fact_on(session, acacia.id, FactName.RELATED, TODAY) is not None
