"""What is recognised at first sight is what the parser would have said, and never more."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.http1.plain import plain_answer

LIMIT = 1000
BODY = b'{"id":"p-1"}'


class Parsed:
    """What the parser makes of some bytes: complete answers, and whether the connection is kept."""

    def __init__(self, data: bytes) -> None:
        self.bodies: list[bytes] = []
        self.fault = False
        self._body = b""
        parser = httptools.HttpResponseParser(self)
        self._parser = parser
        self.kept: list[bool] = []
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fault = True
        self.status = parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        """See httptools."""
        self._body += piece

    def on_message_complete(self) -> None:
        """See httptools."""
        self.bodies.append(self._body)
        self.kept.append(self._parser.should_keep_alive())
        self._body = b""


def answer(*fields: bytes, status: bytes = b"HTTP/1.1 200 OK", body: bytes = BODY) -> bytes:
    """An answer with these lines in its head."""
    return b"".join(line + b"\r\n" for line in (status, *fields)) + b"\r\n" + body


LENGTH = b"Content-Length: 12"
PLAIN = {
    "uvicorn": [b"date: x", b"server: uvicorn", b"content-length: 12", b"content-type: a/b"],
    "node": [b"Content-Type: a/b", LENGTH, b"Connection: keep-alive", b"Keep-Alive: timeout=5"],
    "nginx": [b"Server: nginx", b"Content-Type: a/b", LENGTH, b"connection:keep-alive"],
    "bare": [LENGTH],
}


@pytest.mark.parametrize("fields", PLAIN.values(), ids=PLAIN)
def test_common_servers_are_recognised(fields: list[bytes]) -> None:
    """Their plain answers are what this is for."""
    assert (200, BODY) == plain_answer(answer(*fields), LIMIT)


NOT_PLAIN = {
    "a refusal": answer(LENGTH, status=b"HTTP/1.1 409 Conflict"),
    "an interim answer": answer(status=b"HTTP/1.1 100 Continue", body=b""),
    "no content": answer(LENGTH, status=b"HTTP/1.1 204 No Content"),
    "an old version": answer(LENGTH, status=b"HTTP/1.0 200 OK"),
    "a short body": answer(b"Content-Length: 13"),
    "a byte too many": answer(b"Content-Length: 11"),
    "no length": answer(b"X: y"),
    "two lengths": answer(LENGTH, LENGTH),
    "a length of a length": answer(b"Content-Length: 12, 12"),
    "a signed length": answer(b"Content-Length: +12"),
    "chunks": answer(LENGTH, b"Transfer-Encoding: chunked"),
    "chunks in capitals": answer(b"TRANSFER-ENCODING: chunked", LENGTH),
    "a coded body": answer(LENGTH, b"content-encoding: gzip"),
    "the last one": answer(LENGTH, b"Connection: close"),
    "the last one, too": answer(LENGTH, b"Connection: keep-alive, close"),
    "an upgrade": answer(LENGTH, b"Upgrade: h2c"),
    "a proxy's word": answer(LENGTH, b"Proxy-Connection: close"),
    "a folded line": answer(LENGTH, b"X: y\r\n z"),
    "a bare line end": answer(LENGTH, b"X: y\nZ: 1"),
    "a NUL": answer(LENGTH, b"X: \0"),
    "a space before the colon": answer(b"Content-Length : 12"),
    "a field without a name": answer(LENGTH, b": x"),
    "more fields than anybody sends": answer(*[b"X: y"] * 21, LENGTH),
    "a long head": answer(LENGTH, b"X: " + b"y" * 5000),
    "a large body": answer(b"Content-Length: 1001", body=b"x" * 1001),
    "something else": b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_whatever_is_special_is_left_to_the_parser(data: bytes) -> None:
    """It judges; this only recognises."""
    assert plain_answer(data, LIMIT) is None


_LINES = st.sampled_from(
    [
        b"Content-Length: 12",
        b"content-length:12",
        b"Content-Length: 012",
        b"Content-Length: 5",
        b"Content-Length:  12",
        b"Transfer-Encoding: chunked",
        b"Connection: keep-alive",
        b"Connection: close",
        b"Connection: Keep-Alive",
        b"Content-Encoding: gzip",
        b"X: \xc3\xbc",
        b"X:",
        b"X: a\tb",
        b"Content-Type: application/json",
        b"X Y: z",
        b"\tX: z",
        b"Upgrade: x",
        b"Trailer: x",
    ]
)
_STATUSES = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.1 201 ", b"HTTP/1.1 202 \xff", b"HTTP/1.1 204 X", b"HTTP/1.1 200"]
)
_BODIES = st.sampled_from([BODY, b"", BODY + b"x", BODY[:5], answer(LENGTH)])


@given(status=_STATUSES, fields=st.lists(_LINES, max_size=6), body=_BODIES)
def test_it_never_says_more_than_the_parser(
    status: bytes, fields: list[bytes], body: bytes
) -> None:
    """One whole answer, its status and body, and a connection that is kept."""
    data = answer(*fields, status=status, body=body)
    plain = plain_answer(data, LIMIT)
    if plain is None:
        return

    parsed = Parsed(data)
    assert not parsed.fault
    assert ([plain[1]], [True]) == (parsed.bodies, parsed.kept)
    assert plain[0] == parsed.status
