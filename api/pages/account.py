"""A person's account: profile, whom they act for, all that is held on them, and its end."""

import json
from typing import Any, Final
from zoneinfo import available_timezones

from fastapi import APIRouter
from fastapi.responses import Response

from api.auth import COOKIE
from api.pages.alarm_form import CALENDAR_MAILS, NEVER, alarm_choices, read_alarm
from api.pages.declaring import KINDS
from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.vocabulary import CalendarMail
from booking.errors import DomainError
from booking.queries import accounts
from booking.reference.countries import country_name
from booking.reference.languages import LANGUAGES
from booking.services import people, personal, preferences

router = APIRouter()
REGIONS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe"}
    | {"Indian", "Pacific"}
)


@router.get("/account")
def account(visit: Visiting) -> Response:
    """Show the account, with its profile to edit."""
    visit.sign_in_first()
    return _shown(visit, typed(_profile(visit)))


@router.post("/account")
def edit_profile(visit: Submitting, form: Form) -> Response:
    """Change the profile."""
    visit.sign_in_first()
    changed = visit.write(
        lambda session: people.edit_profile(
            session,
            actor=visit.actor,
            now=visit.now,
            person_id=visit.person.id,
            name=form["name"],
            orcid=form["orcid"],
            zone=form["zone"],
            locale=form["locale"],
        )
    )
    if isinstance(changed, DomainError):
        return _shown(visit, form, changed)
    return go(visit, "/account", "Your profile is saved.")


@router.post("/account/preferences")
def set_preferences(visit: Submitting, form: Form) -> Response:
    """Change how the person hears of bookings."""
    visit.sign_in_first()
    wanted, alarm = form.word("calendar_mail", CalendarMail), read_alarm(form)
    if form.refusal:
        return _shown(visit, form, form.refusal)
    done = visit.write(
        lambda session: preferences.set_preferences(
            session,
            actor=visit.actor,
            now=visit.now,
            person_id=visit.person.id,
            calendar_mail=wanted,
            alarm=alarm,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, form, done)
    return go(visit, "/account", "How you hear of your bookings is saved.")


@router.get("/account/export")
def export(visit: Visiting) -> Response:
    """Hand over all that is held on the person, as a file."""
    visit.sign_in_first()
    held = visit.read(
        lambda session: personal.export(session, actor=visit.actor, person_id=visit.person.id)
    )
    return Response(
        json.dumps(held, ensure_ascii=False, indent=1, default=str),
        media_type="application/json",
        headers={
            "Content-Disposition": 'attachment; filename="benchshare-my-data.json"',
            "Cache-Control": "no-store",
        },
    )


@router.get("/account/delete")
def ask_to_delete(visit: Visiting) -> Response:
    """Say what a deletion takes away, and ask."""
    visit.sign_in_first()
    return show(visit, "account/delete.html", refused=None)


@router.post("/account/delete")
def delete(visit: Submitting) -> Response:
    """Delete the account and sign out."""
    visit.sign_in_first()
    deleted = visit.write(
        lambda session: personal.delete_account(
            session, actor=visit.actor, now=visit.now, person_id=visit.person.id
        )
    )
    if isinstance(deleted, DomainError):
        return show(visit, "account/delete.html", status=STATUS[type(deleted)], refused=deleted)
    response = go(visit, "/", "Your account is deleted.")
    response.delete_cookie(COOKIE)
    return response


def _profile(visit: Visit) -> dict[str, Any]:
    person = visit.person
    return {
        "name": person.name,
        "orcid": person.orcid,
        "zone": person.zone,
        "locale": person.locale,
        "calendar_mail": person.calendar_mail,
        "alarm_minutes": NEVER if person.alarm_minutes is None else str(person.alarm_minutes),
    }


def _shown(visit: Visit, form: Typed, refused: DomainError | None = None) -> Response:
    values = typed(_profile(visit) | dict(form.values))
    organisations, projects = visit.read(
        lambda session: (
            accounts.organisations_of(session, visit.actor),
            accounts.projects_of(session, visit.actor),
        )
    )
    return show(
        visit,
        "account/account.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        zones=zones(visit.person.zone),
        calendar_mails=CALENDAR_MAILS,
        alarms=alarm_choices(visit.person.alarm_minutes),
        languages=[*LANGUAGES.items(), *_other_language(visit.person.locale)],
        organisations=organisations,
        projects=projects,
        country_name=country_name,
        kinds=dict(KINDS),
    )


def _other_language(locale: str) -> list[tuple[str, str]]:
    return [] if locale in {"", *LANGUAGES} else [(locale, locale)]


def zones(also: str = "UTC") -> list[tuple[str, str]]:
    """Return the time zones to choose from, by name; not the historical doubles, but `also`."""
    found = {each for each in available_timezones() if each.partition("/")[0] in REGIONS}
    return [(each, each.replace("_", " ")) for each in sorted({"UTC", also} | found)]
