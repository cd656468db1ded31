"""The outermost layer of a service: bounded bodies, ids of requests, and no leaks when we fail."""

import logging
import re
import time
from collections.abc import Iterable

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.logs import log_event, logger
from services.problem import PROBLEM_JSON, ProblemError
from services.shortcut import Shortcuts
from services.storage import StorageUnavailable

# The largest order (its opaque parts included) is far below; more is a mistake or an attack.
MAX_BODY_BYTES = 1024 * 1024
# A request that takes longer is worth a line in the log.
SLOW_S = 1.0
# Given by the caller to follow a request through the logs; anything else is not said back.
TRACE_HEADERS = (b"x-request-id", b"traceparent")
TRACE_VALUE = re.compile(rb"[\x21-\x7e]{1,255}")


class Edge:
    """Plain ASGI middleware (a BaseHTTPMiddleware can cancel a handler in the middle)."""

    def __init__(self, app: ASGIApp, service: str, shortcuts: Shortcuts) -> None:
        """`service` names us in the log; what has no shortcut goes through `app`."""
        self._app = app
        self._service = service
        self._shortcuts = shortcuts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of scope pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._service, scope, send)
        try:
            body = await read_capped(scope, receive)
            answer = self._shortcuts.find(scope, body)
            if answer is None:
                await self._app(scope, replay(body, receive), exchange.send)
            else:
                await (await answer)(scope, receive, exchange.send)
        except ProblemError as problem:
            await problem_response(problem)(scope, receive, exchange.send)
        except StorageUnavailable:
            await problem_response(unavailable())(scope, receive, exchange.send)
        except Exception:  # noqa: BLE001 - the last line of defence: log it all, tell nothing
            logger.exception("request failed", extra={"fields": exchange.fields()})
            if not exchange.started:
                await problem_response(INTERNAL_ERROR)(scope, receive, exchange.send)
        exchange.log_if_notable()


class Exchange:
    """One request and its response: returns the caller's trace headers and remembers the status."""

    def __init__(self, service: str, scope: Scope, send: Send) -> None:
        """Start the clock."""
        self._service = service
        self._scope = scope
        self._send = send
        self._began = time.monotonic()
        self._trace = [
            (name, value)
            for name, value in scope["headers"]
            if name in TRACE_HEADERS and TRACE_VALUE.fullmatch(value)
        ]
        self._status = 0

    @property
    def started(self) -> bool:
        """Whether the status is already on the wire."""
        return self._status != 0

    async def send(self, message: Message) -> None:
        """Pass a message on, the first with the trace headers."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._trace]
        await self._send(message)

    def fields(self) -> dict[str, object]:
        """Return what the log says of this request: no body, no query, no key."""
        trace = {name.decode(): value.decode() for name, value in self._trace}
        return {
            "service": self._service,
            "method": self._scope["method"],
            "path": self._scope["path"][:200],
            "status": self._status,
            "duration_ms": round((time.monotonic() - self._began) * 1000),
            **trace,
        }

    def log_if_notable(self) -> None:
        """Log failures of ours and slow requests; everything at level DEBUG."""
        slow = time.monotonic() - self._began > SLOW_S
        if self._status >= 500 or slow:  # noqa: PLR2004 - the 5xx class
            log_event("request", level=logging.WARNING, **self.fields())
        elif logger.isEnabledFor(logging.DEBUG):
            log_event("request", level=logging.DEBUG, **self.fields())


async def read_capped(scope: Scope, receive: Receive) -> bytes:
    """Return the whole body; raises ProblemError (413) before more than the cap is in memory."""
    declared = _declared_length(scope["headers"])
    if declared > MAX_BODY_BYTES:
        raise too_large()
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "body_incomplete", "The connection ended before the body did.")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise too_large()
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _declared_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and len(value) < 20:  # noqa: PLR2004
            return int(value)
    return 0


def too_large() -> ProblemError:
    """Return the refusal of a body over the cap."""
    return ProblemError(413, "body_too_large", f"The body may have {MAX_BODY_BYTES} bytes at most.")


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read, then what the server has to say."""
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again


INTERNAL_ERROR = ProblemError(
    500, "internal_error", "The service failed; what it did is unknown: repeat with the same key."
)


def unavailable() -> ProblemError:
    """Return the refusal of a request that the storage could not serve, or may not have served."""
    detail = "The storage does not answer: repeat the request with the same key."
    problem = ProblemError(503, "storage_unavailable", detail)
    problem.headers["Retry-After"] = "1"
    return problem


def problem_response(problem: ProblemError) -> Response:
    """Return the problem document as a response."""
    return Response(
        to_json(problem.body()), problem.status, problem.headers, media_type=PROBLEM_JSON
    )
