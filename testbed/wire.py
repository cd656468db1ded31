"""As much of HTTP/1.1 as a proxy needs: read a whole message, write it again."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "content-length", "transfer-encoding"})
"""Headers that are about one connection; the proxy writes its own."""

_NO_BODY = frozenset({"204", "304"})


@dataclass(frozen=True)
class Message:
    """A request or a response."""

    start_line: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def method(self) -> str:
        """Of a request."""
        return self.start_line.split(" ")[0]

    @property
    def path(self) -> str:
        """Of a request, without its query."""
        return self.start_line.split(" ")[1].partition("?")[0]

    @property
    def status(self) -> int:
        """Of a response."""
        return int(self.start_line.split(" ")[1])

    def header(self, name: str) -> str | None:
        """The first header of that name, in whatever letters it is written."""
        return next((value for given, value in self.headers if given.lower() == name), None)

    def encode(self) -> bytes:
        """As it goes over the wire, the connection ending with it."""
        own = (("Content-Length", str(len(self.body))), ("Connection", "close"))
        kept = ((name, value) for name, value in self.headers if name.lower() not in _HOP_BY_HOP)
        head = "".join(f"{name}: {value}\r\n" for name, value in (*kept, *own))
        return f"{self.start_line}\r\n{head}\r\n".encode("latin-1") + self.body


def response(
    status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = (), media_type: str = ""
) -> Message:
    """A response the proxy makes up."""
    typed = (("Content-Type", media_type),) if media_type else ()
    return Message(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", (*headers, *typed), body)


async def read_request(reader: asyncio.StreamReader) -> Message | None:
    """The next request, whole; None when the caller closed instead of sending one."""
    try:
        return await _read(reader, ends_with_connection=False)
    except asyncio.IncompleteReadError:
        return None


async def read_response(reader: asyncio.StreamReader) -> Message:
    """The response, whole.

    Raises:
        asyncio.IncompleteReadError: The connection ended in the middle of it.
    """
    return await _read(reader, ends_with_connection=True)


async def _read(reader: asyncio.StreamReader, *, ends_with_connection: bool) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    message = Message(start_line, tuple((name, value.strip()) for name, _, value in pairs))
    body = await _read_body(reader, message, ends_with_connection=ends_with_connection)
    return Message(start_line, message.headers, body)


async def _read_body(
    reader: asyncio.StreamReader, head: Message, *, ends_with_connection: bool
) -> bytes:
    if (head.header("transfer-encoding") or "").lower() == "chunked":
        return await _read_chunks(reader)
    if (length := head.header("content-length")) is not None:
        return await reader.readexactly(int(length))
    if ends_with_connection and head.start_line.split(" ")[1] not in _NO_BODY:
        return await reader.read()
    return b""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(chunks)
