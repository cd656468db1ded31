"""`Upstream.send()`: the one way a request leaves this service.

Fence, deadline and circuit are looked at before every try; every try carries the same key; the
answer is judged; failures become the exceptions of `errors.py`; transient ones are tried again by
`retry.py`.
"""

from collections.abc import Callable
from typing import Any, Final

import httpx
import orjson
from pydantic_core import from_json

from clients.breaker import CircuitBreaker
from clients.call import Answer, Call, CallLimits
from clients.carrier import LARGEST_ANSWER_BYTES, Carrier, Reply
from clients.errors import (
    Busy,
    CircuitOpen,
    Faulty,
    Fenced,
    OutOfTime,
    Rejected,
    Unreachable,
    UpstreamError,
)
from clients.retry import TRANSIENT, RetryPolicy, with_retries
from clients.retry_after import parse_retry_after
from clients.transport import may_have_been_sent

_BUSY: Final = frozenset({408, 425, 429})
"""The 4xx that are not final (contract rule 4)."""

_SUCCESS: Final = range(200, 300)
_REFUSAL: Final = range(400, 500)

FAILURES: Final = (TimeoutError, httpx.RequestError, UpstreamError)
"""How a try ends badly: without an answer, or with one that is not good."""


class Upstream:
    """One upstream service: the way there, its circuit, its retry policy, its time-out.

    `clock` is the running loop's clock, in seconds; limits are given on the same clock.
    """

    def __init__(
        self,
        service: str,
        carrier: Carrier,
        breaker: CircuitBreaker,
        *,
        timeout_s: float,
        retry: RetryPolicy,
        clock: Callable[[], float],
    ) -> None:
        self.service = service
        self.breaker = breaker
        self._carrier = carrier
        self._timeout_s = timeout_s
        self._retry = retry
        self.now = clock

    async def send(self, call: Call, limits: CallLimits) -> Answer:
        """Send `call` until it is answered well.

        Raises `Rejected` for a final 4xx, another `UpstreamError` when the limits ended it without
        a good answer, and `Fenced` when the caller's lease is over.
        """
        if limits.caller is None:
            return await self._send_alone(call, limits)
        began = self.now()
        self.gate(call, limits, began)
        try:
            return await self.attempt(call, limits, began)
        except UpstreamError as failure:
            failure.attempts = 1
            if not isinstance(failure, TRANSIENT):
                raise
            first = failure
        return await self._send_again(call, limits, began, first)

    async def _send_alone(self, call: Call, limits: CallLimits) -> Answer:
        """A call that belongs to no order may be a circuit's probe like any other."""
        alone = limits._replace(caller=object())
        try:
            return await self.send(call, alone)
        finally:
            self.breaker.release(alone.caller)

    async def _send_again(
        self, call: Call, limits: CallLimits, began: float, first: UpstreamError
    ) -> Answer:
        """The tries after the first one, which has ended in `first`."""
        tries = _Tries(self, call, limits, first)
        try:
            return await with_retries(first, tries.attempt, self._retry, limits, began)
        except UpstreamError as failure:
            failure.attempts = tries.made
            failure.in_doubt = tries.in_doubt
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._carrier.aclose()

    def gate(self, call: Call, limits: CallLimits, now: float) -> None:
        """Raise unless a try may begin now."""
        deadline, fence, _, obligatory, _, caller = limits
        if now >= fence:
            raise Fenced
        if now >= deadline:
            detail = "not tried, the time for this order was over"
            raise OutOfTime(self.service, call.operation, detail, out_of_time=True)
        if not obligatory and not self.breaker.admits(caller):
            detail = "not tried, this upstream has been failing and is left alone for a moment"
            raise CircuitOpen(
                self.service, call.operation, detail, retry_after_s=self.breaker.wait_s
            )

    async def attempt(self, call: Call, limits: CallLimits, now: float) -> Answer:
        """Send the request once, and judge the answer.

        That takes no longer than the time-out, and than what the limits leave of it.
        """
        _, method, path, key, body, _ = call
        deadline, fence, _, _, headers, _ = limits
        content = None if body is None else orjson.dumps(body)
        within_s = min(self._timeout_s, deadline - now, fence - now)
        era = self.breaker.era
        try:
            reply = await self._carrier.exchange(
                method, path, headers, content, key=key, within_s=within_s
            )
            answer = judge(self.service, call, reply)
        except FAILURES as failure:
            named = self._failed(failure, call, limits, now, era)
            raise named from named.__cause__
        self._answered(limits, era)
        return answer

    def _failed(
        self, failure: Exception, call: Call, limits: CallLimits, now: float, era: int
    ) -> UpstreamError:
        """Tell the circuit of a try that began `now`, in `era`; say what its failure means."""
        cut_short = limits.end - now < self._timeout_s
        if isinstance(failure, UpstreamError) and not isinstance(failure, Faulty):
            self._answered(limits, era)
        elif not (cut_short and isinstance(failure, TimeoutError)):
            # An upstream that was not given its whole time-out has not failed.
            self.breaker.failed(era)
        return self._named(failure, call, cut_short=cut_short)

    def _answered(self, limits: CallLimits, era: int) -> None:
        """Tell the circuit; a refund that works is no proof that an authorization would."""
        if not limits.obligatory:
            self.breaker.succeeded(era)

    def _named(self, failure: Exception, call: Call, *, cut_short: bool) -> UpstreamError:
        if isinstance(failure, UpstreamError):
            return failure
        unsent = isinstance(failure, httpx.RequestError) and not may_have_been_sent(failure)
        timed_out = isinstance(failure, TimeoutError | httpx.TimeoutException)
        detail = {
            (True, False): "could not connect",
            (True, True): "could not connect in time",
            (False, True): "no answer in time",
            (False, False): "the connection broke before the answer was complete",
        }[unsent, timed_out]
        named = Unreachable(
            self.service,
            call.operation,
            detail,
            in_doubt=not unsent,
            out_of_time=cut_short and timed_out,
        )
        named.__cause__ = failure
        return named


