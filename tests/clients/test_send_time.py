"""How long a call may take: pauses, time-outs, deadline and fence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest

from clients.errors import Faulty, Fenced, OutOfTime, Unreachable, UpstreamError
from clients.retry import RetryPolicy
from tests.clients.upstreams import CALL, an_upstream, now_s, within

GOOD = httpx.Response(201, json={"id": "p-1"})


async def _pauses(*answers: httpx.Response, limits_s: float = 30, tries: int = 4) -> list[float]:
    """Give the times between the tries of a call that is answered so."""
    at: list[float] = []
    left = iter(answers)

    def handle(_: httpx.Request) -> httpx.Response:
        at.append(now_s())
        return next(left)

    with suppress(UpstreamError):
        await an_upstream(httpx.MockTransport(handle), tries=tries).send(CALL, within(limits_s))
    return [later - earlier for earlier, later in pairwise(at)]


async def test_pauses_grow_are_jittered_and_bounded() -> None:
    """They are 0.2, 0.4, 0.8 and so on, each plus up to 0.2 s, and never over 2 s."""
    pauses = await _pauses(*[httpx.Response(503)] * 8, tries=8)

    for pause_s, grown in zip(pauses, [0.2, 0.4, 0.8, 1.6, 2, 2, 2], strict=True):
        assert grown <= pause_s <= min(grown + 0.2, 2)
    assert pauses != await _pauses(*[httpx.Response(503)] * 8, tries=8)


@pytest.mark.parametrize("status", [429, 503, 500, 408])
async def test_a_retry_after_in_seconds_is_honoured(status: int) -> None:
    """The next try begins when the upstream asked for it."""
    later = httpx.Response(status, headers={"Retry-After": "7"})

    assert [7.0] == await _pauses(later, GOOD)


async def test_a_retry_after_that_is_a_date_is_honoured() -> None:
    """The date is compared with the wall clock."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=12), usegmt=True)

    (pause_s,) = await _pauses(httpx.Response(503, headers={"Retry-After": date}), GOOD)

    assert 9 <= pause_s <= 12


async def test_a_short_retry_after_does_not_shorten_the_pause() -> None:
    """Zero seconds are no reason to hammer."""
    (pause_s,) = await _pauses(httpx.Response(503, headers={"Retry-After": "0"}), GOOD)

    assert 0.2 <= pause_s <= 0.4


async def test_a_retry_after_beyond_the_deadline_ends_the_call_at_once() -> None:
    """Nobody waits for a try that cannot be; the upstream has ended the call, not the deadline."""
    later = httpx.Response(503, headers={"Retry-After": "31"})
    began = now_s()

    with pytest.raises(Faulty) as failed:
        await an_upstream(httpx.MockTransport(lambda _: later)).send(CALL, within(30))

    assert began == now_s()
    assert not failed.value.out_of_time
    assert 31.0 == failed.value.retry_after_s
    assert 1 == failed.value.attempts


async def _silence(_: httpx.Request) -> httpx.Response:
    await asyncio.Future()
    raise AssertionError


async def test_a_silent_upstream_is_left_after_the_time_out() -> None:
    """Each try lasts UPSTREAM_TIMEOUT_S, and is in doubt."""
    began = now_s()

    with pytest.raises(Unreachable, match="no answer in time") as failed:
        await an_upstream(httpx.MockTransport(_silence), tries=1).send(CALL, within())

    assert began + 5 == now_s()
    assert failed.value.in_doubt
    assert not failed.value.out_of_time


async def test_a_dripping_answer_has_the_same_time_as_any() -> None:
    """Bytes that keep coming do not prolong it: the time-out is for the whole exchange."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(1)
            yield b" "

    served = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    began = now_s()

    with pytest.raises(Unreachable) as failed:
        await an_upstream(served, tries=1).send(CALL, within())

    assert began + 5 == now_s()
    assert failed.value.in_doubt


async def test_the_deadline_cuts_a_try() -> None:
    """No try lasts beyond it, and the failure says that time was what ended the call."""
    began = now_s()

    with pytest.raises(Unreachable) as failed:
        await an_upstream(httpx.MockTransport(_silence)).send(CALL, within(7))

    assert 5 < now_s() - began <= 7
    assert failed.value.out_of_time
    assert failed.value.in_doubt


def _recording(sent: list[httpx.Request]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return GOOD

    return httpx.MockTransport(handle)


async def test_no_try_begins_after_the_deadline() -> None:
    """The first is not sent when the time is over already, and is no doubt."""
    sent: list[httpx.Request] = []
    upstream = an_upstream(_recording(sent))

    with pytest.raises(OutOfTime) as failed:
        await upstream.send(CALL, within(0))

    assert [] == sent
    assert (0, False, True) == (
        failed.value.attempts,
        failed.value.in_doubt,
        failed.value.out_of_time,
    )


async def test_nothing_is_sent_behind_the_fence() -> None:
    """A worker whose lease is over learns so, though the deadline is far."""
    sent: list[httpx.Request] = []
    upstream = an_upstream(_recording(sent))

    with pytest.raises(Fenced):
        await upstream.send(CALL, within(30, fence_s=0, obligatory=True))

    assert [] == sent


async def test_the_fence_cuts_a_try() -> None:
    """A request that is under way when the lease ends is given up."""
    began = now_s()

    with pytest.raises(Unreachable):
        await an_upstream(httpx.MockTransport(_silence)).send(CALL, within(30, fence_s=3))

    assert began + 3 == now_s()


async def test_the_number_of_tries_can_be_set_for_a_call() -> None:
    """`max_tries` goes before the policy; the time still bounds it."""
    busy = httpx.MockTransport(lambda _: httpx.Response(503))

    with pytest.raises(Faulty) as twice:
        await an_upstream(busy).send(CALL, within(max_tries=2))
    with pytest.raises(Faulty) as many:
        await an_upstream(busy).send(CALL, within(30, max_tries=1_000_000))

    assert 2 == twice.value.attempts
    assert 14 <= many.value.attempts <= 25


async def test_one_try_is_one_try() -> None:
    """With DEBUG_MODE the policy has one, and nothing is repeated."""
    served = httpx.MockTransport(lambda _: httpx.Response(500))

    with pytest.raises(Faulty) as failed:
        await an_upstream(served, tries=1).send(CALL, within())

    assert 1 == failed.value.attempts


async def test_a_cancelled_call_stays_cancelled() -> None:
    """A shutdown is not taken for a time-out, and not tried again."""
    sent: list[float] = []

    async def silence(_: httpx.Request) -> httpx.Response:
        sent.append(now_s())
        return await _silence(_)

    sending = asyncio.create_task(an_upstream(httpx.MockTransport(silence)).send(CALL, within()))
    await asyncio.sleep(1)
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    assert 1 == len(sent)


def test_a_policy_without_a_try_is_refused() -> None:
    """Bad input fails when it is given, not when it is first used."""
    with pytest.raises(ValueError, match="at least one try"):
        RetryPolicy(0)
