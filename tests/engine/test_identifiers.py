import pytest

from booking.engine.identifiers import (
    read_country,
    read_locale,
    read_orcid,
    read_ror,
    read_zone,
)
from booking.engine.violations import Violation


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""),
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://orcid.org/0000-0002-1694-233x", "0000-0002-1694-233X"),
        (" http://orcid.org/0000-0001-5109-3700 ", "0000-0001-5109-3700"),
    ],
)
def test_read_orcid__right_check_character__is_kept_in_one_form(text: str, read: str) -> None:
    assert read_orcid(text) == read


@pytest.mark.parametrize("text", ["0000-0002-1825-0098", "0000-0002-1825-009X", "0000000218250097"])
def test_read_orcid__wrong_check_character_or_form__says_the_mend(text: str) -> None:
    found = read_orcid(text)
    assert isinstance(found, Violation)
    assert (found.code, found.pointer) == ("orcid", "/orcid")


def test_read_orcid__any_digit_changed__is_noticed() -> None:
    right = "0000-0002-1825-0097"
    for place in (0, 6, 8, 17):
        wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        assert isinstance(read_orcid(wrong), Violation)


@pytest.mark.parametrize("text", ["https://ror.org/05dxps055", "ROR.org/05DXPS055", "05dxps055"])
def test_read_ror__right_check_digits__is_kept_as_an_address(text: str) -> None:
    assert read_ror(text) == "https://ror.org/05dxps055"


@pytest.mark.parametrize("text", ["05dxps056", "05dxpu055", "", "https://ror.org/"])
def test_read_ror__wrong__says_the_mend(text: str) -> None:
    found = read_ror(text)
    assert isinstance(found, Violation)
    assert found.code == "ror_id"


def test_read_country__two_letters__are_capitals() -> None:
    assert read_country(" ke ") == "KE"
    assert isinstance(read_country("KEN"), Violation)
    assert isinstance(read_country("K1"), Violation)


def test_read_zone__of_the_zone_database__is_kept() -> None:
    assert read_zone("Africa/Nairobi") == "Africa/Nairobi"


@pytest.mark.parametrize("text", ["Africa", "Mars/Base", "", "../etc/passwd", "UTC\0", "x" * 300])
def test_read_zone__anything_else__says_the_mend(text: str) -> None:
    found = read_zone(text)
    assert isinstance(found, Violation)
    assert found.code == "zone"


def test_read_locale__tag_of_one_or_two_parts__is_kept() -> None:
    assert (read_locale("fr"), read_locale("pt-BR")) == ("fr", "pt-BR")
    assert isinstance(read_locale("French"), Violation)
    assert isinstance(read_locale(""), Violation)
