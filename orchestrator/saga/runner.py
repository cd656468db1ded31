"""The one loop that acts: ask the decider, do what it says, note what came of it.

First run and recovery are the same call; they differ in what `Progress` says was there before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from clients.call import Answer, CallLimits
from clients.database import StoredOrder
from clients.errors import Fenced, UpstreamError
from orchestrator.domain import Event, Failure, Order, OrderStatus
from orchestrator.errors import CustodyLostError
from orchestrator.saga import next_move as moves
from orchestrator.saga.custody import Custody
from orchestrator.saga.failure import describe, explain, in_words, outcome_of, presentable
from orchestrator.saga.pause import park_pause_s
from orchestrator.saga.progress import Progress
from orchestrator.saga.step import Action, Outcome, Step, Undo, Upstreams
from orchestrator.timestamps import utc_text

_Called = tuple[Answer | UpstreamError, Event]
"""What came of a call, and its line for the timeline."""

_DONE: Final = Outcome.DONE

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Observer(Protocol):
    """Hears of every step, for metrics."""

    def stepped(self, event: Event) -> None:
        """A step or an undo has ended."""


@dataclass(slots=True)
class Errand:
    """One run: the order, the right to act on it, and how far it has come.

    `deadline`, on the loop's clock, is the time by which the forward way must end.
    """

    order: Order
    custody: Custody
    deadline: float
    progress: Progress


class SagaRunner:
    """Carries orders along `saga`.

    `attention_after` is the number of rounds after which a stuck order is flagged; `reserve_s` is
    kept of every lease for writing down where an undo got stuck; `clock` is the loop's.
    """

    def __init__(
        self,
        saga: tuple[Step, ...],
        upstreams: Upstreams,
        *,
        observer: Observer,
        attention_after: int,
        reserve_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._saga = saga
        self._upstreams = upstreams
        self._observer = observer
        self._attention_after = attention_after
        self._reserve_s = reserve_s
        self._clock = clock

    async def run(self, errand: Errand) -> StoredOrder:
        """Carry the order on until it is final or parked, and return it as it was written.

        Raises `CustodyLostError` when another worker has it now. Cancelled (this replica shuts
        down), it gives the lease up first.
        """
        try:
            while True:
                match moves.next_move(self._saga, errand.progress):
                    case moves.Act(step):
                        called = await self._act(errand, step)
                        errand.progress = _after_act(errand.progress, step, called)
                    case moves.Compensate():
                        await self._decide_to_compensate(errand)
                    case moves.UndoStep(step, undo):
                        called = await self._undo(errand, step, undo)
                        errand.progress = _after_undo(errand.progress, step, called)
                    case moves.Park():
                        return await self._park(errand)
                    case moves.Finish(status):
                        return await errand.custody.finish(errand.progress, status)
        except Fenced as fenced:
            message = "the lease is over"
            raise CustodyLostError(message) from fenced
        except asyncio.CancelledError:
            await self._hand_over(errand)
            raise

    def _act(self, errand: Errand, step: Step) -> Awaitable[_Called]:
        """Perform the step; by now it may be one that must not be left undone."""
        must = errand.progress.inherited or errand.progress.passed_pivot(self._saga)
        limits = _limits(errand, errand.deadline, obligatory=must)
        return self._call(step.action, errand, limits, ("act", step.name, step.name))

    def _undo(self, errand: Errand, step: Step, undo: Undo) -> Awaitable[_Called]:
        """Take the step back."""
        deadline = errand.custody.fence - self._reserve_s
        limits = _limits(errand, deadline, obligatory=True)
        return self._call(undo.action, errand, limits, ("undo", step.name, undo.operation))

    async def _call(
        self, action: Action, errand: Errand, limits: CallLimits, what: tuple[str, str, str]
    ) -> _Called:
        """Make the call; what came of it, and its line for the timeline.

        `what` is told in the line: kind, step, operation.
        """
        kind, step, operation = what
        at, began = now_text(), self._clock()
        result: Answer | UpstreamError
        try:
            result = await action(self._upstreams, errand.order, limits)
            outcome, error = _DONE, None
        except UpstreamError as failure:
            result = failure
            outcome, error = outcome_of(failure), _error(failure)
        ms = round((self._clock() - began) * 1000, 1)
        line = Event(at, kind, step, operation, outcome, result.attempts, ms, error)
        self._observer.stepped(line)
        return result, line

    async def _decide_to_compensate(self, errand: Errand) -> None:
        failure = errand.progress.failure or _FOUND_TOO_LATE
        note = f"decided to compensate: {failure.detail}"
        progress = errand.progress.compensating().but(failure=failure).noted(happened(note))
        await errand.custody.keep(progress)
        errand.progress = progress

    async def _park(self, errand: Errand) -> StoredOrder:
        progress = errand.progress
        if progress.status is OrderStatus.PENDING:
            progress = progress.but(pivot_recorded=True, failure=None)
        rounds = errand.custody.rounds
        stuck = Outcome.REJECTED in progress.undos.values() or rounds >= self._attention_after
        pause_s = park_pause_s(rounds, retry_after_s=progress.retry_after_s)
        note = f"parked, to be tried again in {pause_s:.1f} s: {progress.trouble}"
        return await errand.custody.give_up(
            progress.noted(happened(note)),
            after_s=pause_s,
            attention=progress.trouble if stuck else None,
        )

    async def _hand_over(self, errand: Errand) -> None:
        """Give the lease up, so that another replica need not wait for its end."""
        progress = errand.progress.noted(happened("given up by a replica that shuts down"))
        if progress.status is OrderStatus.PENDING:
            # Its successor finds out again whether it fails; only a passed pivot is worth keeping.
            passed = progress.passed_pivot(self._saga)
            progress = progress.but(pivot_recorded=passed, failure=None)
        with suppress(CustodyLostError, TimeoutError):
            async with asyncio.timeout(self._reserve_s):
                await errand.custody.give_up(progress, after_s=0.0)


_FOUND_TOO_LATE: Final = Failure(
    504, "deadline_exceeded", "the order was found unfinished too late to go on with it"
)


def _after_act(progress: Progress, step: Step, called: _Called) -> Progress:
    """What is known when the step has been tried."""
    result, line = called
    if isinstance(result, Answer):
        kept = _kept(step, result) if step.keeps else _NOTHING
        return progress.acted(step, _DONE, begun=True, kept=kept, line=line)
    outcome = outcome_of(result)
    progress = progress.acted(step, outcome, begun=result.in_doubt, kept=_NOTHING, line=line)
    return _hindered(progress, result).but(failure=explain(step, result))


def _after_undo(progress: Progress, step: Step, called: _Called) -> Progress:
    """What is known when it was tried to take the step back."""
    result, line = called
    if isinstance(result, Answer):
        return progress.undid(step, _DONE, line=line)
    return _hindered(progress.undid(step, outcome_of(result), line=line), result)


def _limits(errand: Errand, deadline: float, *, obligatory: bool) -> CallLimits:
    custody = errand.custody
    return CallLimits(deadline, custody.fence, None, obligatory, custody.headers, errand.order.id)


def _kept(step: Step, answer: Answer) -> dict[str, str]:
    """What of an answer belongs to the order; only texts, cut to what may be shown."""
    values = {name: answer.body.get(name) for name in step.keeps}
    return {name: presentable(value) for name, value in values.items() if isinstance(value, str)}


def _hindered(progress: Progress, failure: UpstreamError) -> Progress:
    return progress.but(trouble=in_words(failure), retry_after_s=failure.retry_after_s)


def happened(note: str) -> Event:
    """Something that befell the saga, for its timeline."""
    return Event(at=now_text(), kind="event", note=note)


def now_text() -> str:
    """The wall clock."""
    return utc_text(time.time())


def _error(failure: UpstreamError) -> dict[str, Any]:
    told = describe(failure)
    return {member: told[member] for member in ("status", "code", "detail")}
