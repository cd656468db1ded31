"""`POST /orders` goes straight to its operation; everything else goes through FastAPI's layers.

The operation is FastAPI's all the same: declared, documented and reachable there, by this very
function. It takes the bare request and returns a finished response, so routing, dependencies and
serialization have nothing to do for it, and to have them do nothing costs as much as the saga's
own code (docs/performance.md).
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Operation = Callable[[Request], Awaitable[Response]]
"""Answers a request, whatever is wrong with it: no error handler stands behind it here."""


class ShortWay:
    """Lets `operation` answer `method path`, and `app` everything else."""

    def __init__(self, app: ASGIApp, *, method: str, path: str, operation: Operation) -> None:
        self._app = app
        self._method = method
        self._path = path
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        # Behind a prefix (`--root-path`) a path is more than it seems: that is for the router.
        if (
            scope["type"] == "http"
            and scope["path"] == self._path
            and scope["method"] == self._method
            and not scope.get("root_path")
        ):
            response = await self._operation(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)
