"""The words of mails and calendars in each language: sentences by gettext, dates by babel.

A sentence in the code is its own key, in English. Its translations stand in locale/*.po,
which are read as they are: there is nothing to compile.
"""

import gettext
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from booking.reference.languages import LANGUAGES, SOURCE_LANGUAGE

CATALOGUES = Path(__file__).parent / "locale"
DAY_PATTERN: Final = "EEEE d MMMM y"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code, and the catalogue of its sentences."""

    code: str
    catalogue: gettext.NullTranslations = field(compare=False, repr=False)

    def say(self, sentence: str, **values: object) -> str:
        """Return the sentence in this language, its {names} filled in; empty stays empty."""
        said = self.catalogue.gettext(sentence) if sentence else ""
        return said.format(**values) if values else said

    def count(self, one: str, many: str, number: int) -> str:
        """Return the sentence that fits the {number} of things."""
        return self.catalogue.ngettext(one, many, number).format(number=number)

    def factor(self, value: float) -> str:
        """Word a factor with three decimals."""
        return format_decimal(value, format="0.000", locale=self.code)

    def day(self, local: datetime) -> str:
        """Word a day with its weekday: Tuesday 1 December 2026."""
        return format_date(local, self.say(DAY_PATTERN), locale=self.code)


@lru_cache
def language(code: str) -> Language:
    """Return a language that is shipped.

    Raises: FileNotFoundError for one that is not.
    """
    if code == SOURCE_LANGUAGE:
        return Language(code, gettext.NullTranslations())
    compiled = BytesIO()
    with (CATALOGUES / f"{code}.po").open("rb") as written:
        write_mo(compiled, read_po(written, locale=code))
    compiled.seek(0)
    return Language(code, gettext.GNUTranslations(compiled))


def language_of(*wanted: str) -> Language:
    """Return the first wanted language that is shipped, else English: `fr-CA` is met by `fr`."""
    for each in wanted:
        code = each.partition("-")[0].lower()
        if code in LANGUAGES:
            return language(code)
    return language(SOURCE_LANGUAGE)


ENGLISH: Final = language(SOURCE_LANGUAGE)
