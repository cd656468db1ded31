"""The way to the database service, on which requests and answers are lost and late as well."""

import asyncio
import contextlib
from typing import Final
from urllib.parse import urlsplit

from testbed.wire import Message, read_response
from tests.storm.weather import Weather
from tests.storm.wire import Reply, Request, Silence

_BUSY_WITHIN_S: Final = 0.5  # replicas ask for orders to take over twice a second, at the least
_LONGEST_S: Final = 20.0  # far beyond any caller's patience, after which nobody wants an answer
_DROPPED: Final = {"content-length", "connection", "transfer-encoding"}


class Relay:
    """Passes requests on to `target`, as the weather will have it; `in_hand` are on their way."""

    def __init__(self, target: str, weather: Weather) -> None:
        self.weather = weather
        self.in_hand = 0
        self._asked = asyncio.Event()
        self._target = urlsplit(target)

    async def handle(self, request: Request) -> Reply | Silence:
        """Answer a request."""
        try:
            return await self.weather.befall(self.weather.draw(), request, self._pass_on)
        except ConnectionRefusedError:
            return Silence.RST
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return Silence.FIN

    async def _pass_on(self, request: Request) -> Reply:
        self.in_hand += 1
        self._asked.set()
        try:
            async with asyncio.timeout(_LONGEST_S):
                return await self._exchange(request)
        finally:
            self.in_hand -= 1
            self._asked.clear()

    async def _exchange(self, request: Request) -> Reply:
        """Over a connection of its own: a pool would be one more thing to queue in."""
        reader, writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            headers = tuple(request.headers.items())
            start_line = f"{request.method} {request.path} HTTP/1.1"
            writer.write(Message(start_line, headers, request.content).encode())
            await writer.drain()
            answer = await read_response(reader)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        kept = {name.lower(): text for name, text in answer.headers if name.lower() not in _DROPPED}
        return Reply(answer.status, answer.body, kept)

    async def until_busy(self) -> None:
        """Return when the service has a request in its hands, or soon."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), _BUSY_WITHIN_S)
