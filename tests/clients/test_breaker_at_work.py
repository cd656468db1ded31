"""The circuit of an upstream under calls: who is sent, and what counts as a failure."""

import asyncio

import httpx
import pytest

from clients.breaker import State
from clients.errors import CircuitOpen, Faulty, Rejected, Unreachable, UpstreamError
from clients.upstream import Upstream
from proof.virtual_time import freeze
from tests.clients.upstreams import CALL, an_upstream, now_s, ticks, within


def _scripted(*statuses: int) -> tuple[httpx.MockTransport, list[float]]:
    """Answer with these statuses, the last one for ever; and note when."""
    at: list[float] = []

    def handle(_: httpx.Request) -> httpx.Response:
        at.append(now_s())
        return httpx.Response(statuses[min(len(at), len(statuses)) - 1], json={"id": "p-1"})

    return httpx.MockTransport(handle), at


async def test_an_open_circuit_sends_nothing() -> None:
    """The call is refused with the time to wait, and is no doubt."""
    transport, sent = _scripted(500)
    upstream = an_upstream(transport, tries=1, failures=2)
    for _ in range(2):
        with pytest.raises(Faulty):
            await upstream.send(CALL, within())
    freeze(2)

    with pytest.raises(CircuitOpen) as refused:
        await upstream.send(CALL, within())

    assert 2 == len(sent)
    assert (3.0, 0, False) == (
        refused.value.retry_after_s,
        refused.value.attempts,
        refused.value.in_doubt,
    )


async def test_a_further_try_that_is_answered_ends_the_row_of_failures() -> None:
    """An upstream that fails now and then, and answers when asked again, is not left alone."""
    transport, _ = _scripted(*[500, 200] * 4)
    upstream = an_upstream(transport, tries=2, failures=3)

    for _ in range(4):
        await upstream.send(CALL, within())

    assert State.CLOSED is upstream.breaker.state


async def test_a_circuit_that_opens_in_mid_call_ends_it_in_doubt() -> None:
    """The tries before are not forgotten, and no further one is sent."""
    transport, sent = _scripted(500)
    upstream = an_upstream(transport, tries=4, failures=2)

    with pytest.raises(CircuitOpen) as refused:
        await upstream.send(CALL, within())

    assert 2 == len(sent)
    assert (2, True) == (refused.value.attempts, refused.value.in_doubt)


async def test_obligatory_calls_pass_an_open_circuit_and_leave_it_open() -> None:
    """An undo is tried; that it succeeds is no proof that a new order's call would."""
    transport, _ = _scripted(500, 200)
    upstream = an_upstream(transport, tries=1, failures=1)
    with pytest.raises(Faulty):
        await upstream.send(CALL, within())

    await upstream.send(CALL, within(obligatory=True))

    assert State.OPEN is upstream.breaker.state


async def test_an_undo_that_works_does_not_hide_an_authorize_that_fails() -> None:
    """Failures in a row are counted over the calls that new orders would make."""
    transport, _ = _scripted(500, 200, 500)
    upstream = an_upstream(transport, tries=1, failures=2)
    with pytest.raises(Faulty):
        await upstream.send(CALL, within())
    await upstream.send(CALL, within(obligatory=True))
    with pytest.raises(Faulty):
        await upstream.send(CALL, within())

    assert State.OPEN is upstream.breaker.state


async def _half_open(transport: httpx.AsyncBaseTransport) -> Upstream:
    upstream = an_upstream(transport, tries=1, failures=1, open_s=5)
    with pytest.raises(UpstreamError):
        await upstream.send(CALL, within())
    await asyncio.sleep(5)
    return upstream


@pytest.mark.parametrize("named", [True, False], ids=["orders", "calls without a caller"])
async def test_of_many_at_once_one_probes(*, named: bool) -> None:
    """While the probe is under way nobody else is let through."""
    gate, sent = asyncio.Event(), list[httpx.Request]()

    async def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if len(sent) == 1:
            return httpx.Response(500)
        await gate.wait()
        return httpx.Response(200, json={"id": "p-1"})

    upstream = await _half_open(httpx.MockTransport(handle))
    callers = [f"o-{number}" if named else None for number in range(10)]
    calls = [asyncio.create_task(upstream.send(CALL, within(caller=each))) for each in callers]
    await ticks()
    gate.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert 2 == len(sent)
    assert 9 == sum(isinstance(outcome, CircuitOpen) for outcome in outcomes)
    assert State.CLOSED is upstream.breaker.state


async def test_a_probe_that_is_cancelled_makes_room() -> None:
    """A read whose client hangs up does not lock the circuit for the rest of time."""
    good = httpx.Response(200, json={"id": "p-1"})
    answers = iter([httpx.Response(500), None, good])

    async def handle(request: httpx.Request) -> httpx.Response:
        answer = next(answers)
        return await _silence(request) if answer is None else answer

    upstream = await _half_open(httpx.MockTransport(handle))
    probe = asyncio.create_task(upstream.send(CALL, within(caller=None)))
    await ticks()
    probe.cancel()
    await asyncio.wait({probe})

    answer = await upstream.send(CALL, within(caller=None))

    assert 200 == answer.status


@pytest.mark.parametrize("status", [404, 409, 429])
async def test_a_refusal_is_a_sign_of_life(status: int) -> None:
    """An upstream that says no, or later, works: its circuit closes."""
    transport, _ = _scripted(500, status)
    upstream = await _half_open(transport)

    with pytest.raises(UpstreamError):
        await upstream.send(CALL, within())

    assert State.CLOSED is upstream.breaker.state


async def test_garbage_is_a_failure() -> None:
    """A 200 that is no answer opens the circuit like a 500."""
    served = httpx.MockTransport(lambda _: httpx.Response(200, text="welcome"))
    upstream = an_upstream(served, tries=1, failures=1)

    with pytest.raises(Faulty):
        await upstream.send(CALL, within())

    assert State.OPEN is upstream.breaker.state


async def _silence(_: httpx.Request) -> httpx.Response:
    await asyncio.Future()
    raise AssertionError


@pytest.mark.parametrize(("seconds", "state"), [(5, State.OPEN), (4.9, State.CLOSED)])
async def test_who_was_not_given_the_whole_time_out_has_not_failed(
    seconds: float, state: State
) -> None:
    """A call that the order's own deadline cut short says nothing of its upstream."""
    upstream = an_upstream(httpx.MockTransport(_silence), tries=1, failures=1, timeout_s=5)

    with pytest.raises(Unreachable):
        await upstream.send(CALL, within(seconds))

    assert state is upstream.breaker.state


async def test_a_late_answer_does_not_close_what_has_opened_since() -> None:
    """A slow success of before the failures is no proof that the upstream is back."""
    slow = asyncio.Event()
    answers = iter([True, False])

    async def handle(_: httpx.Request) -> httpx.Response:
        if next(answers):
            await slow.wait()
            return httpx.Response(200, json={"id": "p-1"})
        return httpx.Response(500)

    upstream = an_upstream(httpx.MockTransport(handle), tries=1, failures=1)
    early = asyncio.create_task(upstream.send(CALL, within()))
    await ticks()
    with pytest.raises(Faulty):
        await upstream.send(CALL, within())
    slow.set()
    await early

    assert State.OPEN is upstream.breaker.state


async def test_a_rejected_probe_is_a_rejection_for_its_caller() -> None:
    """That it also closed the circuit is not the caller's business."""
    transport, _ = _scripted(500, 402)
    upstream = await _half_open(transport)

    with pytest.raises(Rejected):
        await upstream.send(CALL, within())
