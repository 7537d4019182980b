"""A facility's own details, and the versions of its terms."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import Action
from booking.errors import DomainError
from booking.queries.terms_versions import terms_versions
from booking.reference.countries import countries
from booking.reference.holiday_calendar import regions_of
from booking.reference.languages import LANGUAGES
from booking.services.catalogue import edit_facility
from booking.services.terms import publish_terms

router = APIRouter()
LINES: Final = ("name", "country", "zone", "contact_name", "contact_email", "contact_url")
CHOSEN: Final = ("mail_from", "holiday_region", "locale")
PROSE: Final = ("description", "access_policy")


@router.get("/manage/facilities/{slug}/details")
def details(visit: Visiting, slug: str) -> Response:
    """Show the facility's details to change."""
    facility = managed(visit, slug, Action.FACILITY_EDIT)
    values = {name: getattr(facility, name) for name in (*LINES, *PROSE, *CHOSEN)}
    if facility.restricted:
        values["restricted"] = "yes"
    return _shown(visit, facility, typed(values))


@router.post("/manage/facilities/{slug}/details")
def change(visit: Submitting, slug: str, form: Form) -> Response:
    """Change the details."""
    facility = managed(visit, slug, Action.FACILITY_EDIT)
    changes: dict[str, Any] = {name: form.line(name) for name in (*LINES, *CHOSEN)}
    changes |= {name: form.prose(name) for name in PROSE}
    changes["restricted"] = form["restricted"] == "yes"
    if form.refusal:
        return _shown(visit, facility, form, form.refusal)
    done = visit.write(
        lambda session: edit_facility(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            changes=changes,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, form, done)
    return go(visit, f"/manage/facilities/{slug}/details", "The details are saved.")


@router.get("/manage/facilities/{slug}/terms")
def terms(visit: Visiting, slug: str) -> Response:
    """Show the terms in force, and those before."""
    facility = managed(visit, slug, Action.TERMS_EDIT)
    return _terms_shown(visit, facility)


@router.post("/manage/facilities/{slug}/terms")
def publish(visit: Submitting, slug: str, form: Form) -> Response:
    """Publish a new version of the terms."""
    facility = managed(visit, slug, Action.TERMS_EDIT)
    form.needed("text", "Write the terms.")
    text = form.prose("text")
    if form.refusal:
        return _terms_shown(visit, facility, form, form.refusal)
    done = visit.write(
        lambda session: publish_terms(
            session, actor=visit.actor, now=visit.now, facility=slug, text=text
        )
    )
    if isinstance(done, DomainError):
        return _terms_shown(visit, facility, form, done)
    return go(
        visit,
        f"/manage/facilities/{slug}/terms",
        f"Version {done.number} is in force. Projects accept it before they ask or book.",
    )


def _shown(
    visit: Visit, facility: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    return show(
        visit,
        "manage/details.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors_of(refused),
        countries=[(each.country, each.name) for each in countries().values()],
        languages=LANGUAGES.items(),
        regions=regions_of(form["country"] or facility.country).items(),
        **around(visit, facility, "/details"),
    )


def _terms_shown(
    visit: Visit, facility: Any, form: Typed | None = None, refused: DomainError | None = None
) -> Response:
    versions = visit.read(lambda session: terms_versions(session, facility.id))
    text = versions[0].text if versions else ""
    return show(
        visit,
        "manage/terms.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form or typed({"text": text}),
        errors=errors_of(refused),
        versions=versions,
        **around(visit, facility, "/terms"),
    )
