"""The statements behind offered_weeks: published resources, hours and closures."""

from typing import Final
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlmodel import col

from booking.engine.lifecycle import ResourceState
from booking.models import Closure, OpeningHours, Resource
from booking.models.columns import UtcDateTime

_FACILITIES: Final[BindParameter[UUID]] = bindparam("facilities", expanding=True)
_START: Final = bindparam("start", type_=UtcDateTime)
_END: Final = bindparam("end", type_=UtcDateTime)

OFFERED_RESOURCES: Final = select(
    col(Resource.id),
    col(Resource.facility_id),
    col(Resource.capacity),
    col(Resource.rate_thousandths),
).where(
    col(Resource.facility_id).in_(_FACILITIES),
    col(Resource.state) == ResourceState.PUBLISHED,
)

OFFERED_HOURS: Final = select(
    col(OpeningHours.facility_id),
    col(OpeningHours.resource_id),
    col(OpeningHours.weekday),
    col(OpeningHours.opens),
    col(OpeningHours.closes),
).where(col(OpeningHours.facility_id).in_(_FACILITIES))

OFFERED_CLOSURES: Final = select(
    col(Closure.facility_id),
    col(Closure.resource_id),
    col(Closure.starts_at),
    col(Closure.ends_at),
).where(
    col(Closure.facility_id).in_(_FACILITIES),
    col(Closure.starts_at) < _END,
    col(Closure.ends_at) > _START,
)
