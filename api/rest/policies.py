"""Facilities' policies."""

from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlmodel import Session

from api.deps import Instant, Name, Now, Prose, ReadSession, SignedIn, WriteSession
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.rounds import Key
from booking.engine.quotas import PPM, LadderStep
from booking.errors import NotFound
from booking.queries.policies import PolicyFacts, current_policy, policy_numbered, policy_versions
from booking.queries.rounds import facility_named
from booking.services import policies
from booking.services.policy_differences import PolicyValue, Unit, policy_differences

router = APIRouter(tags=["policies"], route_class=IdempotentRoute)

MOST_GROUPS: Final = 50
MOST_RUNGS: Final = 20
MOST_POINTS: Final = 1_000_000
MOST_DAYS: Final = 3660
LARGEST_SHARE: Final = 1000


def _six_places(share: float) -> float:
    """Refuse what is no whole number of parts per million."""
    if Decimal(str(share)) * PPM % 1:
        raise ValueError("write a share with at most six decimals, such as 0.14")
    return share


# Shares outside 0 to 1 are for the rules to refuse, with a sentence of their own.
Share = Annotated[float, Field(ge=-LARGEST_SHARE, le=LARGEST_SHARE), AfterValidator(_six_places)]
GroupKey = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")]
Days = Annotated[int, Field(ge=0, le=MOST_DAYS, strict=True)]


class RungIn(BaseModel):
    """Top-up points per credit, until the cumulative share `up_to` of the reserve is filled."""

    model_config = ConfigDict(extra="forbid")

    up_to: Share
    points: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS, strict=True)]


class GroupIn(BaseModel):
    """An equity group: its rule, its weight, and the share that is reserved for it.

    A rule's `kind` is startup (`max_age_years`), sme (`at_most` micro, small or medium),
    country_scheme (`scheme`, `values`, `grace_days`), first_time_user, attribute (`key`, `op`
    of eq, ne, in, lt, le, gt and ge, `value`), or any or all of `rules`.
    A share that follows from weights is not given: the policy's `reserved_share` is.
    """

    model_config = ConfigDict(extra="forbid")

    key: GroupKey
    name: Annotated[Name, StringConstraints(max_length=120)]
    rule: dict[str, Any]
    reserved_share: Share = 0.0
    weight: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS, strict=True)] = 1


def _default_ladder() -> list[RungIn]:
    return [RungIn(up_to=0.5, points=1200), RungIn(up_to=1.0, points=600)]


class PolicyIn(BaseModel):
    """A policy to publish; a `cap_share` of null is no cap.

    With `reserved_share` that part of all hours is reserved, and groups share it by weight times
    verified organisations; null: each group's share is as given. `strict` fills reserves
    before points count; else the ladder's points are added to merit.
    """

    model_config = ConfigDict(extra="forbid")

    groups: Annotated[list[GroupIn], Field(max_length=MOST_GROUPS)] = []
    ladder: Annotated[list[RungIn], Field(max_length=MOST_RUNGS)] = Field(
        default_factory=_default_ladder
    )
    cap_share: Share | None = 0.1
    release_first_days: Days = 14
    release_all_days: Days = 7
    half_life_days: Annotated[int, Field(ge=1, le=MOST_DAYS, strict=True)] = 90
    grace_days: Days = 0
    note: Prose = ""
    reserved_share: Share | None = None
    strict: Annotated[bool, Field(strict=True)] = False


class GroupOut(BaseModel):
    """A published equity group."""

    key: str
    name: str
    rule: dict[str, Any]
    reserved_share: float
    weight: int


class PolicyOut(BaseModel):
    """One version of a facility's policy.

    `country_lists` is the version of the country lists it counts on, `notes` name countries
    that had left one of them when it was published, or were about to.
    """

    id: UUID
    number: int
    groups: list[GroupOut]
    ladder: list[dict[str, float]]
    cap_share: float | None
    release_first_days: int
    release_all_days: int
    half_life_days: int
    grace_days: int
    note: str
    country_lists: str
    notes: list[str]
    reserved_share: float | None
    strict: bool
    published_at: Instant
    versions: list[int]


class PolicyList(BaseModel):
    """Versions of a facility's policy."""

    items: list[PolicyOut]
    next: str | None


class DifferenceOut(BaseModel):
    """A value that differs, by its place in the policy; groups are named by their keys.

    Shares are numbers from 0 to 1; null where a version has no such value.
    """

    pointer: str
    label: str
    unit: Unit
    before: Any
    after: Any


class ComparisonOut(BaseModel):
    """Two versions side by side; notes do not count."""

    before: int
    after: int
    differences: list[DifferenceOut]


