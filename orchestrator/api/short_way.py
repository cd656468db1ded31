"""`POST /orders` goes straight to its operation; everything else goes through FastAPI's layers.

The operation is FastAPI's all the same: declared, documented and reachable there, by this very
function. It takes the bare request and returns a finished response, so routing, dependencies and
serialization have nothing to do for it, and to have them do nothing took a fifth of an order's
time, its calls aside.
"""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.api.tracing import Tracing

Operation = Callable[[Request], Awaitable[Response]]
"""Answers a request, whatever is wrong with it: no error handler stands behind it here."""


def shorten(app: FastAPI, *, method: str, path: str, operation: Operation) -> None:
    """Let requests for `method path` meet `Tracing` and `operation`, and none of the app's layers.

    The app's own stack, which is built at the first request, stands behind for everything else.
    """
    build = app.build_middleware_stack

    def with_short_way() -> ASGIApp:
        return ShortWay(build(), method, path, Tracing(_answering(operation)))

    app.build_middleware_stack = with_short_way  # type: ignore[method-assign]  # as FastAPI itself does


def _answering(operation: Operation) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await operation(Request(scope, receive))
        await response(scope, receive, send)

    return answer


class ShortWay:
    """Gives `method path` to `way`, and everything else to `app`."""

    def __init__(self, app: ASGIApp, method: str, path: str, way: ASGIApp) -> None:
        self._app = app
        self._method = method
        self._path = path
        self._way = way

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request, when what is returned is awaited."""
        # Behind a prefix (`--root-path`) a path is more than it seems: that is for the router.
        if (
            scope["type"] == "http"
            and scope["path"] == self._path
            and scope["method"] == self._method
            and not scope.get("root_path")
        ):
            return self._way(scope, receive, send)
        return self._app(scope, receive, send)
