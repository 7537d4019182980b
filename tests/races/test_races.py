"""Many at once on one slot: exactly what fits is booked, and everybody else is told why."""

from itertools import cycle, islice
from typing import Any

import pytest

from booking.db import Database
from tests.builders import a_token
from tests.races.sweep import overbooked
from tests.races.writers import Answer, Writer, race, race_of_threads
from tests.scenes import Scene, a_scene, at

RACES = 6


def a_race(
    database: Database, quantities: list[int], **resource: Any
) -> tuple[Scene, list[Writer]]:
    """Let one writer a quantity want the same hours, one a race."""
    with database.writing() as session:
        scene = a_scene(session, **resource)
        tokens = [a_token(session, scene.member) for _ in quantities]
    writers = [
        Writer(token, tuple(_wish(scene, number, quantity) for number in range(RACES)))
        for token, quantity in zip(tokens, quantities, strict=True)
    ]
    return scene, writers


def _wish(scene: Scene, number: int, quantity: int) -> dict[str, Any]:
    return {
        "resource_id": str(scene.resource.id),
        "project_id": str(scene.project.id),
        "starts_at": at(60 * number).isoformat(),
        "ends_at": at(60 * number + 60).isoformat(),
        "quantity": quantity,
    }


def is_refused_with_reasons(answer: Answer) -> bool:
    if answer.status != 409:
        return False
    codes = {each["code"] for each in answer.body["errors"]}
    return codes == {"taken"} and bool(answer.body["alternatives"])


def test_book__six_at_once_in_three_processes__one_wins(database: Database) -> None:
    _, writers = a_race(database, [1] * 6)

    for answers in race(database.url, writers, processes=3):
        won = [each for each in answers if each.status == 201]
        lost = [each for each in answers if is_refused_with_reasons(each)]
        assert (len(won), len(lost)) == (1, 5), answers
    assert overbooked(database) == []


def test_book__sixteen_threads__one_wins(database: Database) -> None:
    _, writers = a_race(database, [1] * 16)

    for answers in race_of_threads(database.url, writers):
        assert sorted(each.status for each in answers) == [201] + [409] * 15
    assert overbooked(database) == []


@pytest.mark.parametrize("capacity", [5, 2])
def test_book__pool_of_mixed_quantities__is_filled_and_no_more(
    database: Database, capacity: int
) -> None:
    quantities = list(islice(cycle([1, 2, 3]), 6))
    _, writers = a_race(database, quantities, capacity=capacity)

    for answers in race(database.url, writers, processes=2):
        asked = list(zip(answers, quantities, strict=True))
        used = sum(quantity for each, quantity in asked if each.status == 201)
        refused = [(each, quantity) for each, quantity in asked if each.status == 409]
        assert 0 < used <= capacity
        assert all(used + quantity > capacity for _, quantity in refused)
        assert len(refused) + sum(each.status == 201 for each in answers) == len(answers)
    assert overbooked(database) == []
