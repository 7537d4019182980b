"""The languages that mails and calendars are written in."""

from collections.abc import Mapping
from typing import Final

SOURCE_LANGUAGE: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "es": "Español", "fr": "Français"}
