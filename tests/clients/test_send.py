"""`send()`: what goes out, and which answers end a call or are asked for again."""

import httpx
import pytest
import respx

from clients.errors import Busy, Faulty, Rejected, UpstreamError
from tests.clients.upstreams import CALL, URL, an_upstream, within

GOOD = httpx.Response(201, json={"id": "p-1"})


@respx.mock
async def test_a_request_carries_key_body_and_headers() -> None:
    """Key, JSON and the order's trace go out; a compressed answer is not asked for."""
    route = respx.post(f"{URL}/payments").mock(GOOD)

    await an_upstream().send(CALL, within())

    sent = route.calls.last.request
    assert b'{"id":"p-1"}' == sent.content
    assert {
        "x-idempotency-key": "o-1:authorize",
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "x-request-id": "r-1",
    }.items() <= dict(sent.headers).items()


@respx.mock
async def test_text_goes_out_as_utf_8() -> None:
    """An address is written as it is, and without white space around it."""
    route = respx.post(f"{URL}/payments").mock(GOOD)

    await an_upstream().send(CALL._replace(body={"city": "Zürich", "n": [1, 2]}), within())

    assert '{"city":"Zürich","n":[1,2]}'.encode() == route.calls.last.request.content


@respx.mock
async def test_a_read_has_neither_key_nor_body() -> None:
    """A GET is what it always was."""
    route = respx.get(f"{URL}/payments/p-1").mock(GOOD)
    read = CALL._replace(method="GET", path="/payments/p-1", key=None, body=None)

    await an_upstream().send(read, within())

    sent = route.calls.last.request
    assert b"" == sent.content
    assert {"x-idempotency-key", "content-type"}.isdisjoint(sent.headers)


@respx.mock
async def test_every_try_is_the_same_request() -> None:
    """Key and body do not drift over the tries."""
    route = respx.post(f"{URL}/payments")
    route.side_effect = [httpx.ReadTimeout, httpx.Response(503), httpx.ConnectError, GOOD]

    answer = await an_upstream().send(CALL, within())

    assert (201, {"id": "p-1"}, 4) == (answer.status, answer.body, answer.attempts)
    assert {"o-1:authorize"} == {call.request.headers["X-Idempotency-Key"] for call in route.calls}
    assert {b'{"id":"p-1"}'} == {call.request.content for call in route.calls}


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 422, 451])
@respx.mock
async def test_a_4xx_is_final_and_nothing_happened(status: int) -> None:
    """It is tried once, and is no doubt."""
    problem = {"code": "no_way", "detail": "not today", "status": status}
    route = respx.post(f"{URL}/payments").mock(httpx.Response(status, json=problem))

    with pytest.raises(Rejected) as refused:
        await an_upstream().send(CALL, within())

    failure = refused.value
    assert (status, "no_way", "not today", 1) == (
        failure.status,
        failure.code,
        failure.detail,
        failure.attempts,
    )
    assert not failure.in_doubt
    assert problem == failure.body
    assert 1 == route.call_count


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, Busy),
        (425, Busy),
        (429, Busy),
        (500, Faulty),
        (502, Faulty),
        (503, Faulty),
        (504, Faulty),
        (507, Faulty),
        (599, Faulty),
    ],
)
@respx.mock
async def test_a_5xx_and_three_4xx_are_tried_again_and_in_doubt(
    status: int, kind: type[UpstreamError]
) -> None:
    """Each may have been carried out, whatever it says."""
    route = respx.post(f"{URL}/payments").mock(httpx.Response(status, json={"code": "later"}))

    with pytest.raises(kind) as failed:
        await an_upstream(tries=3).send(CALL, within())

    assert (True, 3, status) == (
        failed.value.in_doubt,
        failed.value.attempts,
        failed.value.status,
    )
    assert 3 == route.call_count


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@respx.mock
async def test_a_redirect_is_not_followed(status: int) -> None:
    """A request with money in it goes where it was sent, or nowhere."""
    elsewhere = respx.post("http://elsewhere/payments").mock(GOOD)
    respx.post(f"{URL}/payments").mock(
        httpx.Response(status, headers={"Location": "http://elsewhere/payments"})
    )

    with pytest.raises(Faulty) as failed:
        await an_upstream(tries=2).send(CALL, within())

    assert failed.value.in_doubt
    assert not elsewhere.called
