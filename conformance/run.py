"""Makes the checks, one after the other; those in two halves together, around their interlude."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.answer import Answer
from conformance.check import Check
from conformance.result import Outcome, Result
from conformance.suite import Suite, suite_of
from conformance.target import Needs, Target
from conformance.violation import NotChecked, Unusable, Violation
from conformance.wire import Wire

Interlude = Callable[[], Awaitable[None]]
Told = Callable[[Result], None]


async def run(
    target: Target,
    *,
    only: frozenset[str] = frozenset(),
    must_only: bool = False,
    tell: Told = lambda _: None,
) -> list[Result]:
    """Check the target and return what came of each check, in order; `tell` hears of each at once.

    Raises:
        Unusable: Nothing answers, or nothing may be asked.
    """
    suite = suite_of(target.service, target.needs)
    busy: list[Answer] = []
    await _expect_usable(Wire(target.door, busy), suite)
    runs = [
        Run(check, suite, Wire(target.door, busy), target.needs.reservation_ttl_s)
        for check in suite.checks(only)
        if check.severity == "MUST" or not must_only
    ]
    return await _Runner(target, suite, tell).run_all(runs)


async def _expect_usable(wire: Wire, suite: Suite[Any]) -> None:
    try:
        answer = await wire.get(f"{suite.unknown_path}/{uuid.uuid4()}")
    except Violation as failure:
        why = "; ".join(failure.came)
        raise Unusable(
            f"Nothing answers there ({why}): start the service, or mend --url."
        ) from failure
    came = answer.lines()[0]
    if answer.status in {401, 403, 407}:
        raise Unusable(
            f"The service lets nobody in ({came}): give it what it asks for by --header."
        )
    if 300 <= answer.status < 400:  # noqa: PLR2004 - the 3xx class
        place = answer.headers.get("location", "elsewhere")
        raise Unusable(f"The service sends us to {place} ({came}): give that address as --url.")
    if answer.status >= 500:  # noqa: PLR2004 - the 5xx class
        raise Unusable(f"The service does not work ({came} to a GET): mend that first.")
    await suite.prepare(wire)


@dataclass
class Run:
    """One check under way."""

    check: Check[Any]
    suite: Suite[Any]
    wire: Wire
    ttl_s: float | None
    took_s: float = 0.0
    began: float = 0.0
    first_began: float = 0.0
    result: Result | None = None
    second_half: AsyncIterator[None] | None = None
    probe: Any = field(init=False)

    def __post_init__(self) -> None:
        self.probe = self.suite.probe(self.wire)

    async def begin(self) -> None:
        """Make the check, or its first half."""
        self.first_began = time.monotonic()
        body = self.check.body(self.probe)
        if isinstance(body, AsyncIterator):
            self.second_half = body
            await self._guarded(anext(body))
        else:
            await self._guarded(body, last=True)

    async def resume(self) -> None:
        """Make the second half, unless the first has decided it."""
        if self.result is None and self.second_half is not None:
            await self._guarded(_exhaust(self.second_half), last=True)

    def leave_out(self, reason: str, *, wanted: bool = False) -> None:
        """Note that it could not be made; `wanted`: although it should have been possible."""
        self._end(Outcome.NOT_CHECKED, reason=reason, wanted=wanted)

    async def _guarded(self, part: Awaitable[None], *, last: bool = False) -> None:
        self.began = time.monotonic()
        try:
            await part
        except Violation as violation:
            if self._reservations_ran_out():
                self.leave_out(f"took longer than reservations last ({self.ttl_s:g} s)")
            else:
                self._end(Outcome.FAILED, violation=violation, story=tuple(self.wire.story))
        except NotChecked as reason:
            self.leave_out(str(reason))
        else:
            self.took_s += time.monotonic() - self.began
            if last:
                self._end(Outcome.PASSED)

    def _reservations_ran_out(self) -> bool:
        """Whether what the check found may be the work of the clock, where it is not about that."""
        took_s = time.monotonic() - self.first_began
        return self.ttl_s is not None and took_s > self.ttl_s and self.check.group != "expiry"

    def _end(self, outcome: Outcome, **details: Any) -> None:  # noqa: ANN401 - Result's own
        wording = self.check.worded(self.suite.words)
        self.result = Result(self.check, wording, outcome, self.took_s, **details)


async def _exhaust(body: AsyncIterator[None]) -> None:
    async for _ in body:
        raise AssertionError("a check has two halves, not more")


class _Runner:
    def __init__(self, target: Target, suite: Suite[Any], tell: Told) -> None:
        self._target = target
        self._suite = suite
        self._tell = tell
        self._gone = ""

    async def run_all(self, runs: list[Run]) -> list[Result]:
        results: list[Result] = []
        for together in _batches(runs, one_by_one=self._target.needs.product is not None):
            await self._make(together)
            for one in together:
                await one.probe.clean()
                assert one.result is not None  # noqa: S101 - each way through _make sets it
                self._tell(one.result)
                results.append(one.result)
        return results

    async def _make(self, together: list[Run]) -> None:
        try:
            interlude = _interlude(together[0].check.group, self._target.needs)
        except NotChecked as reason:
            return _leave_out(together, str(reason))
        if self._gone:
            return _leave_out(together, self._gone)
        for one in together:
            await one.begin()
            await self._look_whether_gone(one)
        if any(one.result is None for one in together) and interlude is not None:
            try:
                await interlude()
            except NotChecked as reason:
                for one in together:
                    if one.result is None:
                        one.leave_out(str(reason), wanted=True)
                return None
        for one in together:
            await one.resume()
            await self._look_whether_gone(one)
        return None

    async def _look_whether_gone(self, one: Run) -> None:
        """After a request without an answer: is there anybody still?"""
        violation = one.result.violation if one.result else None
        if violation is None or not any("no answer" in line for line in violation.came):
            return
        try:
            await Wire(self._target.door).get(f"{self._suite.unknown_path}/{uuid.uuid4()}")
        except Violation:
            self._gone = f"the service has not answered since {one.check.id}"


def _leave_out(runs: list[Run], reason: str) -> None:
    for one in runs:
        one.leave_out(reason)


def _batches(runs: list[Run], *, one_by_one: bool) -> list[list[Run]]:
    """Put the checks of a group with an interlude together, so that there is one of it.

    Not when they share one product: each would see what the others do to its stock.
    """
    batches: list[list[Run]] = []
    for one in runs:
        group = one.check.group
        joins = group in _INTERLUDES and batches and batches[-1][0].check.group == group
        if joins and not one_by_one:
            batches[-1].append(one)
        else:
            batches.append([one])
    return batches


def _restart(needs: Needs) -> Interlude:
    if needs.restart is None:
        raise NotChecked("give --restart-command, which ends the service and starts it again")
    return needs.restart


def _expiry(needs: Needs) -> Interlude:
    ttl_s = needs.reservation_ttl_s
    if ttl_s is None:
        raise NotChecked("give --reservation-ttl-s, and run the service with so short a one")
    return lambda: asyncio.sleep(ttl_s)


_INTERLUDES: dict[str, Callable[[Needs], Interlude]] = {"restart": _restart, "expiry": _expiry}
"""What has to happen between the halves of a group's checks."""


def _interlude(group: str, needs: Needs) -> Interlude | None:
    """Return it, or None when the group has none; raises NotChecked when it cannot be had."""
    make = _INTERLUDES.get(group)
    return None if make is None else make(needs)
