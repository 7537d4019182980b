"""What `allocate` writes, and how it shares out a time limit."""

import gc
import json
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.cli.allocate import MANY_OBJECTS, rarely_collecting, what_failed
from api.cli.json_files import DEEPEST, in_lines
from booking.engine.allocation.problem import AT_A_TIME, canonical_json, sha256_of
from booking.engine.allocation.run import LEAST_SOLVING, solving_limit

few = settings(
    deadline=None,
    derandomize=True,
    max_examples=30,
    database=None,
    suppress_health_check=list(HealthCheck),
)

things = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@few
@given(things)
def test_writing_in_lines_and_reading_gives_the_same(thing: object) -> None:
    assert json.loads("".join(in_lines(thing))) == thing


def test_in_lines__a_result__has_a_line_for_each_key_and_each_part_of_a_list() -> None:
    text = "".join(in_lines({"gap": 0.1, "decisions": [{"a": [1]}, {}], "prices": {"slots": [1]}}))
    assert text.splitlines() == [
        "{",
        ' "gap": 0.1,',
        ' "decisions": [',
        '  {"a": [1]},',
        "  {}",
        " ],",
        ' "prices": {',
        '  "slots": [',
        "   1",
        "  ]",
        " }",
        "}",
    ]


@pytest.mark.parametrize(("within", "line"), [(DEEPEST - 1, '"last": 1'), (DEEPEST, '{"last": 1}')])
def test_in_lines__an_object_within_many__is_on_one_line(within: int, line: str) -> None:
    thing: object = {"last": 1}
    for _ in range(within):
        thing = {"in": thing}
    found = next(one for one in "".join(in_lines(thing)).splitlines() if "last" in one)
    assert found.strip().removeprefix('"in": ') == line


def test_rarely_collecting__when_it_ends__collects_as_before() -> None:
    before = gc.get_threshold()
    with rarely_collecting():
        assert gc.get_threshold()[0] == MANY_OBJECTS
    assert gc.get_threshold() == before


def test_solving_limit__a_large_round__leaves_time_for_what_comes_after() -> None:
    alone = solving_limit(180, 2.5, 450_000, 1)
    assert 145 < alone < solving_limit(180, 2.5, 450_000, 2) < 155


def test_solving_limit__a_slow_machine__leaves_more_time_for_what_comes_after() -> None:
    fast = solving_limit(180, 2, 450_000, 1)
    assert solving_limit(180, 1, 450_000, 1) == pytest.approx(fast + 1)
    assert solving_limit(180, 12, 450_000, 1) < fast - 10 - 60


def test_solving_limit__nothing_to_explain__is_what_is_left() -> None:
    assert solving_limit(10, 0, 0, 1) == 10


@pytest.mark.parametrize("spent", [1, 9, 99])
def test_solving_limit__hardly_any_left__is_its_least_share(spent: float) -> None:
    assert solving_limit(10, spent, 0, 1) == LEAST_SOLVING * 10
    assert solving_limit(10, 0.1, 0, 1) > LEAST_SOLVING * 10


@few
@given(st.dictionaries(st.text(max_size=3), things, max_size=4) | things)
def test_hashing_piece_by_piece_is_hashing_the_whole(thing: object) -> None:
    assert sha256_of(thing) == sha256(canonical_json(thing).encode()).hexdigest()


@pytest.mark.parametrize("parts", [0, 1, AT_A_TIME - 1, AT_A_TIME, AT_A_TIME + 1])
def test_sha256_of__a_long_list__is_that_of_its_text(parts: int) -> None:
    thing = {"b": list(range(parts)), "a": [{}] * parts}
    assert sha256_of(thing) == sha256(canonical_json(thing).encode()).hexdigest()


GAP = "Stopped by the time limit, with a gap so far of 3.21%, which is proved all the same."
FILLED = " At 1 of 2 facilities the timetable was filled by value."
AGAIN = " This is not reproducible: another run may end otherwise."
WIDER = "The solver failed at f0: the timetable there was filled by value, and its gap is wider."


@pytest.mark.parametrize(
    ("fallen", "stopped", "words"),
    [
        (0, True, f"{GAP}{AGAIN}"),
        (1, True, f"{GAP}{FILLED}{AGAIN}"),
        (1, False, WIDER),
        (0, False, None),
    ],
)
def test_what_failed__each_end__names_only_what_was_filled(
    fallen: int, words: str | None, *, stopped: bool
) -> None:
    facilities = [{"id": f"f{number}", "fallback": number < fallen} for number in range(2)]
    result = {"facilities": facilities, "stopped": stopped, "gap": 0.0321}
    assert what_failed(result, stopped_by="by the time limit") == words
