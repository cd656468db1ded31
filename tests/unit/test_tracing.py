"""Request id and trace context are taken when they are well-formed, and made when not."""

import re

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from orchestrator.api.tracing import Tracing

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what the handlers get to see."""
    trace = Request(scope).state.trace
    await JSONResponse(trace.headers())(scope, receive, send)


async def _asked(headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(Tracing(_echo))
    async with httpx.AsyncClient(transport=transport, base_url="http://orders") as client:
        return await client.get("/", headers=headers)


async def test_what_is_well_formed_is_taken_and_returned() -> None:
    """Both ids go to the handlers as they came and come back with the answer."""
    headers = {"X-Request-Id": "abc-1", "traceparent": TRACEPARENT, "tracestate": "v=1"}

    response = await _asked(headers)

    assert headers == response.json()
    assert "abc-1" == response.headers["X-Request-Id"]
    assert TRACEPARENT == response.headers["traceparent"]


async def test_what_is_missing_is_made() -> None:
    """Without headers there is a new request id and a new, unsampled trace, never the same one."""
    first, second = await _asked({}), await _asked({})

    made = first.json()
    assert re.fullmatch(r"[0-9a-f-]{36}", made["X-Request-Id"])
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made["traceparent"])
    assert "tracestate" not in made
    assert made["X-Request-Id"] != second.json()["X-Request-Id"]
    assert made["traceparent"] != second.json()["traceparent"]
    assert made["traceparent"] == first.headers["traceparent"]


@pytest.mark.parametrize("request_id", ["", "has space", "x" * 129, "tab\there", "é"])
async def test_a_malformed_request_id_is_replaced(request_id: str) -> None:
    """What could break a log line or a header is not passed on."""
    transport = httpx.ASGITransport(Tracing(_echo))
    async with httpx.AsyncClient(transport=transport, base_url="http://orders") as client:
        response = await client.get("/", headers=[(b"x-request-id", request_id.encode())])

    assert 36 == len(response.json()["X-Request-Id"])


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "nonsense",
        TRACEPARENT.upper(),
        TRACEPARENT + "-extra",
        "ff" + TRACEPARENT[2:],
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        TRACEPARENT[:-1],
    ],
)
async def test_a_malformed_trace_is_replaced_together_with_its_state(traceparent: str) -> None:
    """An invalid traceparent begins a new trace, to which the old state does not belong."""
    response = await _asked({"traceparent": traceparent, "tracestate": "vendor=1"})

    made = response.json()
    assert traceparent != made["traceparent"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made["traceparent"])
    assert "tracestate" not in made


async def test_a_state_that_is_too_long_is_left_out() -> None:
    """The trace is kept without it."""
    response = await _asked({"traceparent": TRACEPARENT, "tracestate": "x" * 513})

    assert TRACEPARENT == response.json()["traceparent"]
    assert "tracestate" not in response.json()


async def test_a_broken_handler_is_answered_without_its_reason() -> None:
    """A bug is a problem document with the request id, and its text stays in the log."""

    async def broken(_: Scope, __: Receive, ___: Send) -> None:
        message = "password of db-7.internal is hunter2"
        raise ZeroDivisionError(message)

    transport = httpx.ASGITransport(Tracing(broken))
    async with httpx.AsyncClient(transport=transport, base_url="http://orders") as client:
        response = await client.get("/", headers={"X-Request-Id": "abc-1"})

    assert 500 == response.status_code == response.json()["status"]
    assert "application/problem+json" == response.headers["Content-Type"]
    assert "abc-1" == response.headers["X-Request-Id"]
    assert "hunter2" not in response.text


async def test_what_breaks_after_the_answer_has_begun_is_not_answered_twice() -> None:
    """Half an answer cannot be taken back: the error goes to the server."""

    async def breaks_late(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        message = "too late"
        raise ZeroDivisionError(message)

    transport = httpx.ASGITransport(Tracing(breaks_late))
    async with httpx.AsyncClient(transport=transport, base_url="http://orders") as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")


async def test_other_protocols_pass_through() -> None:
    """Lifespan messages are none of its business."""
    seen: list[str] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    async def never_receive() -> dict[str, str]:
        raise AssertionError

    async def never_send(_: object) -> None:
        raise AssertionError

    await Tracing(app)({"type": "lifespan"}, never_receive, never_send)

    assert ["lifespan"] == seen
