"""Who works at a facility: give a role by e-mail, take it away."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import FACILITY_ROLES, Action, Role
from booking.errors import DomainError, NotFound
from booking.services import people

router = APIRouter()
ROLES: Final = (
    (Role.MANAGER, "manager: everything here, rounds too"),
    (Role.OPERATOR, "operator: closures, check-in, qualifications"),
    (Role.REVIEWER, "reviewer: scores requests in rounds"),
)


@router.get("/manage/facilities/{slug}/staff")
def staff(visit: Visiting, slug: str) -> Response:
    """List who has a role at the facility."""
    return _shown(visit, managed(visit, slug, Action.STAFF_MANAGE), typed({}))


@router.post("/manage/facilities/{slug}/staff")
def grant(visit: Submitting, slug: str, form: Form) -> Response:
    """Give a role to somebody who has signed in before."""
    facility = managed(visit, slug, Action.STAFF_MANAGE)
    form.needed("email", "Write the e-mail address they sign in with.")
    role = form.word("role", Role)
    if role not in FACILITY_ROLES:
        form.fault("role", "Choose a role.")
    if form.refusal or role is None:
        return _shown(visit, facility, form, form.refusal)

    def change(session: Session) -> Any:
        person = people.person_with_email(session, form["email"])
        return people.grant_role(
            session,
            actor=visit.actor,
            now=visit.now,
            person_id=person.id,
            role=role,
            facility_id=facility.id,
        )

    done = visit.write(change)
    if isinstance(done, DomainError):
        return _shown(visit, facility, form, done)
    return go(visit, f"/manage/facilities/{slug}/staff", "The role is given.")


@router.post("/manage/facilities/{slug}/staff/{membership_id:uuid}/remove")
def revoke(visit: Submitting, slug: str, membership_id: UUID) -> Response:
    """Take a role away."""
    facility = managed(visit, slug, Action.STAFF_MANAGE)
    here = visit.read(
        lambda session: people.list_staff(session, actor=visit.actor, facility_id=facility.id)
    )
    if membership_id not in {each.id for each in here}:
        raise NotFound("Nobody here has that role; it may have been taken away already.")
    done = visit.write(
        lambda session: people.revoke_role(
            session, actor=visit.actor, now=visit.now, membership_id=membership_id
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, typed({}), done)
    return go(visit, f"/manage/facilities/{slug}/staff", "The role is taken away.")


def _shown(
    visit: Visit, facility: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    members = visit.read(
        lambda session: people.list_staff(session, actor=visit.actor, facility_id=facility.id)
    )
    return show(
        visit,
        "manage/staff.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors_of(refused),
        members=members,
        roles=ROLES,
        **around(visit, facility, "/staff"),
    )
