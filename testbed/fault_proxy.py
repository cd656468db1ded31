"""A proxy in front of one upstream that does to a request what a bad day would.

It runs on a thread of its own, so that a test or the demo can go on in plain order: set a rule,
send a request, wait until it was hit, release it. Each exchange has a connection of its own.
"""

import asyncio
import contextlib
import threading
import time
import urllib.parse
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from testbed.faults import CUT, NONE, Fault
from testbed.listener import Listener, reset
from testbed.ports import HOST, free_port
from testbed.rules import Rule
from testbed.wire import Message, read_request, read_response

T = TypeVar("T")

_CONTROL_BOUND_S = 10.0  # opening and closing a listener takes no time; more is a bug of ours

_NO_RULE = Rule("", "", NONE, times=None)


@dataclass(frozen=True)
class Exchange:
    """One request the proxy saw."""

    at: float
    """When it arrived, in epoch seconds."""
    method: str
    path: str
    key: str | None
    """Its X-Idempotency-Key."""
    done: str = "under way"
    """What became of it: "forwarded", or the fault's name."""
    status: int | None = None
    """What the upstream answered, if it was asked and answered."""


class FaultProxy:
    """Stands before `target` and forwards everything, save what a rule says otherwise of."""

    def __init__(self, target: str, *, port: int | None = None) -> None:
        parts = urllib.parse.urlsplit(target)
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"cannot stand before {target!r}: give it as http://host:port")
        self._target = (parts.hostname, parts.port)
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._rules: list[Rule] = []
        self._seen: list[Exchange] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener = Listener(self.port, self._exchange)

    def start(self) -> Self:
        """Listen."""
        self._thread.start()
        self.switch_on()
        return self

    def close(self) -> None:
        """Stop listening, drop what is under way, end the thread."""
        if self._thread.is_alive():
            self._run(self._listener.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CONTROL_BOUND_S)
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    @property
    def seen(self) -> tuple[Exchange, ...]:
        """Every request so far, oldest first."""
        with self._lock:
            return tuple(self._seen)

    def on(self, method: str, path: str, fault: Fault, *, times: int | None = 1) -> Rule:
        """From now on, do this to the next `times` such requests (None: to all).

        Of several rules for one request the oldest that is not used up applies.
        """
        rule = Rule(method, path, fault, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules, and let go what they hold."""
        with self._lock:
            rules, self._rules = self._rules, []
        for rule in rules:
            rule.stop()
            rule.release()

    def switch_off(self) -> None:
        """Refuse connections, as a service that is not running."""
        self._run(self._listener.shut())

    def switch_on(self) -> None:
        """Take connections (again)."""
        self._run(self._listener.open())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CONTROL_BOUND_S)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = _Caller(writer)
        try:
            if request := await read_request(reader):
                await self._handle(request, caller)
        finally:
            await caller.end(CUT)

    async def _handle(self, request: Message, caller: "_Caller") -> None:
        number = self._note(request)
        rule = self._rule_for(request)
        try:
            await self._serve(number, request, caller, rule)
        except (OSError, asyncio.IncompleteReadError):
            # It is away, or went away in the middle; to the caller it shall look as if we did.
            self._note_end(number, "upstream away", None)

    async def _serve(self, number: int, request: Message, caller: "_Caller", rule: Rule) -> None:
        """Do what the rule's fault says."""
        fault = rule.fault
        if fault.reply_first:
            await caller.end(fault.reply)
        if fault.held == "request":
            await rule.released()
        await asyncio.sleep(fault.delay_s)
        answer = await self._forward(request) if fault.forward else None
        if fault.held == "answer":
            await rule.released()
        # Before the caller has its answer: whoever has it finds the whole exchange in `seen`.
        self._note_end(number, fault.name, answer.status if answer else None)
        if not fault.reply_first:
            await caller.end(fault.reply or answer)

    async def _forward(self, request: Message) -> Message:
        reader, writer = await asyncio.open_connection(*self._target)
        try:
            writer.write(request.encode())
            await writer.drain()
            return await read_response(reader)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _rule_for(self, request: Message) -> Rule:
        with self._lock:
            claims = (rule for rule in self._rules if rule.claim(request.method, request.path))
            return next(claims, _NO_RULE)

    def _note(self, request: Message) -> int:
        key = request.header("x-idempotency-key")
        with self._lock:
            self._seen.append(Exchange(time.time(), request.method, request.path, key))
            return len(self._seen) - 1

    def _note_end(self, number: int, done: str, status: int | None) -> None:
        with self._lock:
            self._seen[number] = replace(self._seen[number], done=done, status=status)


class _Caller:
    """The caller's connection; that it may be gone already is none of the proxy's concern."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def end(self, reply: Message | Literal["cut"] | None) -> None:
        """Answer and close, or reset the connection."""
        if isinstance(reply, Message):
            self._writer.write(reply.encode())
        else:
            reset(self._writer)
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
