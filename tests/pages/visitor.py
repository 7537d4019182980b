"""Somebody with a browser that runs no scripts: they open pages and send forms."""

import re
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from api.auth import COOKIE, csrf_token
from booking.engine.tokens import token_hash
from booking.models import Person, WebSession
from tests.builders import NOW, added


@dataclass(frozen=True, slots=True)
class Visitor:
    """Opens pages and sends forms with this browser's own token; follows no redirect."""

    app: FastAPI
    client: TestClient

    def get(self, path: str) -> Response:
        return self.client.get(path, follow_redirects=False)

    def send(self, path: str, **fields: object) -> Response:
        token = csrf_token(self.app.state.settings, self.client.cookies.get(COOKIE) or "")
        filled = {"csrf": token} | {name: str(value) for name, value in fields.items()}
        return self.client.post(path, data=filled, follow_redirects=False)

    def signed_in(self, cookie: str) -> "Visitor":
        self.client.cookies.set(COOKIE, cookie)
        return self


def a_browser_of(session: Session, person: Person) -> str:
    """Add a signed-in browser of the person, and return its cookie."""
    cookie = token_urlsafe()
    added(
        session,
        WebSession(
            person_id=person.id,
            token_hash=token_hash(cookie),
            created_at=NOW,
            expires_at=NOW + timedelta(days=30),
        ),
    )
    return cookie


def text_of(answer: Response) -> str:
    """Return the words of a page, without its markup."""
    without_marks = re.sub(r"<[^>]+>", " ", answer.text)
    return re.sub(r"\s+", " ", without_marks)
