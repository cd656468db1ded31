"""A client that does what a good HTTP library will not: half a request, two at once, hanging up."""

import json
import socket
import struct
from http.client import HTTPResponse
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

TIMEOUT_S = 30.0
"""Longer than any replica takes to answer."""


def request(method: str, path: str, body: object = None) -> bytes:
    """One request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: orders\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Connection:
    """One connection to a replica."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._socket = socket.create_connection((place.hostname, place.port or 80), TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, content: bytes) -> None:
        """Send some bytes."""
        self._socket.sendall(content)

    def hang_up(self) -> None:
        """Reset the connection, as a client that crashed."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def closed_or_failed(self) -> bool:
        """Wait for the end, and tell whether it was one without an answer or with a 500."""
        received = self._socket.recv(65_536)
        return received == b"" or received.startswith(b"HTTP/1.1 500")

    def receive(self) -> tuple[int, Any]:
        """Status and JSON of the next answer."""
        # One byte at a time: what a buffered reader has read too much is lost to the next answer.
        response = HTTPResponse(_Unbuffered(self._socket))  # type: ignore[arg-type]
        response.begin()
        return response.status, json.loads(response.read())


class _Unbuffered:
    """What HTTPResponse asks of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def makefile(self, _: str) -> Any:  # noqa: ANN401 - a raw SocketIO stands in for a buffered one
        return self._connection.makefile("rb", buffering=0)