@router.get("/facilities/{key}/policy", responses=problems(404))
def see_policy(key: Key, response: Response, session: ReadSession) -> PolicyOut:
    """Return the facility's current policy, and the numbers of all its versions."""
    place = facility_named(session, key)
    found = current_policy(session, place.id)
    if found is None:
        raise NotFound(f"{place.name} has no policy: no groups, caps or quotas apply there.")
    return _answered(policy_shown(session, found), response)


@router.get("/facilities/{key}/policies", responses=problems(404))
def list_policies(key: Key, session: ReadSession) -> PolicyList:
    """Return every version of the facility's policy, the newest first."""
    place = facility_named(session, key)
    versions = policy_versions(session, place.id)
    found = [policy_numbered(session, place.id, each.number) for each in versions]
    return PolicyList(items=[policy_shown(session, each) for each in found], next=None)


@router.get("/facilities/{key}/policies/compare", responses=problems(404))
def compare_policies(
    key: Key,
    session: ReadSession,
    before: Annotated[int, Query(alias="from", ge=1, le=MOST_POINTS)],
    after: Annotated[int, Query(alias="to", ge=1, le=MOST_POINTS)],
) -> ComparisonOut:
    """Return every value in which two versions of the facility's policy differ."""
    place = facility_named(session, key)
    first, second = (policy_numbered(session, place.id, each) for each in (before, after))
    found = policy_differences(policies.wish_of(first), policies.wish_of(second))
    return ComparisonOut(
        before=before,
        after=after,
        differences=[
            DifferenceOut(
                pointer=each.pointer,
                label=each.label,
                unit=each.unit,
                before=_value(each.before),
                after=_value(each.after),
            )
            for each in found
        ],
    )


def _value(found: PolicyValue | None) -> Any:
    """Return a value as the policy's body writes it: shares as numbers from 0 to 1."""
    if found is None or found.value is None:
        return None
    return found.value / PPM if found.unit is Unit.PPM else found.value


@router.put("/facilities/{key}/policy", responses=problems(401, 403, 404, 409, 412))
def publish_policy(
    key: Key,
    given: PolicyIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    if_match: IfMatch = None,
) -> PolicyOut:
    """Publish a new version; the same content again makes none."""
    place = facility_named(session, key)
    lock_to_match(session, if_match, place)
    before = current_policy(session, place.id)
    if before is not None:
        check_match(if_match, policy_shown(session, before))
    found = policies.publish_policy(
        session, actor=actor, now=now, facility=key, wish=wish_in(given)
    )
    return _answered(policy_shown(session, found), response)


def _ppm(share: float) -> int:
    return int(Decimal(str(share)) * PPM)


def wish_in(given: PolicyIn) -> policies.PolicyWish:
    """Return the policy that a body asks for."""
    rest = given.model_dump(exclude={"groups", "ladder", "cap_share", "reserved_share"})
    return policies.PolicyWish(
        groups=tuple(
            policies.GroupWish(
                each.key, each.name, each.rule, _ppm(each.reserved_share), each.weight
            )
            for each in given.groups
        ),
        ladder=tuple(LadderStep(_ppm(each.up_to), each.points) for each in given.ladder),
        cap_share_ppm=None if given.cap_share is None else _ppm(given.cap_share),
        reserved_ppm=None if given.reserved_share is None else _ppm(given.reserved_share),
        **rest,
    )


def _answered(shown: PolicyOut, response: Response) -> PolicyOut:
    set_etag(response, shown)
    return shown


def policy_shown(session: Session, found: PolicyFacts) -> PolicyOut:
    """Return a version of a policy as the API shows it."""
    version = found.version
    cap_ppm, reserved_ppm = version.cap_share_ppm, version.reserved_ppm
    return PolicyOut(
        id=version.id,
        number=version.number,
        groups=[
            GroupOut(
                key=each.key,
                name=each.name,
                rule=each.rule,
                reserved_share=each.reserved_share_ppm / PPM,
                weight=each.weight,
            )
            for each in found.groups
        ],
        ladder=version.ladder,
        cap_share=None if cap_ppm is None else cap_ppm / PPM,
        release_first_days=version.release_first_days,
        release_all_days=version.release_all_days,
        half_life_days=version.half_life_days,
        grace_days=version.grace_days,
        note=version.note,
        country_lists=version.country_lists,
        notes=list(policies.notes_on(policies.wish_of(found), version.published_at.date())),
        reserved_share=None if reserved_ppm is None else reserved_ppm / PPM,
        strict=version.strict,
        published_at=version.published_at,
        versions=[each.number for each in policy_versions(session, version.facility_id)],
    )
