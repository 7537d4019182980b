"""Cursors lead on from whatever a list is sorted by, and from nothing that we did not write."""

import pytest

from booking.errors import Malformed
from booking.queries.paging import id_of, instant_of, read_cursor, write_cursor


@pytest.mark.parametrize("name", ["Lab", "Lab\u00a0Nord", "Lab\tNord", "", "Лаб \U0001f52c"])
def test_read_cursor__of_ours__is_the_key(name: str) -> None:
    assert read_cursor(write_cursor((name, 7)), parts=2) == [name, 7]


@pytest.mark.parametrize(
    "cursor",
    ["x", "é", write_cursor(("a",)), write_cursor(("a\0", "b")), write_cursor(("\ud800", "b"))],
)
def test_read_cursor__of_nobody__is_refused(cursor: str) -> None:
    with pytest.raises(Malformed):
        read_cursor(cursor, parts=2)


@pytest.mark.parametrize("part", ["", "now", 7, "2026-01-01T00:00:00", "9999-12-31T23:00:00-05:00"])
def test_read_parts__of_nobody__are_refused(part: str | int) -> None:
    with pytest.raises(Malformed):
        id_of(part)
    with pytest.raises(Malformed):
        instant_of(part)
