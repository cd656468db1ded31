"""Services on real sockets, each in a thread of this process, as clients meet them."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from app import create_app
from services.settings import ServiceSettings
from tests.api.in_process import SERVICES, settings

PATIENCE_S: Final = 30
"""A start or an end that takes longer has failed, even on a busy laptop."""


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
        self.serving = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.serving.set()


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve the application on a free port of loopback, and give its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert server.serving.wait(PATIENCE_S), "the service did not start"
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        listening.close()


def upstream(name: str, database_url: str) -> FastAPI:
    """A reference service by its name."""
    return SERVICES[name](ServiceSettings(_env_file=None, database_url=database_url))


@contextmanager
def whole_shop(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve the order service, and give its URL and the inventory's.

    The other three upstreams are real too, but in the same thread and without sockets: what is
    fuzzed here is the first door.
    """
    behind = {name: upstream(name, f"sqlite:///{folder}/{name}.db") for name in SERVICES}
    inventory = behind.pop("inventory")
    with ExitStack() as stack:
        shelf = stack.enter_context(served(inventory))
        transports = {name: httpx.ASGITransport(app) for name, app in behind.items()}
        front = create_app(settings(inventory_url=shelf), transports=transports)
        yield stack.enter_context(served(_together(front, behind))), shelf


def _together(front: FastAPI, behind: Mapping[str, FastAPI]) -> ASGIApp:
    """One application that starts those behind before the one in front, which has all requests."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in (*behind.values(), front):
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    life = Starlette(lifespan=lifespan)

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (life if scope["type"] == "lifespan" else front)(scope, receive, send)

    return both
