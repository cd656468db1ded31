"""When a call is tried again: never a rejection, always with the same key, only in time.

The first try is plain; tenacity takes over only after it has failed, so that the way on which
nothing fails does not pay for the machinery of the way on which something does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_exponential_jitter

from clients.call import Answer, CallLimits
from clients.errors import Busy, Faulty, Unreachable, UpstreamError

TRANSIENT = (Unreachable, Faulty, Busy)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how far apart. Times in seconds.

    The pauses 0.2, 0.4, 0.8 (each plus up to `jitter_s`) let four tries outlast a pod's restart
    behind a Service (1-2 s), and together stay far below the default deadline of 30 s.
    """

    tries: int
    first_pause_s: float = 0.2
    longest_pause_s: float = 2.0
    jitter_s: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what could never try."""
        if self.tries < 1:
            message = "a retry policy needs at least one try"
            raise ValueError(message)


class _Pause(wait_base):
    """Exponential and jittered, but never shorter than the upstream's own Retry-After."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._backoff = wait_exponential_jitter(
            multiplier=policy.first_pause_s, max=policy.longest_pause_s, jitter=policy.jitter_s
        )

    def __call__(self, retry_state: RetryCallState) -> float:
        failure = _failure_of(retry_state)
        return max(self._backoff(retry_state), failure.retry_after_s or 0.0)


class _Stop(stop_base):
    """After the last try, or when the next one would begin too late."""

    def __init__(self, tries: int, end: float, budget_s: float) -> None:
        self._tries = tries
        self._end = end
        self._budget_s = budget_s

    def __call__(self, retry_state: RetryCallState) -> bool:
        if retry_state.attempt_number >= self._tries:
            return True
        if _now() + retry_state.upcoming_sleep < self._end:
            return False
        failure = _failure_of(retry_state)
        # An upstream that asks for more time than the call ever had has ended it, not the deadline.
        failure.out_of_time = (failure.retry_after_s or 0.0) < self._budget_s
        return True


async def with_retries(
    first: UpstreamError,
    attempt: Callable[[], Awaitable[Answer]],
    policy: RetryPolicy,
    limits: CallLimits,
    began: float,
) -> Answer:
    """After a plain first try that ended in `first`: run `attempt` until it answers or is refused.

    Or until the limits end it. `began` is when the call did, on the loop's clock. Raises the last
    `UpstreamError`; `Fenced` passes through untouched.
    """
    budget_s = limits.end - began
    tries = policy.tries if limits.max_tries is None else limits.max_tries
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TRANSIENT),
        wait=_Pause(policy),
        stop=_Stop(tries, limits.end, budget_s),
        sleep=asyncio.sleep,
        reraise=True,
    )
    return await retrying(_after(first, attempt))


def _after(
    first: UpstreamError, attempt: Callable[[], Awaitable[Answer]]
) -> Callable[[], Awaitable[Answer]]:
    """The tries as tenacity is to see them: the one that has failed already, then new ones."""
    failed: UpstreamError | None = first

    async def replay_then_attempt() -> Answer:
        nonlocal failed
        if failed is not None:
            seen, failed = failed, None
            _raise(seen)
        return await attempt()

    return replay_then_attempt


def _raise(failure: UpstreamError) -> NoReturn:
    raise failure


def _failure_of(retry_state: RetryCallState) -> UpstreamError:
    failure = retry_state.outcome and retry_state.outcome.exception()
    if not isinstance(failure, UpstreamError):
        message = "only a failed call is waited for"
        raise TypeError(message)
    return failure


def _now() -> float:
    return asyncio.get_running_loop().time()
