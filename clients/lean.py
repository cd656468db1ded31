"""The short way: from a call to its bytes, to a connection of our own, and back.

What is the same for every call of an upstream is made once; nothing is made that nobody looks at
(URLs, cookies, response objects). tests/clients hold it against the way through httpx.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, NoReturn, cast

import httpx

from clients.carrier import (
    CONSTANT_HEADERS,
    CONTENT_TYPE,
    KEY_FIELD,
    LARGEST_ANSWER_BYTES,
    NO_FIELDS,
    Fields,
    Reply,
)
from clients.http1.connection import Connection
from clients.http1.reply import Reply as Answer
from clients.http1.reply import find
from clients.http1.request import check_method, check_name, check_target
from clients.http1.transport import LeanTransport
from clients.stock import read

_PLAIN_PATH: Final = re.compile(r"/(?![/.])(?:[A-Za-z0-9_~!$&'()*+,;=:@?.-]++|/(?!\.))*+")
"""Paths that httpx would leave as they are: nothing to quote in them, and no dot segment."""

_KEY: Final = f"{KEY_FIELD}: "
_ENTITY: Final = f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: "

_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
"""A request that usually has a body says so when it has none (RFC 9110, 8.6)."""

_NAMES: Final[set[str]] = set()
_METHODS: Final[set[str]] = set()
"""Names of header fields and methods that have been looked at: they come from code, and are few."""

_GOOD: Final = range(200, 300)
_SLICE_BYTES: Final = 4096
"""A compressed answer is unpacked in slices, so that a small one that would become gigabytes is
left at the first slice too many."""


class LeanCarrier:
    """A carrier on our own connections; see Carrier."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        connections: int,
        always: Mapping[str, str] = NO_FIELDS,
    ) -> None:
        self._base = httpx.URL(base_url)
        self._phase_s = timeout_s / 2
        self._transport = LeanTransport(connections=connections)
        self._pool = self._transport.pool(self._base)
        self._prefix = self._base.raw_path.rstrip(b"/").decode("ascii")
        fields = {"Host": self._base.netloc.decode("ascii"), **CONSTANT_HEADERS, **always}
        self._constant = " HTTP/1.1\r\n" + _written(fields)

    async def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        key: str | None = None,
        within_s: float,
    ) -> Reply:
        """See Carrier."""
        payload = self._payload(method, path, headers, content, key)
        connection = self._pool.take()
        if connection is None:
            began = asyncio.get_running_loop().time()
            connection = await self._acquire(within_s)
            within_s -= asyncio.get_running_loop().time() - began
        exchange = connection.begin(
            payload, within_s=within_s, limit=LARGEST_ANSWER_BYTES, head_only=method == "HEAD"
        )
        try:
            answer = await exchange
        except httpx.ReadTimeout as late:
            raise TimeoutError from late  # the time of the exchange, not of one of its phases
        except asyncio.CancelledError:
            connection.abandon(exchange)
            raise
        if answer.fields:  # a plain answer has none, and nothing to look for
            return await _reply(answer)
        return Reply(answer.status, cast("bytes", answer.body))

    async def aclose(self) -> None:
        """See Carrier."""
        await self._transport.aclose()

    async def _acquire(self, within_s: float) -> Connection:
        async with asyncio.timeout(within_s):
            return await self._pool.acquire(wait_s=self._phase_s, connect_s=self._phase_s)

    def _payload(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        key: str | None,
    ) -> bytes:
        """Head and body; what is in each head is in `_constant`, in each of an order in `lines`."""
        if method not in _METHODS:
            _check_method(method)
        lines = headers.lines if type(headers) is Fields else None
        if lines is None:
            lines = _written(headers)
        head = f"{method} {self.target(path)}{self._constant}{lines}"
        if key is not None:
            if not (key.isascii() and key.isprintable()):
                _refuse_value(KEY_FIELD)
            head = f"{head}{_KEY}{key}\r\n"
        if content is not None:
            return f"{head}{_ENTITY}{len(content)}\r\n\r\n".encode() + content
        head += "Content-Length: 0\r\n\r\n" if method in _WITH_LENGTH else "\r\n"
        return head.encode()

    def target(self, path: str) -> str:
        """The request target: base and path as httpx would join and quote them."""
        if _PLAIN_PATH.fullmatch(path):
            return self._prefix + path
        try:
            url = httpx.URL(path)
        except (httpx.InvalidURL, TypeError) as error:
            raise httpx.LocalProtocolError("the path of a call is not one") from error
        if not url.is_relative_url:
            raise httpx.LocalProtocolError("the path of a call leads to its own upstream")
        target = self._base.copy_with(
            raw_path=self._prefix.encode() + b"/" + url.raw_path.lstrip(b"/")
        ).raw_path
        check_target(target)
        return target.decode("ascii")


def _check_method(method: str) -> None:
    check_method(method.encode())
    _METHODS.add(method)


def _written(headers: Mapping[str, str]) -> str:
    """Header fields as lines, each checked to be no more than one."""
    lines = ""
    for name, value in headers.items():
        if name not in _NAMES:
            check_name(name.encode())
            _NAMES.add(name)
        if not (value.isascii() and value.isprintable()):
            _refuse_value(name)
        lines += f"{name}: {value}\r\n"
    if type(headers) is Fields:
        headers.lines = lines
    return lines


def _refuse_value(name: str) -> NoReturn:
    """A tab would be allowed, and bytes beyond ASCII; nobody here means one."""
    raise httpx.LocalProtocolError(f"the value of {name} is not one line of visible ASCII")


async def _reply(answer: Answer) -> Reply:
    body = answer.body
    if not isinstance(body, bytes):
        raise TypeError("an exchange with a limit gives its body whole")
    retry_after = None
    if answer.status not in _GOOD:
        asked = find(answer.fields, b"retry-after")
        retry_after = asked.decode("latin-1") if asked is not None else None
    if answer.coded and find(answer.fields, b"content-encoding") is not None:
        body = await read(
            httpx.Response(answer.status, headers=answer.fields, stream=_Slices(body))
        )
    return Reply(answer.status, body, retry_after)


class _Slices(httpx.AsyncByteStream):
    """A body that is there, piece by piece."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), _SLICE_BYTES):
            yield self._body[start : start + _SLICE_BYTES]