class _Tries:
    """The tries of one call: how many, and whether any of them may have been carried out."""

    def __init__(
        self, upstream: Upstream, call: Call, limits: CallLimits, first: UpstreamError
    ) -> None:
        self._upstream = upstream
        self._call = call
        self._limits = limits
        self.made = 1
        self.in_doubt = first.in_doubt

    async def attempt(self) -> Answer:
        now = self._upstream.now()
        self._upstream.gate(self._call, self._limits, now)
        self.made += 1
        try:
            answer = await self._upstream.attempt(self._call, self._limits, now)
        except UpstreamError as failure:
            self.in_doubt |= failure.in_doubt
            raise
        return answer._replace(attempts=self.made)


def judge(service: str, call: Call, reply: Reply) -> Answer:
    """Tell a good answer, a refusal, a "later" and nonsense apart (contract rule 4)."""
    status = reply.status
    body = _json_object(reply.content)
    if status in _SUCCESS:
        if body is not None and call.accepts(body):
            return Answer(status, body, attempts=1)
        detail = f"answered {status} with a body that is not what the contract promises"
        raise Faulty(service, call.operation, detail, status=status, in_doubt=True)
    detail = str((body or {}).get("detail") or f"answered {status}")
    code = (body or {}).get("code")
    kind: type[UpstreamError] = Faulty
    if status in _BUSY:
        kind = Busy
    elif status in _REFUSAL:
        kind = Rejected
    raise kind(
        service,
        call.operation,
        detail,
        status=status,
        code=code if isinstance(code, str) else None,
        in_doubt=kind is not Rejected,
        retry_after_s=parse_retry_after(reply.retry_after),
        body=body,
    )


def _json_object(content: bytes) -> dict[str, Any] | None:
    if len(content) > LARGEST_ANSWER_BYTES:
        return None
    try:
        # Texts are not kept to be found again, as is usual: nearly each is another order's id.
        body = from_json(content, cache_strings="keys")
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
