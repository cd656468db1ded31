"""The way to the service: sends requests, keeps what came, waits where it is asked to."""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from conformance.answer import KEY_HEADER, Answer, Request, as_text
from conformance.door import Door
from conformance.retry_after import parse_retry_after
from conformance.violation import Violation

T = TypeVar("T")

BUSY: Final = frozenset({408, 425, 429, 503})
"""Not now: what a caller repeats under the same key (section 3, rule 4)."""
TRIES: Final = 6
"""Of one request that is answered "not now": with the pauses below, half a minute at most."""
PAUSE_S: Final = 0.2
"""Before the first repeat, twice as long before each further one, when no Retry-After is given."""
LONGEST_PAUSE_S: Final = 10.0
"""Beyond that a Retry-After is not waited for: the kit is an examiner, not a customer."""


@dataclass
class Wire:
    """One service under test. `busy` keeps every "not now" that it ever answered."""

    door: Door
    busy: list[Answer] = field(default_factory=list)
    story: list[Answer] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,  # noqa: ANN401 - any JSON value, or text that is none
    ) -> Answer:
        """Return the answer; one that says "not now" is asked for again, as a caller would.

        Raises:
            Violation: There was no answer, or none that is HTTP.
        """
        request = Request(method, path, key, body)
        answer = await self._once(request)
        for number in range(1, TRIES):
            if answer.status not in BUSY:
                break
            self.busy.append(answer)
            await asyncio.sleep(_pause_s(answer, number))
            answer = await self._once(request)
        self.story.append(answer)
        return answer

    async def get(self, path: str) -> Answer:
        """GET."""
        return await self.send("GET", path)

    async def _once(self, request: Request) -> Answer:
        headers = {} if request.key is None else {KEY_HEADER: request.key}
        content = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = as_text(request.body)
        try:
            response = await self.door.request(request.method, request.path, content, headers)
        except httpx.RequestError as error:
            came = [f"no answer: {type(error).__name__} {error}".rstrip()]
            raise Violation("an answer", request.lines(), came) from error
        return Answer(request, response.status_code, response.headers, response.text)


def _pause_s(answer: Answer, number: int) -> float:
    asked_s = parse_retry_after(answer.headers.get("retry-after"))
    pause_s: float = PAUSE_S * 2 ** (number - 1)
    return min(pause_s if asked_s is None else asked_s, LONGEST_PAUSE_S)


async def at_once(calls: Iterable[Coroutine[Any, Any, T] | Awaitable[T]]) -> list[T]:
    """Return the results of all, started together; raises the first Violation when all have ended.

    None is left running: what comes after a check must not meet its stragglers.
    """
    results = await asyncio.gather(*calls, return_exceptions=True)
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done
