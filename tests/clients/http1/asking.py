"""Requests as the tests make them, and what became of them in a form that compares."""

from collections.abc import AsyncIterable
from typing import Final

import httpx

TIMEOUTS: Final = {"connect": 60.0, "read": 60.0, "write": 60.0, "pool": 60.0}
"""Longer than a test waits for anything (server.until): what a time-out mends in the end counts as
broken. Tests about time give their own."""


def a_request(
    url: str,
    method: str = "POST",
    *,
    content: bytes | AsyncIterable[bytes] = b'{"a":1}',
    headers: dict[str, str] | None = None,
    **timeouts: float,
) -> httpx.Request:
    """Make a request with its time-outs."""
    return httpx.Request(
        method,
        url,
        content=None if method in {"GET", "HEAD"} else content,
        headers=headers,
        extensions={"timeout": TIMEOUTS | timeouts},
    )


async def ask(
    transport: httpx.AsyncBaseTransport, request: httpx.Request
) -> tuple[int, bytes] | str:
    """Give status and body, or the name of the error."""
    try:
        response = await transport.handle_async_request(request)
        try:
            return response.status_code, await response.aread()
        finally:
            await response.aclose()
    except httpx.RequestError as failure:
        return type(failure).__name__
