"""The floor: sockets, a request made beforehand, and an answer whose length is known."""

import asyncio
from typing import cast

from bench.calls.upstream import REPLY


class RawConnection(asyncio.Protocol):
    """One call at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._got = 0
        self._waiter: asyncio.Future[None]

    def call(self, request: bytes) -> asyncio.Future[None]:
        """Send the request, and give the future of its answer."""
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiter

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._got += len(data)
        if self._got == len(REPLY):
            self._got = 0
            self._waiter.set_result(None)

    def close(self) -> None:
        """Close it."""
        self._transport.close()
