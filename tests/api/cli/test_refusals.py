"""A refusal at a terminal: its sentences on stderr, each of them once."""

import sys

import pytest

from api.__main__ import lines_of, main
from booking.engine.violations import Violation
from booking.errors import Malformed


@pytest.fixture
def arguments(database_url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a command line; tests extend them."""
    monkeypatch.setenv("BENCHSHARE_DATABASE_URL", database_url)
    words = ["benchshare"]
    monkeypatch.setattr(sys, "argv", words)
    return words


@pytest.mark.parametrize(
    ("country", "zone", "faults"),
    [("ZZ", "UTC", ("'ZZ' is no",)), ("ZZ", "Mars/X", ("'ZZ' is no", "'Mars/X' is no"))],
)
def test_main__message_made_of_the_reasons__says_each_once(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    country: str,
    zone: str,
    faults: tuple[str, ...],
) -> None:
    arguments += ["facility", "add", "lab", "--name", "Lab", "--country", country, "--zone", zone]
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert [said.count(each) for each in faults] == [1] * len(faults)


def test_lines_of__reasons_beyond_the_message__follow_with_their_places() -> None:
    faults = [
        Violation("name", "Write a name.", "/name"),
        Violation("closed", "It is closed then."),
    ]
    assert lines_of(Malformed("This cannot be read.", faults)) == [
        "This cannot be read.",
        "  /name: Write a name.",
        "  closed: It is closed then.",
    ]
    assert lines_of(Malformed("Write a name.", faults)) == [
        "Write a name.",
        "  closed: It is closed then.",
    ]
