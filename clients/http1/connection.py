"""One connection: a request out in one write, its answer through the parser, and nothing else.

It belongs to one exchange at a time and goes back to its owner only when that exchange ended as the
protocol says: the request is out, the answer is complete, both sides keep the connection, and not a
byte came beyond it. In every other case it is closed.
"""

import asyncio
import select
from typing import Final, Protocol, cast

import httptools
import httpx

from clients.http1.incoming import Incoming
from clients.http1.limits import CLOCK_TICK_S, MAX_FIELDS, MAX_HEAD_BYTES, MAX_INTERIM
from clients.http1.plain import plain_answer
from clients.http1.reply import Fields, Reply, find

_NEVER: Final = float("inf")
_SWITCHING_PROTOCOLS: Final = 101
_FINAL: Final = 200
"""The first status that is not interim."""

_VERSIONS: Final = {"1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0"}
_FIRST_BYTE: Final = ord("H")
"""The parser also speaks RTSP and ICE, whose answers begin otherwise."""


_CODINGS: Final = frozenset(map(len, (b"content-encoding", b"transfer-encoding")))
"""Names of other lengths need not be looked at: nearly every answer has no coding at all."""


class Owner(Protocol):
    """Who gave the connection out."""

    def made(self, connection: "Connection") -> None:
        """It is open."""
        ...

    def put(self, connection: "Connection") -> None:
        """It is free for the next exchange."""
        ...

    def gone(self, connection: "Connection") -> None:
        """It is closed, and told so once."""
        ...


class _RefusedError(Exception):
    """Ends the parser's run: the rest is not wanted."""


