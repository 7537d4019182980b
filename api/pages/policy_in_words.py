"""A facility's policy in sentences: the cap, and when reserved time is released."""

from typing import Any, Final

from api.pages.wording import duration, percent

DAY_MINUTES: Final = 1440


def policy_in_words(version: Any) -> list[str]:
    """Say the cap and when reserved time is released."""
    cap = (
        "There is no cap on what one organisation may hold."
        if version.cap_share_ppm is None
        else f"One organisation may hold at most {percent(version.cap_share_ppm)} of the time."
    )
    any_group = duration(version.release_first_days * DAY_MINUTES)
    everyone = duration(version.release_all_days * DAY_MINUTES)
    released = f"opens to all groups {any_group} ahead, and to everyone {everyone} ahead"
    return [
        cap,
        f"Reserved time that its group has not taken {released}.",
        "Nobody gets less for having declared that they belong to a group.",
    ]
