"""The sagas that run in this replica, each in its own task that no request can cancel."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from clients.database import StoredOrder
from clients.errors import UpstreamError
from orchestrator.errors import OrderServiceError

_log = logging.getLogger("orchestrator.sagas")


class RunningSagas:
    """Strong references to the tasks, by order id: to join them, to count them, to drain them."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[StoredOrder]] = {}

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def start(
        self,
        order_id: str,
        saga: Coroutine[Any, Any, StoredOrder],
        *,
        after: Callable[[str], None] = lambda _: None,
    ) -> asyncio.Task[StoredOrder]:
        """Run `saga` until it ends, whoever waits for it or does not; then tell `after` its id."""
        task = asyncio.create_task(saga, name=f"order {order_id}")
        self._tasks[order_id] = task
        task.add_done_callback(partial(self._ended, order_id, after))
        return task

    async def join(self, order_id: str, *, timeout_s: float) -> StoredOrder | None:
        """The end of a saga that runs here; `None` when none does, or it ends without a record."""
        task = self._tasks.get(order_id)
        if task is None:
            return None
        await until_done(task, timeout_s=timeout_s)
        if not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    async def drain(self, *, finish_within_s: float, give_up_within_s: float) -> None:
        """Let them end; then cancel the rest, which makes each give up its lease."""
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()), timeout=finish_within_s)
        left = set(self._tasks.values())
        for task in left:
            task.cancel()
        if left:
            _log.warning("orders left to other replicas", extra={"orders": len(left)})
            await asyncio.wait(left, timeout=give_up_within_s)

    def _ended(
        self, order_id: str, after: Callable[[str], None], task: asyncio.Task[StoredOrder]
    ) -> None:
        if self._tasks.get(order_id) is task:
            del self._tasks[order_id]
        after(order_id)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not isinstance(failure, OrderServiceError | UpstreamError):
            _log.error("a saga broke off", extra={"orderId": order_id}, exc_info=failure)


async def until_done(task: "asyncio.Task[Any]", *, timeout_s: float) -> None:
    """Wait for the task's end, but not for long; whoever waits and goes away does it no harm.

    `asyncio.wait` for a single task, at a third of its price.
    """
    if task.done():
        return
    loop = task.get_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(timeout_s, wake)
    task.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        task.remove_done_callback(wake)
