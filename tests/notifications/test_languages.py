"""No sentence of a mail or a calendar stays untranslated, in any language that is shipped."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Final

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po
from icalendar import Calendar

from booking.engine.lifecycle import EventKind
from booking.reference.languages import LANGUAGES, SOURCE_LANGUAGE
from notifications.calendar import vevent_text
from notifications.language import (
    CATALOGUES,
    DAY_PATTERN,
    ENGLISH,
    Language,
    language,
    language_of,
)
from notifications.mail import Mail
from notifications.messages import compose
from notifications.wording import instant_words, length_words
from tests.notifications.cards import a_card
from tests.notifications.languages import every_mail, literals, of_messages
from tests.notifications.test_messages import SETTINGS, due

TRANSLATED: Final = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
FIRST = datetime(2026, 12, 1, 9, tzinfo=UTC)
# What stands in every language as it is: addresses, zones, units and the product's own name.
AS_IT_IS: Final = re.compile(
    r"https?://\S+|\S+@\S+|[A-Z]\w+/[A-Z]\w+|\bUTC\b|\b(?:h|min|x)\b|Benchshare", re.ASCII
)


def catalogue(code: str) -> Catalog:
    with (CATALOGUES / f"{code}.po").open("rb") as written:
        return read_po(written, locale=code)


def translations(code: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in catalogue(code):
        said = each.string if isinstance(each.string, tuple) else (each.string,)
        found |= {one: [str(words) for words in said] for one in ids_of(each) if one}
    return found


def ids_of(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", TRANSLATED)
def test_catalogue__every_sentence_of_the_code__is_translated(code: str) -> None:
    known = translations(code)
    assert sorted((literals() | of_messages()) - known.keys()) == []
    for sentence, said in known.items():
        for each in said:
            assert each, sentence
            assert fields(each) == fields(sentence), sentence


@pytest.mark.parametrize("code", TRANSLATED)
def test_mails__of_every_kind__say_nothing_that_the_catalogue_lacks(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()
    say = Language.say

    def noting(self: Language, sentence: str, **values: object) -> str:
        asked.add(sentence)
        return say(self, sentence, **values)

    monkeypatch.setattr(Language, "say", noting)
    assert sum(1 for _ in every_mail(code)) > 100
    assert sorted(asked - {""} - translations(code).keys()) == []


@pytest.fixture
def wordless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Ship Greek with a catalogue that leaves of each sentence its {names} alone."""
    without = Catalog(locale="el")
    for each in catalogue("fr"):
        sentence, *plural = ids_of(each)
        if plural:
            without.add(each.id, ("{number}", "{number}"))
        elif sentence not in {"", DAY_PATTERN}:
            names = [f"{{{name}}}" for name in sorted(fields(sentence))]
            without.add(sentence, " ".join(names) or "·")
    with (tmp_path / "el.po").open("wb") as written:
        write_po(written, without)
    monkeypatch.setattr("notifications.language.CATALOGUES", tmp_path)
    monkeypatch.setattr("notifications.language.LANGUAGES", {"el": "Greek", **LANGUAGES})
    language.cache_clear()
    yield "el"
    language.cache_clear()


def test_mails__in_a_language_without_words__hold_none_of_ours(wordless: str) -> None:
    for mail in every_mail(wordless):
        for words in _read_aloud(mail):
            left = re.findall(r"[A-Za-z]{2,}", AS_IT_IS.sub("", words))
            assert left == [], (mail.subject, words)


def _read_aloud(mail: Mail) -> Iterator[str]:
    yield mail.subject
    yield mail.text
    yield re.sub(r"<[^>]*>", " ", re.sub(r"&\w+;|<style.*?</style>", " ", mail.html))
    if mail.invite is not None:
        (event,) = Calendar.from_ical(mail.invite.text).walk("VEVENT")
        for name in ("SUMMARY", "DESCRIPTION", "LOCATION"):
            yield str(event[name])


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (("fr",), "fr"),
        (("fr-CA",), "fr"),
        (("de", "es"), "es"),
        (("de", "sw"), "en"),
        (("en", "fr"), "en"),
        (("", "fr"), "fr"),
        ((), "en"),
    ],
)
def test_language__first_that_is_shipped__is_taken(wanted: tuple[str, ...], code: str) -> None:
    assert language_of(*wanted).code == code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", "Tuesday 1 December 2026, 09:00"),
        ("fr", "mardi 1 décembre 2026, 09:00"),
        ("es", "martes, 1 de diciembre de 2026, 09:00"),
    ],
)
def test_day__in_each_language__is_worded(code: str, words: str) -> None:
    assert instant_words(FIRST, language(code)) == words


@pytest.mark.parametrize(("days", "words"), [(1, "1 jour"), (2, "2 jours")])
def test_length__in_french__counts(days: int, words: str) -> None:
    assert length_words(days * 1440, language("fr")) == words
    assert length_words(90, ENGLISH) == "1 h 30 min"


def test_mail__reader_and_facility_of_two_languages__each_have_theirs() -> None:
    card = a_card(person_locale="fr", facility_locale="es", person_zone="Europe/Paris")
    mail = compose(due(EventKind.BOOKING_CONFIRMED), card, SETTINGS)
    assert mail.subject == ("Confirmée : X-ray diffractometer, mardi 1 décembre 2026, 11:00")
    assert "Quand : mardi 1 décembre 2026, 11:00 à 13:00 (Africa/Nairobi, UTC+03:00)" in mail.text
    assert "À votre heure : mardi 1 décembre 2026, 09:00 à 11:00 (Europe/Paris" in mail.text
    assert '<html lang="fr">' in mail.html
    assert mail.invite is not None
    (event,) = Calendar.from_ical(mail.invite.text).walk("VEVENT")
    assert "Hora local de Nairobi Materials Facility: martes, 1 de" in str(event["DESCRIPTION"])


def test_mail__reader_of_no_shipped_language__is_in_the_facilitys() -> None:
    card = a_card(person_locale="sw", facility_locale="fr")
    assert "Bonjour Amina Otieno," in compose(due(EventKind.BOOKING_MOVED), card, SETTINGS).text


def test_kept_text__whoever_reads__is_one() -> None:
    assert vevent_text(a_card(facility_locale="fr", person_locale="es")) == vevent_text(
        a_card(facility_locale="fr", person_locale="en")
    )
