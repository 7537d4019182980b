"""A policy as booking on-line asks for it; a version never changes, so a process keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.group_rules import GroupRule, read_rule
from booking.engine.online_quotas import Release
from booking.queries.kept import Kept
from booking.queries.policies import PolicyFacts, policy

MOST_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class OnlineGroup:
    """An equity group of a policy."""

    key: str
    name: str
    rule: GroupRule
    share_ppm: int


@dataclass(frozen=True, slots=True)
class OnlinePolicy:
    """What one version of a policy says about booking on-line; no cap is None."""

    groups: tuple[OnlineGroup, ...]
    cap_ppm: int | None
    release: Release
    grace_days: int


_KEPT: Final[Kept[UUID, OnlinePolicy]] = Kept(MOST_KEPT)


def online_policy(session: Session, version_id: UUID) -> OnlinePolicy:
    """Return the version of a policy with that id, which must exist.

    Cost: two queries the first time, none after.
    """
    kept = _KEPT.get(version_id)
    if kept is None:
        found = policy(session, version_id)
        if found is None:
            raise ValueError(f"There is no policy version {version_id}.")
        kept = online(found)
        _KEPT.keep(version_id, kept)
    return kept


def online(found: PolicyFacts) -> OnlinePolicy:
    """Read a policy as it is stored."""
    version = found.version
    return OnlinePolicy(
        groups=tuple(
            OnlineGroup(
                each.key, each.name, stored_rule(each.key, each.rule), each.reserved_share_ppm
            )
            for each in found.groups
        ),
        cap_ppm=version.cap_share_ppm,
        release=Release(
            any_group=timedelta(days=version.release_first_days),
            everyone=timedelta(days=version.release_all_days),
        ),
        grace_days=version.grace_days,
    )


def stored_rule(key: str, rule: Mapping[str, Any]) -> GroupRule:
    """Read the rule of a group that was published.

    Raises: ValueError if it was stored malformed.
    """
    found = read_rule(rule)
    if isinstance(found, tuple):
        raise ValueError(f"The rule of the group {key!r} was stored malformed: {found}")  # noqa: TRY004 - a fault of ours, no wrong type
    return found
