"""Secrets that are handed out once: made from a key or at random elsewhere, kept as a hash."""

import base64
import hashlib
import hmac
from typing import Final
from uuid import UUID

BOOKING_TOKEN_LENGTH: Final = 24


def token_hash(token: str) -> str:
    """Return what is stored of a token: its sha256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def derived_token(secret_key: str, purpose: str, subject: str) -> str:
    """Return the token that `secret_key` gives `subject` for `purpose`.

    It can be made again where it is needed (in a mail that is sent later), so
    nothing but its hash has to be stored. 256 bits, URL-safe.
    """
    digest = hmac.digest(secret_key.encode(), f"{purpose}:{subject}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def booking_token(secret_key: str, booking_id: UUID) -> str:
    """Return what plus-addresses a booking's organiser: short, and safe in any mailbox's name."""
    return token_hash(derived_token(secret_key, "calendar-reply", str(booking_id)))[
        :BOOKING_TOKEN_LENGTH
    ]
