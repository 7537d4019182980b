"""Who signs in to CalDAV: calendar accounts, by a username and password of their own."""

from fastapi import Request

from api.dav.backend import Bookings
from api.deps import time_of
from api.limits import limit_bad_passwords
from booking.config import Settings
from booking.db import Database
from booking.services import calendar_tokens


def sign_in(request: Request, username: str, password: str) -> Bookings | None:
    """Return the account's calendar; None where the username or the password is wrong.

    Raises: HTTPException 429 after many wrong ones from one network.
    """
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    now = time_of(request)
    with database.looking() as session:
        account = calendar_tokens.open_account(session, username=username, password=password)
    if account is None:
        limit_bad_passwords(request)
        return None
    if calendar_tokens.use_is_worth_noting(account.last_used_at, now=now):
        with database.writing() as session:
            calendar_tokens.note_use(session, token_id=account.token_id, now=now)
    return Bookings(database, settings, account, now)
