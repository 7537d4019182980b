"""What past use does to an organisation's points: its factor over time, and what made it."""

from datetime import date
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.fields import Address
from api.pages.line_plot import line_plot
from api.pages.visit import Visiting, show
from booking.services.fair_share_history import Factors, FairShare, fair_share_shown

router = APIRouter()
MILLION: Final = 1_000_000
SAMPLE_SCORE: Final = 800
SIDE: Final = (0.5, 0.75, 1.0)
A_MONTH: Final = 4


@router.get("/organisations/{organisation_id:uuid}/fair-share")
def fair_share(visit: Visiting, organisation_id: UUID, address: Address) -> Response:
    """Show the factor now, what it is made of, over the past year and from now on."""
    visit.sign_in_first()
    found = visit.read(
        lambda session: fair_share_shown(
            session,
            actor=visit.actor,
            now=visit.now,
            organisation_id=organisation_id,
            facility_key=address["facility"] or None,
        )
    )
    return show(
        visit,
        "account/fair_share.html",
        organisation=found.organisation,
        found=found,
        factor=found.factor / MILLION,
        sample=SAMPLE_SCORE,
        sample_points=SAMPLE_SCORE * found.factor / MILLION,
        entitled=found.rules.entitlement_ppm / MILLION,
        facilities=[(each.slug, each.name) for each in found.facilities],
        plot=_plot(found),
        past=_monthly(found.past[::-1]),
        coming=_monthly(found.coming)[1:],
    )


def _plot(found: FairShare) -> Markup:
    past, coming = _plain(found.past), _plain(found.coming)
    lowest = min(past, key=lambda each: each[1])
    summary = (
        f"Today {past[-1][1]:.3f}. In the past year lowest at {lowest[1]:.3f} on {lowest[0]}. "
        f"If nothing more is used, {coming[-1][1]:.3f} on {coming[-1][0]}."
    )
    return line_plot(
        "plot-factor", "Factor over time", summary, past=past, coming=coming, marks=SIDE
    )


def _plain(factors: Factors) -> list[tuple[date, float]]:
    return [(day, millionths / MILLION) for day, millionths in factors]


def _monthly(factors: Factors) -> list[tuple[date, float]]:
    """Take every fourth week, for a table that is read and not drawn."""
    return _plain(factors[::A_MONTH])
