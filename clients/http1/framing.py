"""How long a request's body is, according to its own header fields, and the body cut to that."""

from dataclasses import dataclass
from typing import Final

import httpx

from clients.http1.reply import Fields

_CHUNKED: Final = b"chunked"


@dataclass(slots=True)
class Framing:
    """The body's form: chunks, or so many bytes; `closes` says that this side asked for the end."""

    chunked: bool
    left: int
    closes: bool

    @classmethod
    def of(cls, fields: Fields) -> "Framing":
        """Read the header fields; raises `httpx.LocalProtocolError` when they are at odds."""
        named: dict[bytes, list[bytes]] = {}
        for name, value in fields:
            named.setdefault(name.lower(), []).append(value.strip().lower())
        lengths = named.get(b"content-length", [])
        codings = named.get(b"transfer-encoding", [])
        if len(named.get(b"host", [])) != 1:
            raise httpx.LocalProtocolError("a request names its host, once")
        if len(lengths) + len(codings) > 1 or codings not in ([], [_CHUNKED]):
            raise httpx.LocalProtocolError("a request's body has one length, or chunks")
        if not all(length.isdigit() for length in lengths):
            raise httpx.LocalProtocolError("the length of a request's body is a number")
        closes = any(b"close" in value for value in named.get(b"connection", []))
        return cls(bool(codings), int(lengths[0]) if lengths else 0, closes)

    def piece(self, data: bytes) -> bytes:
        """The next piece of the body as it goes out."""
        if self.chunked:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        self.left -= len(data)
        if self.left < 0:
            raise httpx.LocalProtocolError("the body is longer than its Content-Length")
        return data

    def end(self) -> bytes:
        """What goes out behind the last piece."""
        if self.chunked:
            return b"0\r\n\r\n"
        if self.left:
            raise httpx.LocalProtocolError("the body is shorter than its Content-Length")
        return b""
