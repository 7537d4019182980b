"""An officer's page: facts that nobody verified, or not for long any more."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.declaring import fact_in_words
from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.ownership import Circle, circle_in_words
from booking.engine.verification import Verification
from booking.errors import DomainError
from booking.queries.people import names_of
from booking.services import organisations, verification

router = APIRouter()
MOST_SHOWN: Final = 25
USUAL_DAYS: Final = 365
STATES: Final = (
    (Verification.UNVERIFIED, "Not verified"),
    (Verification.EXPIRING, "Ends within 60 days"),
    (Verification.EXPIRED, "Has ended"),
)


@router.get("/manage/facts")
def facts(visit: Visiting, address: Address) -> Response:
    """Show the facts that wait to be looked at, by organisation."""
    visit.sign_in_first()
    return _shown(visit, address)


@router.post("/manage/facts/{organisation_id:uuid}/{fact_id:uuid}/verify")
def verify(visit: Submitting, organisation_id: UUID, fact_id: UUID, form: Form) -> Response:
    """Verify a fact by its evidence, up to a last day."""
    visit.sign_in_first()
    form.needed("evidence", "Say what you looked at, such as the extract of a register.")
    until, seen = form.day("verified_until"), _seen(form)
    if form.refusal:
        return _shown(visit, form, form.refusal, wrong=fact_id)
    done = visit.write(
        lambda session: verification.verify_fact(
            session,
            actor=visit.actor,
            now=visit.now,
            organisation_id=organisation_id,
            fact_id=fact_id,
            evidence=form.prose("evidence"),
            until=until,
            declared_at=seen,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, form, done, wrong=fact_id)
    return go(visit, "/manage/facts", "Verified. The organisation sees by what, and until when.")


@router.post("/manage/facts/{organisation_id:uuid}/{fact_id:uuid}/take-back")
def take_back(visit: Submitting, organisation_id: UUID, fact_id: UUID, form: Form) -> Response:
    """Take a verification back, so that the organisation may correct the fact."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: verification.verify_fact(
            session,
            actor=visit.actor,
            now=visit.now,
            organisation_id=organisation_id,
            fact_id=fact_id,
            verified=False,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, form, done)
    where = form["back"] if form["back"].startswith("/account/organisations/") else "/manage/facts"
    return go(visit, where, "The verification is taken back.")


def _seen(form: Typed) -> datetime | None:
    """Read when the fact was declared that the officer looked at."""
    try:
        return datetime.fromisoformat(form["declared_at"])
    except ValueError:
        return None


def _shown(
    visit: Visit, typed: Typed, refused: DomainError | None = None, *, wrong: UUID | None = None
) -> Response:
    state = typed.word("state", Verification)
    page, names, circles = visit.read(
        lambda session: _look(visit, session, state, typed["cursor"] or None)
    )
    today = visit.now.date()
    return show(
        visit,
        "manage/facts.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        errors=errors_of(refused),
        wrong=wrong,
        typed=typed,
        page=page,
        names=names,
        circles={key: circle_in_words(each) for key, each in circles.items()},
        own={each.organisation_id for each in visit.actor.grants},
        own_words=verification.OWN_FACT,
        state=state or "",
        states=STATES,
        state_of={
            each.fact.id: organisations.verification_of(each.fact, today) for each in page.items
        },
        in_words=fact_in_words,
        usual=(today + timedelta(days=USUAL_DAYS)).isoformat(),
        today=today.isoformat(),
    )


def _look(
    visit: Visit, session: Any, state: Verification | None, cursor: str | None
) -> tuple[Any, dict[UUID, str], dict[UUID, Circle]]:
    page = verification.facts_to_verify(
        session,
        actor=visit.actor,
        now=visit.now,
        state=state,
        limit=MOST_SHOWN,
        cursor=cursor,
    )
    declared_by = {each.fact.declared_by for each in page.items}
    circles = verification.circles_among(
        session, actor=visit.actor, now=visit.now, facts=[each.fact for each in page.items]
    )
    return page, names_of(session, {each for each in declared_by if each}), circles
