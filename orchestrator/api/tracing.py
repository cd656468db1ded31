"""The outermost layer: who asks (request id, trace), and what is answered when nothing else did.

Plain ASGI on purpose: Starlette's BaseHTTPMiddleware can cancel a handler in the middle or hide a
disconnect.
"""

import logging
import os
import re
from collections.abc import Iterable
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.api.problems import Problem
from orchestrator.domain import Trace
from orchestrator.ids import random_id

_log = logging.getLogger("orchestrator.api")

_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
"""W3C Trace Context, level 1: version, trace id, parent id, flags; all-zero ids are not ids."""

_TRACESTATE: Final = re.compile(r"[\x20-\x7e]{1,512}")


class Tracing:
    """Takes or makes `X-Request-Id` and `traceparent`, and returns both with every answer.

    The traceparent is passed on as it came: this service records no spans of its own, and a parent
    that nobody recorded would tear the caller's trace apart.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = _trace_of(scope["headers"])
        scope.setdefault("state", {})["trace"] = trace
        told = (
            (b"x-request-id", trace.request_id.encode()),
            (b"traceparent", trace.traceparent.encode()),
            (b"x-content-type-options", b"nosniff"),
        )
        began = False

        async def send_traced(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message["headers"] = [*message.get("headers", ()), *told]
            await send(message)

        try:
            await self._app(scope, receive, send_traced)
        except ClientDisconnect:
            # Nobody is there to be answered, and no order was begun: its body never came whole.
            _log.info("a client hung up", extra={"requestId": trace.request_id})
        except Exception:
            _log.exception("a request broke off", extra={"requestId": trace.request_id})
            if began:
                raise
            detail = "the order service failed; its log has the reason under this X-Request-Id"
            await Problem(500, "internal_error", detail, "pending").response()(
                scope, receive, send_traced
            )


def _trace_of(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """What of it was sent, each field the first time, and what was not or is not one made new."""
    request_id = traceparent = tracestate = None
    for name, value in headers:
        if name == b"x-request-id" and request_id is None:
            request_id = value.decode("latin-1")
        elif name == b"traceparent" and traceparent is None:
            traceparent = value.decode("latin-1")
        elif name == b"tracestate" and tracestate is None:
            tracestate = value.decode("latin-1")
    if request_id is None or not _REQUEST_ID.fullmatch(request_id):
        request_id = random_id()
    if traceparent is None or not _TRACEPARENT.fullmatch(traceparent):
        return Trace(request_id, _new_traceparent())
    if tracestate is not None and not _TRACESTATE.fullmatch(tracestate):
        tracestate = None
    return Trace(request_id, traceparent, tracestate)


def _new_traceparent() -> str:
    """A new trace, not sampled: nobody has asked for it to be recorded."""
    digits = os.urandom(24).hex()
    return f"00-{digits[:32]}-{digits[32:]}-00"