class Connection(asyncio.Protocol):
    """The protocol of one socket.

    `within_s` bounds an exchange as a whole; `silence_s` instead the time between two reads. Either
    ends the exchange with `httpx.ReadTimeout`.
    """

    __slots__ = (
        "_busy", "_chunks", "_coded", "_deadline", "_done", "_drain", "_enough", "_fault",
        "_fields",
        "_head_only", "_incoming", "_interim", "_keep", "_last",
        "_limit", "_loop", "_owner", "_parser",
        "_poll", "_quiet", "_sent", "_silence_s", "_size", "_skipping", "_status", "_timer",
        "_timer_at", "_transport", "_version", "_waiter", "closed", "idle_since", "lost", "now",
    )  # fmt: skip

    def __init__(self, owner: Owner, loop: asyncio.AbstractEventLoop) -> None:
        self._owner = owner
        self._loop = loop
        self.now = loop.time
        self.closed = False
        self.idle_since = 0.0
        self.lost = loop.create_future()
        """Done when the socket is closed too."""
        self._transport: asyncio.Transport | None = None
        self._poll = select.poll()
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER
        self._deadline = _NEVER
        self._silence_s: float | None = None
        self._drain: asyncio.Future[None] | None = None
        self._busy = False
        self._waiter: asyncio.Future[Reply] | None = None
        self._incoming: Incoming | None = None
        self._sent = True
        self._last = False
        self._head_only = False
        self._limit: int | None = None
        self._fields: Fields = []
        self._chunks: list[bytes] = []
        self._fault: str | None = None
        self._done = False
        self._enough = False
        self._expect_answer()

    # The exchange, as the caller sees it

    def begin(
        self,
        payload: bytes,
        *,
        head_only: bool = False,
        limit: int | None = None,
        within_s: float | None = None,
        sent: bool = True,
        last: bool = False,
    ) -> asyncio.Future[Reply]:
        """Send `payload`, and give the future of the answer.

        With a `limit` the answer is given when it is complete, or cut off at the first piece beyond
        `limit` bytes of body (one with nothing special about it without its fields, which nobody
        looks at); without one as soon as its head has come. `sent=False` says that more
        of the request follows by `write`, the end of which `finish` tells; `last=True` that the
        request itself asks to close the connection.
        """
        transport = self._transport
        if transport is None or self.closed or self._busy:
            message = "a connection serves one exchange at a time, and none once it is closed"
            raise RuntimeError(message)
        self._busy = True
        self._sent = sent
        self._last = last
        self._head_only = head_only
        self._limit = limit
        self._waiter = waiter = self._loop.create_future()
        self._silence_s = None
        if within_s is not None:
            self._deadline = deadline = self.now() + within_s
            if deadline < self._timer_at:
                self._watch(deadline)
        transport.write(payload)
        return waiter

    def write(self, piece: bytes) -> None:
        """Send a further piece of the request, unless the connection is gone."""
        if self._transport is not None and not self.closed:
            self._transport.write(piece)

    @property
    def congested(self) -> bool:
        """Whether much of what was written has yet to leave."""
        return self._drain is not None

    async def drained(self) -> None:
        """Wait until what was written has left, but for what the socket holds, or is in vain."""
        if self._drain is not None and not self.closed:
            await self._drain

    def finish(self, exchange: asyncio.Future[Reply], silence_s: float | None) -> None:
        """Nothing more is sent for `exchange`; what is left of its answer is due from now on."""
        if not self._serves(exchange):
            return
        if exchange is self._waiter:  # otherwise the answer came before the request's end
            self._sent = True
        self._silence_s = silence_s
        if silence_s is not None:
            self._watch(self.now() + silence_s)

    def abandon(self, whose: "asyncio.Future[Reply] | Incoming") -> None:
        """Close it, if it still works for the exchange that `whose` belongs to."""
        if self._serves(whose):
            if self._waiter is not None:
                self._waiter.cancel()  # nobody waits for it any more
            self.abort()

    def close(self) -> None:
        """Take leave of the other side, as TLS wants it; for connections that do nothing."""
        transport = self._transport
        if transport is not None and not self.closed:
            self._transport = None  # out of reach of `abort`, which would cut the farewell short
            self.abort()
            transport.close()

    def abort(self, failure: httpx.RequestError | None = None) -> None:
        """Close it at once; an exchange that is under way ends with `failure`."""
        if self.closed:
            return
        self.closed = True
        self._unwatch()
        waiter, incoming = self._waiter, self._incoming
        if waiter is not None and not waiter.done():
            waiter.set_exception(failure or httpx.ReadError("the transport is closed"))
        elif incoming is not None:
            incoming.fail(failure or httpx.ReadError("the transport is closed"))
        self._let_go()
        self._parser = None  # it refers to this object: a circle that only the collector would find
        if self._transport is not None:
            self._transport.abort()
        self._owner.gone(self)

    @property
    def stale(self) -> bool:
        """Whether something waits to be read on an idle connection: its end, or what nobody asked.

        The event loop may not have come to it yet; a request that is sent now would be in doubt.
        """
        return bool(self._poll.poll(0))

    @property
    def connected(self) -> bool:
        """Whether it has ever been a connection."""
        return self._transport is not None

    # What the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._owner.made(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if not self._busy or self._parser is None:
            self.abort()  # nobody asked
            return
        if self._quiet == 0 and self._status == 0 and self._done_at_first_sight(data):
            return
        self._quiet += len(data)
        if self._silence_s is not None:
            self._deadline = self.now() + self._silence_s
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False  # what follows a complete answer is not looked at
            if not (self._done or self._enough):
                self.abort(httpx.RemoteProtocolError(self._fault or str(error)))
                return
        if self._done or self._enough:
            self._complete()
        elif self._quiet > MAX_HEAD_BYTES:
            self.abort(httpx.RemoteProtocolError("the answer's head is too large"))
        elif self._status and self._limit is None and self._incoming is None:
            self._deliver_head()

    def eof_received(self) -> bool:
        """See asyncio."""
        self._ended()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if exc is None:
            self._ended()
        elif not self.closed:
            kind = httpx.WriteError if isinstance(exc, BrokenPipeError) else httpx.ReadError
            self.abort(kind(f"the connection broke: {exc}"))
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """See asyncio."""
        self._drain = self._loop.create_future()

    def resume_writing(self) -> None:
        """See asyncio."""
        drain, self._drain = self._drain, None
        if drain is not None and not drain.done():
            drain.set_result(None)

    # What the parser tells

    def on_message_begin(self) -> None:
        """An answer begins; a second one is none."""
        if self._done:
            raise _RefusedError

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; fields behind the body (trailers) are left out."""
        if not self._status:
            self._fields.append((name, value))
            if len(name) in _CODINGS:
                self._coded = True

    def on_headers_complete(self) -> None:
        """Judge the head."""
        parser = cast("httptools.HttpResponseParser", self._parser)
        status = parser.get_status_code()
        self._judge_head(status, parser.get_http_version())
        if status < _FINAL:
            self._skipping = True
            return
        self._status = status
        if self._head_only:
            self._done = True
            self._keep = parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self._done:
            raise _RefusedError
        self._quiet = 0
        if self._incoming is not None:
            self._incoming.feed(piece)
            return
        self._chunks.append(piece)
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            self._enough = True
            raise _RefusedError

    def on_message_complete(self) -> None:
        """The answer is complete, or only an interim one."""
        if self._skipping:
            self._skipping = False
            self._fields = []
        elif not self._head_only:
            self._done = True
            self._keep = cast("httptools.HttpResponseParser", self._parser).should_keep_alive()

    # For the body that is still coming

    def pause(self) -> None:
        """See Source."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """See Source."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def awaited(self) -> None:
        """See Source."""
        if self._silence_s is not None:
            self._watch(self.now() + self._silence_s)

    # Inside

    def _serves(self, whose: "asyncio.Future[Reply] | Incoming") -> bool:
        """Whether this is still about that exchange, and not about a later one."""
        if whose is self._waiter or whose is self._incoming:
            return True
        if isinstance(whose, Incoming) or self._incoming is None or not whose.done():
            return False
        return (
            not whose.cancelled()
            and whose.exception() is None
            and whose.result().body is self._incoming
        )

    def _expect_answer(self) -> None:
        """Forget the last answer."""
        self._status = 0
        self._version = b""
        self._fields = []
        self._coded = False
        self._chunks = []
        self._size = 0
        self._quiet = 0
        self._interim = 0
        self._skipping = False
        self._done = False
        self._enough = False
        self._keep = False
        self._fault = None

    def _judge_head(self, status: int, version: str) -> None:
        if version not in _VERSIONS:
            self._refuse(f"the answer speaks HTTP/{version}")
        self._version = _VERSIONS[version]
        if status < 100 or status == _SWITCHING_PROTOCOLS:  # noqa: PLR2004 - HTTP's first status
            self._refuse(f"the answer has status {status}")
        if len(self._fields) > MAX_FIELDS:
            self._refuse("the answer has too many header fields")
        if self._quiet > MAX_HEAD_BYTES and _size_of(self._fields) > MAX_HEAD_BYTES:
            self._refuse("the answer's head is too large")
        if status < _FINAL:
            self._interim += 1
            if self._interim > MAX_INTERIM:
                self._refuse("too many interim answers")
            return
        coding = find(self._fields, b"transfer-encoding") if self._coded else None
        if coding is not None and coding.strip().lower() != b"chunked":
            self._refuse("the answer has a transfer coding that nobody asked for")

    def _refuse(self, fault: str) -> None:
        self._fault = fault
        raise _RefusedError

    def _deliver_head(self) -> None:
        """Give out the head; the body follows as a stream."""
        waiter = self._waiter
        if waiter is None or waiter.done():  # cancelled: nobody will read it
            self.abort()
            return
        self._incoming = Incoming(self, self._chunks)
        self._waiter = None
        waiter.set_result(
            Reply(self._status, self._version, self._fields, self._incoming, coded=self._coded)
        )

    def _complete(self) -> None:
        """Give out the answer, and the connection back if it is clean."""
        waiter, incoming, chunks = self._waiter, self._incoming, self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        reply = Reply(self._status, self._version, self._fields, body, coded=self._coded)
        wanted = incoming is not None or (waiter is not None and not waiter.done())
        if incoming is not None:
            incoming.end()
        elif waiter is not None and not waiter.done():
            waiter.set_result(reply)
        if wanted and self._keep:
            if self._head_only:
                # The parser cannot be told that no body follows, and would wait for it.
                self._parser = httptools.HttpResponseParser(self)
            self._expect_answer()
            self._give_back()
        else:
            self.abort()

    def _give_back(self) -> None:
        """Free it, if the request has left to its end and was not the last one by its own word."""
        transport = self._transport
        if (
            self._sent
            and not self._last
            and transport is not None
            and transport.get_write_buffer_size() == 0
        ):
            self._let_go()
            self._owner.put(self)
        else:
            self.abort()

    def _done_at_first_sight(self, data: bytes) -> bool:
        """Whether the first piece of an answer is a whole plain one, or the end of none at all.

        The parser does not see a plain one: of it, there is nothing to forget.
        """
        if self._limit is not None and not self._head_only:
            plain = plain_answer(data, self._limit)
            if plain is not None:
                waiter = self._waiter
                if waiter is None or waiter.done():  # cancelled
                    self.abort()
                    return True
                waiter.set_result(Reply(plain[0], b"HTTP/1.1", [], plain[1], False))  # noqa: FBT003
                self._give_back()
                return True
        if data[0] != _FIRST_BYTE:
            self.abort(httpx.RemoteProtocolError("the answer is not HTTP"))
            return True
        return False

    def _ended(self) -> None:
        """The other side sends no more."""
        if self.closed:
            return
        if not self._busy:
            self.abort()
        elif self._status and self._until_closed():
            self._keep = False
            self._complete()
        elif self._status or self._quiet:
            self.abort(httpx.RemoteProtocolError("the connection ended in the middle of an answer"))
        else:
            self.abort(httpx.RemoteProtocolError("the connection ended without an answer"))

    def _until_closed(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return (
            find(self._fields, b"content-length") is None
            and find(self._fields, b"transfer-encoding") is None
        )

    def _let_go(self) -> None:
        self._busy = False
        self._waiter = None
        self._incoming = None
        if self._drain is not None:
            self.resume_writing()

    # One timer serves many exchanges: it is set for the first deadline and looks, when it fires,
    # whether that one still matters. Setting and clearing one for each costs more than the parser.

    def _watch(self, deadline: float) -> None:
        self._deadline = deadline
        if deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._loop.call_at(deadline, self._look)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, _NEVER

    def _look(self) -> None:
        self._timer, self._timer_at = None, _NEVER
        if not self._busy or (self._incoming is not None and not self._incoming.waiting):
            return  # nobody waits; whoever does next sets it again
        if self.now() + CLOCK_TICK_S >= self._deadline:
            self.abort(httpx.ReadTimeout("no answer in time"))
        else:
            self._watch(self._deadline)


def _size_of(fields: Fields) -> int:
    return sum(len(name) + len(value) for name, value in fields)
