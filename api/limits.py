"""Rate limits: guessing is slowed down, a valid token never is.

They are counted in this process's memory, so several processes allow as many times more.
"""

import math
from ipaddress import AddressValueError, IPv6Network
from typing import Final

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, WindowStats
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException

from booking.clock import utc_now

LINKS_TO_ONE_ADDRESS: Final = RateLimitItemPerMinute(5, 15, namespace="links-to")
LINKS_FROM_ONE_NETWORK: Final = RateLimitItemPerHour(100, namespace="links-from")
LINKS_OPENED: Final = RateLimitItemPerMinute(60, namespace="links-opened")
BAD_TOKENS: Final = RateLimitItemPerMinute(60, namespace="bad-tokens")
BAD_PASSWORDS: Final = RateLimitItemPerMinute(30, namespace="bad-passwords")
TOO_MANY: Final = 429


def limit_asking_for_links(request: Request, email: str) -> None:
    """Count a wish for a sign-in link, by its address and by where it comes from.

    Raises: HTTPException 429.
    """
    _count(request, LINKS_FROM_ONE_NETWORK, network_of(request))
    _count(request, LINKS_TO_ONE_ADDRESS, email.strip().lower())


def limit_opening_links(request: Request) -> None:
    """Count the opening of a sign-in link.

    Raises: HTTPException 429.
    """
    _count(request, LINKS_OPENED, network_of(request))


def limit_bad_tokens(request: Request) -> None:
    """Count a bearer token that is not valid; called after it was looked up, never before.

    Raises: HTTPException 429.
    """
    _count(request, BAD_TOKENS, network_of(request))


def limit_bad_passwords(request: Request) -> None:
    """Count a wrong password of a calendar account; called after it was looked up, never before.

    Raises: HTTPException 429.
    """
    _count(request, BAD_PASSWORDS, network_of(request))


def network_of(request: Request) -> str:
    """Return where a request comes from: an IPv4 address, or the /64 network of an IPv6 one."""
    host = request.client.host if request.client else ""
    try:
        return str(IPv6Network(f"{host.partition('%')[0]}/64", strict=False))
    except AddressValueError:
        return host


def _limiter_of(request: Request) -> MovingWindowRateLimiter:
    state = request.app.state
    if not hasattr(state, "limiter"):
        state.limiter = MovingWindowRateLimiter(MemoryStorage())
    limiter: MovingWindowRateLimiter = state.limiter
    return limiter


def _count(request: Request, limit: RateLimitItem, key: str) -> None:
    limiter = _limiter_of(request)
    if limiter.hit(limit, key):
        return
    window: WindowStats = limiter.get_window_stats(limit, key)
    seconds = max(1, math.ceil(window.reset_time - utc_now().timestamp()))
    raise HTTPException(
        TOO_MANY,
        f"Too many tries. Wait {seconds} seconds, then try again.",
        headers={"Retry-After": str(seconds)},
    )
