"""A service run inside the test: the real application and storage, without a socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx
from fastapi import FastAPI

from services.settings import ServiceSettings

MakeApp: TypeAlias = Callable[[ServiceSettings], FastAPI]


@asynccontextmanager
async def running(
    make_app: MakeApp,
    database_url: str,
    **settings: Any,  # noqa: ANN401 - any setting
) -> AsyncIterator[httpx.AsyncClient]:
    """Start a service on `database_url`, give a client of it, and stop it."""
    app = make_app(ServiceSettings(_env_file=None, database_url=database_url, **settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client,
    ):
        yield client


def keyed(key: str) -> dict[str, str]:
    """Return the header that names a request."""
    return {"X-Idempotency-Key": key}


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal, which must be a problem document."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == response.json()["status"]
    return response.status_code, response.json()["code"]
