"""A facility's policy in sentences: the cap, and when reserved time is released."""

from typing import Any, Final

from api.pages.wording import duration, percent

DAY_MINUTES: Final = 1440


def _order_in_words(version: Any) -> list[str]:
    found = []
    if version.reserved_ppm is not None:
        found.append(
            f"{percent(version.reserved_ppm)} of all hours are reserved. Groups share them by "
            "weight times the number of their verified organisations, counted when a call opens; "
            "the shares shown are those of the day the policy was published."
        )
    if version.strict:
        found.append(
            "Strict: as many reserved hours as possible go to their groups first, and only then "
            "does merit decide."
        )
    return found


def policy_in_words(version: Any) -> list[str]:
    """Say how shares come about and what comes first, the cap, and when time is released."""
    cap = (
        "There is no cap on what one organisation may hold."
        if version.cap_share_ppm is None
        else f"One organisation may hold at most {percent(version.cap_share_ppm)} of the time."
    )
    any_group = duration(version.release_first_days * DAY_MINUTES)
    everyone = duration(version.release_all_days * DAY_MINUTES)
    released = f"opens to all groups {any_group} ahead, and to everyone {everyone} ahead"
    return [
        *_order_in_words(version),
        cap,
        f"Reserved time that its group has not taken {released}.",
        "Nobody gets less for having declared that they belong to a group.",
    ]
