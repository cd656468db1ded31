"""The connections to one origin: the one used last goes out first, and who waits, waits in line.

Last in, first out keeps few connections warm and lets the others grow old and go. A connection that
becomes free goes to whoever has waited longest; one that closes lets that one open another.
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Final

import httpx

from clients.http1.connection import Connection
from clients.http1.limits import IDLE_S

_FAREWELL_S: Final = 1.0
"""Sockets that are closed at once are so in the loop's next turn; if ever one is not, a second is
enough to wait for it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections lead; `tls` is None for plain HTTP."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Pool:
    """At most `connections` at once, those being opened included."""

    def __init__(self, origin: Origin, *, connections: int, idle_s: float = IDLE_S) -> None:
        if connections < 1 or idle_s <= 0:
            message = "a pool needs connections >= 1 and idle_s > 0"
            raise ValueError(message)
        self._origin = origin
        self._connections = connections
        self._idle_s = idle_s
        self._idle: list[Connection] = []  # the one used last at the end
        self._taken = 0
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def taken(self) -> int:
        """Connections that are open or being opened."""
        return self._taken

    def take(self) -> Connection | None:
        """A free connection that works, if there is one."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            # A process that was stopped for a while finds connections older than its timers knew.
            latest = connection.now() - self._idle_s
            if connection.idle_since > latest and not connection.stale:
                return connection
            connection.abort()
        return None

    async def acquire(self, *, wait_s: float | None, connect_s: float | None) -> Connection:
        """A connection, waited for or opened.

        Raises `httpx.PoolTimeout`, `httpx.ConnectTimeout` or `httpx.ConnectError`; after each of
        them, nothing has been sent.
        """
        while not self._closed:
            connection = self.take()
            if connection is not None:
                return connection
            if self._taken < self._connections:
                self._taken += 1
                return await self._connect(connect_s)
            connection = await self._wait(wait_s)
            if connection is None:
                return await self._connect(connect_s)
            if not connection.closed and not connection.stale:
                return connection
            connection.abort()
        raise _closed()

    async def aclose(self) -> None:
        """Close all connections, and end whoever waits for one."""
        self._closed = True
        self._unsweep()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(_closed())
        for attempt in list(self._opening):
            attempt.cancel()
        if self._opening:
            await asyncio.wait(self._opening)
        closing = [connection.lost for connection in self._open]
        for connection in list(self._open):
            connection.abort()
        if closing:
            await asyncio.wait(closing, timeout=_FAREWELL_S)

    # What connections tell

    def made(self, connection: Connection) -> None:
        """See connection.Owner."""
        self._open.add(connection)
        if self._closed:
            connection.abort()

    def put(self, connection: Connection) -> None:
        """See connection.Owner."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        connection.idle_since = connection.now()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweep_at(connection.idle_since + self._idle_s)

    def gone(self, connection: Connection) -> None:
        """See connection.Owner."""
        if connection in self._open:
            self._open.remove(connection)
            self._free_place()
        if connection in self._idle:
            self._idle.remove(connection)

    # Inside

    def _free_place(self) -> None:
        self._taken -= 1
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._taken += 1
                waiter.set_result(None)
                return

    async def _wait(self, wait_s: float | None) -> Connection | None:
        """Stand in line for a free connection, or for the place to open one (None)."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(wait_s):
                return await waiter
        except TimeoutError as late:
            self._pass_on(waiter)
            message = "all connections were busy for too long"
            raise httpx.PoolTimeout(message) from late
        except asyncio.CancelledError:
            self._pass_on(waiter)
            raise

    def _pass_on(self, waiter: asyncio.Future[Connection | None]) -> None:
        """Whoever leaves the line at the very moment of being served serves the next."""
        if waiter.cancelled() or not waiter.done():
            waiter.cancel()
        elif waiter.exception() is None:
            connection = waiter.result()
            if connection is None:
                self._free_place()
            elif not connection.closed:
                self.put(connection)

    async def _connect(self, connect_s: float | None) -> Connection:
        """Open a connection in the place that was taken for it."""
        connection = Connection(self, asyncio.get_running_loop())
        attempt = asyncio.create_task(self._open_socket(connection), name="connect")
        self._opening.add(attempt)
        try:
            async with asyncio.timeout(connect_s):
                await attempt
        except TimeoutError as late:
            self._give_up(connection)
            message = "no connection in time"
            raise httpx.ConnectTimeout(message) from late
        except asyncio.CancelledError:
            self._give_up(connection)
            if self._closed and _not_ours():
                raise _closed() from None
            raise
        except Exception as failure:
            # Whatever it is - refused, no such host, no trust in the certificate, and what an
            # event loop makes of a reset at a bad moment - nothing has been sent.
            self._give_up(connection)
            raise httpx.ConnectError(str(failure) or type(failure).__name__) from failure
        finally:
            self._opening.discard(attempt)
            if attempt.done() and not attempt.cancelled():
                attempt.exception()  # told already, or of no interest to who is gone
        if connection.closed:
            message = "the connection was closed as soon as it was open"
            raise httpx.ConnectError(message)
        return connection

    async def _open_socket(self, connection: Connection) -> None:
        def made() -> Connection:
            return connection

        origin = self._origin
        await asyncio.get_running_loop().create_connection(
            made,
            origin.host,
            origin.port,
            ssl=origin.tls,
            server_hostname=origin.host if origin.tls else None,
        )

    def _give_up(self, connection: Connection) -> None:
        """Close what there may be of it; its place is free, once."""
        if connection.connected:
            connection.abort()
        else:
            self._free_place()

    def _sweep_at(self, when: float) -> None:
        self._sweeper = asyncio.get_running_loop().call_at(when, self._sweep)

    def _unsweep(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _sweep(self) -> None:
        """Close what has been idle for too long; those used longest ago are in front."""
        self._sweeper = None
        latest = asyncio.get_running_loop().time() - self._idle_s
        while self._idle and self._idle[0].idle_since <= latest:
            self._idle[0].close()
        if self._idle:
            self._sweep_at(self._idle[0].idle_since + self._idle_s)


def _closed() -> httpx.ConnectError:
    return httpx.ConnectError("the transport is closed")


def _not_ours() -> bool:
    """Whether the task that runs was not itself cancelled: then only what it waited for was."""
    task = asyncio.current_task()
    return task is not None and not task.cancelling()
