"""The HTTP client of everything here that asks a replica or a service."""

from typing import Final

import httpx

_IDLE_S: Final = 3.0
"""uvicorn closes a connection that is idle for 5 s, and httpx keeps one for as long: a request sent
at that very moment would be lost, and tell nothing of what is tried here."""


def new_client(timeout_s: float, *, kept: int | None = None) -> httpx.AsyncClient:
    """A client that keeps up to `kept` connections (None: all), and none that is about to close."""
    limits = httpx.Limits(
        max_connections=None, max_keepalive_connections=kept, keepalive_expiry=_IDLE_S
    )
    return httpx.AsyncClient(timeout=timeout_s, limits=limits, trust_env=False)
