"""An upstream that costs its caller nothing: a process that answers everything with one reply."""

import asyncio
import json
import sys
from typing import Final, cast

import uvloop

ANSWER: Final = json.dumps(
    {
        "id": "0b7c3a52-6f0e-5d7e-9b0a-5e7d1f0c2a11",
        "status": "authorized",
        "orderId": "8f14e45f-ceea-467f-9c2d-0a5c8e4b7d21",
        "amount": "998.50",
        "currency": "INR",
        "note": "x" * 230,
    },
    separators=(",", ":"),
).encode()
"""About 400 bytes, as the reference services' answers have."""

REPLY: Final = (
    b"HTTP/1.1 201 Created\r\ndate: Sun, 22 Nov 2026 13:00:00 GMT\r\nserver: uvicorn\r\n"
    b"content-length: %d\r\ncontent-type: application/json\r\n\r\n%b" % (len(ANSWER), ANSWER)
)


class _Answering(asyncio.Protocol):
    """Takes every read for one request: the callers here send each in one write, and wait."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}"):  # some clients send head and body apart
            self._transport.write(REPLY)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until the parent is done, or gone


if __name__ == "__main__":
    uvloop.run(_serve())
