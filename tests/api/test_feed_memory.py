"""What is remembered of feeds is let go of in time, and never too much of it."""

from datetime import timedelta
from uuid import UUID

from api.feed_memory import BELIEVED_FOR, FeedMemory, Look
from tests.builders import NOW

OLD, NEW = UUID(int=1), UUID(int=2)


def test_unchanged__nothing_recorded_for_five_minutes__is_believed_no_longer() -> None:
    memory = FeedMemory()
    memory.keep_look("key", Look("tag", OLD, NOW))
    almost = NOW + BELIEVED_FOR - timedelta(microseconds=1)
    assert memory.unchanged("key", newest=OLD, now=almost) == "tag"
    assert memory.unchanged("key", newest=OLD, now=NOW + BELIEVED_FOR) is None
    assert memory.unchanged("key", newest=OLD, now=NOW - timedelta(microseconds=1)) is None
    assert memory.unchanged("key", newest=NEW, now=NOW) is None
    assert memory.unchanged("other", newest=OLD, now=NOW) is None


def test_keep_body__more_than_there_is_room_for__lets_go_of_what_was_asked_for_longest_ago() -> (
    None
):
    memory = FeedMemory(most_bytes=10)
    memory.keep_body("a", b"12345")
    memory.keep_body("b", b"12345")
    assert memory.body("a") == b"12345"
    memory.keep_body("c", b"1")
    assert (memory.body("a"), memory.body("b"), memory.body("c")) == (b"12345", None, b"1")
    memory.keep_body("d", b"12345678901")
    assert memory.body("d") is None
    assert memory.size == 6
