import pickle
import random
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.engine.allocation.certificate import Round
from booking.engine.allocation.components import split
from booking.engine.allocation.crediting import Crediting
from booking.engine.allocation.entities import ProblemRefusedError, credits_of
from booking.engine.allocation.explain import decisions
from booking.engine.allocation.finish import finish, finish_on, finish_part
from booking.engine.allocation.placements import (
    Compiled,
    Offer,
    compile_problem,
    points_of,
    whole_numbers,
)
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate
from booking.engine.allocation.schedule import Effort, runner
from booking.engine.allocation.seating import seating_part
from booking.engine.allocation.timetable import Timetable
from booking.engine.allocation.top_ups import TopUps
from booking.engine.allocation.why_not import why_not
from tests.strategies_allocation import SMALL, TINY, Size, drawn_round
from tests.test_allocation_laws import ways, worth

few = settings(
    deadline=None,
    derandomize=True,
    max_examples=8,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CROWDED = Size(
    facilities=2,
    resources=4,
    requests=16,
    days=2,
    spread=10,
    lengths=(2, 3, 4, 6),
    pools=0.5,
    cap_share=0.3,
    linked=0.2,
    starts=(6, 16),
)


PLACE = {"resource": "r0", "rank": 0}


def some_of(compiled: Compiled, seed: int) -> list[int]:
    """Choose a share of the placements at random, as a poor solver would."""
    draw = random.Random(seed)
    share = draw.random() / 4
    return [at for at in range(len(compiled.placements)) if draw.random() < share]


def bookings(timetable: Timetable) -> list[dict[str, Any]]:
    problem = timetable.compiled.problem
    return [
        {
            "request": problem.requests[request].id,
            "session": timetable.offer(one).session,
            "resource": problem.resources[timetable.offer(one).resource].id,
            "start": timetable.start(one),
            "quantity": timetable.offer(one).quantity,
        }
        for request, placements in timetable.held.items()
        for one in placements
    ]


@settings(few, max_examples=3)
@given(st.integers(0, 10_000))
def test_whatever_was_chosen__finished_it_wastes_nothing_and_envies_nobody(seed: int) -> None:
    problem = read_problem(drawn_round(seed, CROWDED))
    compiled, around = compile_problem(problem), Round(problem)
    booked = bookings(finish(compiled, some_of(compiled, seed)))
    served = sorted({one["request"] for one in booked})
    objective = worth(around, booked)
    assert objective is not None
    for name in around.requests.keys() - served:
        for way in islice(ways(around, name), 30):
            assert worth(around, [*booked, *way]) is None
            for rival in served:
                kept = [one for one in booked if one["request"] != rival]
                found = worth(around, [*kept, *way])
                assert found is None or found <= objective + 1


@pytest.mark.parametrize("workers", [1, 2])
def test_finish_on__any_number_of_workers__is_finishing_here(workers: int) -> None:
    compiled = compile_problem(read_problem(drawn_round(3, SMALL)))
    chosen, components = some_of(compiled, 3), split(compiled)
    assert len(components) > 1
    with runner(Effort(workers=workers)) as running:
        found = finish_on(running, compiled, chosen, components)
    assert found.held == finish(compiled, chosen).held
    assert found.used == finish(compiled, chosen).used


def test_finish_on__stopped_before__is_finished_all_the_same() -> None:
    compiled = compile_problem(read_problem(drawn_round(3, SMALL)))
    chosen = some_of(compiled, 3)
    with runner(Effort(stop=lambda: True)) as running:
        found = finish_on(running, compiled, chosen, split(compiled))
    assert found.held == finish(compiled, chosen).held


@few
@given(st.integers(0, 10_000))
def test_finishing_part_by_part_anywhere_is_finishing_the_whole(seed: int) -> None:
    compiled = compile_problem(read_problem(drawn_round(seed, SMALL)))
    chosen = some_of(compiled, seed)
    whole = sorted(at for some in finish(compiled, chosen).held.values() for at in some)
    parts = []
    for component in split(compiled):
        part = pickle.loads(pickle.dumps(seating_part(compiled, component)))  # noqa: S301 - our own
        columns = np.flatnonzero(np.isin(component.placements, chosen)).tolist()
        finished = finish_part(part, columns)
        assert finish_part(part, finished) == finished
        parts += component.placements[list(finished)].tolist()
    assert sorted(parts) == whole


def test_finish__the_choice_breaks_a_rule__keeps_what_fits() -> None:
    problem = read_problem(drawn_round(7, TINY))
    compiled = compile_problem(problem)
    finished = finish(compiled, range(len(compiled.placements)))
    assert worth(Round(problem), bookings(finished)) is not None


@few
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_top_ups_by_cuts_are_those_of_the_best_crediting(seed: int, kinds: int) -> None:
    draw = random.Random(seed)
    problem = read_problem(drawn_round(seed, TINY))
    compiled = compile_problem(problem)
    reserves = tuple(draw.choices(compiled.reserves[0], k=kinds))
    top_ups = TopUps(reserves, problem.ladder, compiled.scale)
    for _ in range(12):
        members = tuple(sorted(draw.sample(range(kinds), draw.randint(1, min(3, kinds)))))
        units = draw.randrange(3) * compiled.scale
        supply = dict(top_ups.supply)
        supply[members] = supply.get(members, 0) + units
        expected = Crediting(reserves, supply).top_up(problem.ladder) / compiled.scale
        assert Fraction(top_ups.worth((members, units)), top_ups.unit) == expected
        top_ups.book(members, units)
        assert Fraction(top_ups.worth(), top_ups.unit) == expected


@few
@given(st.integers(0, 10_000))
def test_columns_hold_what_the_definitions_give(seed: int) -> None:
    problem = read_problem(drawn_round(seed, CROWDED))
    compiled = compile_problem(problem)
    fair_share = {one.id: one.fair_share for one in problem.organisations}
    for offer in compiled.offers:
        request = problem.requests[offer.request]
        session = request.sessions[offer.session]
        resource = problem.resources[offer.resource]
        credit = credits_of(problem, session, resource)
        ranks = {one.rank for one in session.alternatives if one.resource == resource.id}
        share = fair_share[request.organisation]
        assert offer.credit == credit * compiled.scale
        assert offer.points in {points_of(request.merit, share, credit, one) for one in ranks}


def test_offers__one_by_one__are_the_columns() -> None:
    offers = compile_problem(read_problem(drawn_round(3, TINY))).offers
    assert [offers[at] for at in range(len(offers))] == list(offers)
    assert all(type(getattr(one, name)) is int for one in offers for name in Offer._fields)


@pytest.mark.parametrize(("most", "kind"), [(2**63 - 1, "int64"), (2**63, "object")])
def test_whole_numbers__at_the_edge_of_64_bits__stay_exact(most: int, kind: str) -> None:
    column = whole_numbers([1, most])
    assert column.dtype == kind
    assert column.tolist() == [1, most]


@few
@given(st.integers(0, 10_000), st.sampled_from([{}, {"strict": True}]))
def test_one_request_alone_is_told_what_the_whole_round_tells_it(
    seed: int, rules: dict[str, Any]
) -> None:
    problem = read_problem({**drawn_round(seed, CROWDED), **rules})
    timetable = finish(compile_problem(problem), some_of(compile_problem(problem), seed))
    result = {"bookings": bookings(timetable)}
    told = {one["request"]: one for one in decisions(timetable)}
    for request in problem.requests:
        found = why_not(problem, result, request.id)
        assert found == told.get(request.id, {**found, "granted": True, "reasons": []})


def test_why_not__a_request_that_is_not_in_the_round__is_refused() -> None:
    problem = read_problem(drawn_round(1, TINY))
    with pytest.raises(ProblemRefusedError, match="choose one of its requests"):
        why_not(problem, {"bookings": []}, "nobody")


def test_explain__two_short_requests_hold_the_place__says_they_are_worth_more_together() -> None:
    whole, first, second = (
        [{"steps": steps, "quantity": 1, "alternatives": [{**PLACE, "from": low, "to": high}]}]
        for steps, low, high in ((12, 8, 20), (6, 8, 14), (6, 14, 20))
    )
    obj = drawn_round(1, TINY)
    plain = {"organisation": "o1", "groups": [], "merit": 700}
    obj["resources"] = [{**obj["resources"][0], "id": "r0", "capacity": 1, "windows": [[8, 20]]}]
    obj["facilities"][0]["cap_share"] = None
    obj["requests"] = [
        {**plain, "id": "long", "sessions": whole, "merit": 900},
        {**plain, "id": "one", "sessions": first, "merit": 910},
        {**plain, "id": "two", "sessions": second, "merit": 920},
    ]
    decision = allocate(read_problem(obj))["decisions"][0]
    assert decision["request"] == "long"
    reason = decision["reasons"][0]
    assert [one["request"] for one in reason["blockers"]] == ["one", "two"]
    assert "2 requests, worth more together, would have to leave" in reason["detail"]
    assert "one" not in reason["detail"].split()
