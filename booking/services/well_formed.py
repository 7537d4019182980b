"""Turn what the rules could not read into a refusal that points at the field."""

from email_validator import EmailNotValidError, validate_email

from booking.engine import identifiers
from booking.engine.catalogue_rules import CatalogueCode
from booking.engine.violations import Violation
from booking.errors import Malformed
from booking.reference.countries import countries
from booking.reference.languages import LANGUAGES

LONGEST_NAME = 200


def well_formed(found: str | Violation) -> str:
    """Return what was read.

    Raises: Malformed if it is a violation.
    """
    if isinstance(found, Violation):
        raise Malformed(found.reason, [found])
    return found


def read_email(email: str) -> str:
    """Return an e-mail address in the one form it is stored in: lower case, ASCII domain.

    Raises: Malformed if mail could not be sent to it.
    """
    try:
        read = validate_email(
            email.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            allow_smtputf8=False,
        )
    except EmailNotValidError as error:
        reason = f"Write an e-mail address as in name@example.org. {error}"
        raise Malformed(reason, [Violation("email", reason, "/email")]) from error
    return (read.ascii_email or read.normalized).lower()


def read_name(name: str) -> str:
    """Return a name without blanks around it.

    Raises: Malformed if nothing is left, or it is longer than 200 characters.
    """
    if 0 < len(name.strip()) <= LONGEST_NAME:
        return name.strip()
    reason = f"Write a name of 1 to {LONGEST_NAME} characters."
    raise Malformed(reason, [Violation("name", reason, "/name")])


def read_country(country: str) -> str:
    """Return the country's two letters (ISO 3166-1) in capitals.

    Raises: Malformed if there is no such country.
    """
    code = well_formed(identifiers.read_country(country))
    if code not in countries():
        reason = f"No country has the letters {code} (ISO 3166-1); write two such as KE."
        raise Malformed(reason, [Violation("country", reason, "/country")])
    return code


def country_faults(country: str) -> tuple[Violation, ...]:
    """Require a two-letter code of ISO 3166-1."""
    if country in countries():
        return ()
    reason = f"{country!r} is no country code: write the two letters of ISO 3166, such as KE."
    return (Violation(CatalogueCode.COUNTRY_UNKNOWN, reason, "/country"),)


def language_faults(code: str) -> tuple[Violation, ...]:
    """Require a language that mails and calendars are written in."""
    if code in LANGUAGES:
        return ()
    known = ", ".join(f"{each} ({name})" for each, name in LANGUAGES.items())
    reason = f"Mails and calendars are not written in {code!r}; choose one of {known}."
    return (Violation(CatalogueCode.LANGUAGE_UNKNOWN, reason, "/locale"),)
