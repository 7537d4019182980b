"""API tokens in a person's account: what programs use in that person's name."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.errors import DomainError
from booking.services import tokens

router = APIRouter()
SCOPES: Final = (
    ("", "all that I may do"),
    ("read", "look only"),
    ("book", "look, book and hand in requests"),
    ("manage", "all but administering people and tokens"),
)
LIVES: Final = ((30, "30 days"), (90, "90 days"), (365, "a year"), (1825, "five years"))


@router.get("/account/tokens")
def api_tokens(visit: Visiting, address: Address) -> Response:
    """Show a person's API tokens and the form that creates one."""
    visit.sign_in_first()
    return _tokens_shown(visit, address)


@router.post("/account/tokens")
def create_token(visit: Submitting, form: Form) -> Response:
    """Create a token and show it once."""
    visit.sign_in_first()
    name, days = form.line("name", longest=100), form.whole("days", least=1, most=1825)
    form.needed("name", "Give it a name, such as the program that will use it.")
    if form.refusal:
        return _tokens_shown(visit, form, form.refusal)
    made = visit.write(
        lambda session: tokens.create_token(
            session,
            actor=visit.actor,
            now=visit.now,
            person_id=visit.person.id,
            name=name,
            scopes=[form["scope"]] if form["scope"] else [],
            expires_at=visit.now + timedelta(days=days or 365),
        )
    )
    if isinstance(made, DomainError):
        return _tokens_shown(visit, form, made)
    return _tokens_shown(visit, Typed({}), token=made[1])


@router.post("/account/tokens/{token_id:uuid}/revoke")
def revoke_token(visit: Submitting, token_id: UUID, form: Form) -> Response:
    """Revoke a token."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: tokens.revoke_token(
            session, actor=visit.actor, now=visit.now, token_id=token_id
        )
    )
    if isinstance(done, DomainError):
        return _tokens_shown(visit, form, done)
    return go(visit, "/account/tokens", "The token is revoked. It opens nothing any more.")


def _tokens_shown(
    visit: Visit, values: Typed, refused: DomainError | None = None, *, token: str = ""
) -> Response:
    rows = visit.read(
        lambda session: tokens.list_tokens(session, actor=visit.actor, person_id=visit.person.id)
    )
    response = show(
        visit,
        "account/tokens.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        rows=rows,
        token=token,
        scopes=SCOPES,
        lives=LIVES,
        scope_words=dict(SCOPES),
    )
    response.headers["Cache-Control"] = "no-store"
    return response
