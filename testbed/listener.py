"""A port that can stop taking connections, and begin again, while others are connecting to it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any, Final

from testbed.ports import HOST

_BACKLOG: Final = 256  # more connections than the replicas of a test open at once
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST, not FIN

_TURNS_TO_MAKE: Final = 3
"""Of the loop, from taking a connection until whoever serves it knows: its transport is made in one
turn and tells its protocol in the next, and we may be the first in each."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Listener:
    """Listens on `port` and has each connection served by a task of its own."""

    def __init__(self, port: int, serve: Serve) -> None:
        self._port = port
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def open(self) -> None:
        """Take connections (again)."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, HOST, self._port, backlog=_BACKLOG
            )

    async def shut(self) -> None:
        """Have the system refuse connections; those that are open go on."""
        if self._server is not None:
            server, self._server = self._server, None
            await end(server)

    async def close(self) -> None:
        """Stop for good, whatever is under way."""
        await self.shut()
        serving = dict(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        for writer in serving.values():
            writer.transport.abort()
        await asyncio.sleep(0)  # a transport lets go of its socket a turn later

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: asyncio's own task for one would log what a cut connection raises.
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving[task] = writer
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        # Here and not in the task, which may have been cancelled before its first line.
        self._serving.pop(task).close()


async def end(server: asyncio.Server) -> None:
    """Close a server, and lose no connection that it is taking in this very turn of the loop.

    `Server.close` leaves such a one half made, and never closed: its transport finds the server
    gone (`Server._attach`, Python 3.11 to 3.14). So the server stops taking first.
    """
    loop = asyncio.get_running_loop()
    try:
        for listening in server.sockets:
            loop.remove_reader(listening)
        for _ in range(_TURNS_TO_MAKE):
            await asyncio.sleep(0)
    finally:
        server.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection as a crash does: with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
