"""A link passes bytes on as they are, and breaks as it is told to; what it did can be counted."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest

from testbed.link import Link, Mode
from testbed.ports import HOST, free_port

_BOUND_S: Final = 5.0  # loopback takes a millisecond; a busy machine a little more


@dataclass
class Service:
    """Answers each line with `done`, and remembers it."""

    heard: list[bytes] = field(default_factory=list)
    hears: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the caller has gone."""
        while line := await reader.readline():
            self.heard.append(line)
            self.hears.set()
            writer.write(b"done\n")
        writer.close()


@dataclass
class Caller:
    """One connection over the link."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, line: bytes) -> bytes:
        """Send a line and wait for the answer; empty or an OSError when there is none."""
        self.writer.write(line)
        return await asyncio.wait_for(self.reader.readline(), _BOUND_S)


@asynccontextmanager
async def a_link() -> AsyncIterator[tuple[Link, Service]]:
    """Give an open link to a service that works."""
    service, port = Service(), free_port()
    server = await asyncio.start_server(service.serve, HOST, port)
    link = Link(f"http://{HOST}:{port}")
    await link.open()
    try:
        yield link, service
    finally:
        await link.close()
        server.close()


async def call(link: Link) -> Caller:
    """Connect."""
    parts = urlsplit(link.url)
    return Caller(*await asyncio.open_connection(parts.hostname, parts.port))


async def until_in_hand(link: Link) -> None:
    """Wait until a request is on its way."""
    async with asyncio.timeout(_BOUND_S):
        while not link.in_hand:  # noqa: ASYNC110 - the link counts, it does not tell
            await asyncio.sleep(0)


async def test_it_passes_on_what_is_sent_and_keeps_the_connection() -> None:
    """Two requests over one connection, answered each."""
    async with a_link() as (link, service):
        caller = await call(link)
        answers = [await caller.ask(b"one\n"), await caller.ask(b"two\n")]

        assert [b"done\n", b"done\n"] == answers
        assert [b"one\n", b"two\n"] == service.heard
        assert 0 == link.in_hand


async def test_a_cut_resets_connections_and_tells_which_were_in_use() -> None:
    """Of two open connections one has a request on its way."""
    async with a_link() as (link, _):
        idle, busy = await call(link), await call(link)
        await idle.ask(b"one\n")
        await busy.ask(b"two\n")
        link.become(Mode.SILENT)
        busy.writer.write(b"three\n")
        await until_in_hand(link)
        in_use = link.cut()

        assert 1 == in_use == link.counts["cut in use"]
        with pytest.raises(ConnectionResetError):
            await busy.reader.readline()
        with pytest.raises(ConnectionResetError):
            await idle.reader.readline()


async def test_new_connections_are_turned_away() -> None:
    """They are reset before anything is read from them."""
    async with a_link() as (link, service):
        link.become(Mode.TURNING_AWAY)
        caller = await call(link)
        with pytest.raises(ConnectionError):
            await caller.ask(b"one\n")

        assert 1 == link.counts["turned away"]
        assert [] == service.heard


async def test_an_answer_is_lost_after_the_service_has_done_its_work() -> None:
    """The caller sees the connection reset."""
    async with a_link() as (link, service):
        link.become(Mode.LOSING_ANSWERS)
        caller = await call(link)
        with pytest.raises(ConnectionResetError):
            await caller.ask(b"one\n")

        assert [b"one\n"] == service.heard
        assert 1 == link.counts["lost"]


async def test_a_slow_link_takes_its_time() -> None:
    """Each request waits for the delay, and is answered then."""
    async with a_link() as (link, _):
        link.become(Mode.SLOW, delay_s=0.1)
        caller = await call(link)
        began = time.monotonic()
        answer = await caller.ask(b"one\n")

        assert b"done\n" == answer
        assert time.monotonic() - began >= 0.1
        assert 1 == link.counts["delayed"]


async def test_a_silent_link_loses_what_it_was_given() -> None:
    """The request is never delivered, not when the silence ends either."""
    async with a_link() as (link, service):
        link.become(Mode.SILENT)
        caller = await call(link)
        caller.writer.write(b"one\n")
        await until_in_hand(link)
        link.become(Mode.FAIR)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(caller.reader.readline(), _BOUND_S)

        assert [] == service.heard
        assert 1 == link.counts["swallowed"]


async def test_a_held_request_arrives_after_its_caller_has_gone() -> None:
    """It was sent, so it is delivered, whoever waits for an answer."""
    async with a_link() as (link, service):
        link.become(Mode.HOLDING)
        caller = await call(link)
        caller.writer.write(b"one\n")
        await until_in_hand(link)
        caller.writer.close()
        await caller.writer.wait_closed()
        link.become(Mode.FAIR)
        await asyncio.wait_for(service.hears.wait(), _BOUND_S)

        assert [b"one\n"] == service.heard
        assert 1 == link.counts["late"]


async def test_a_held_request_whose_caller_waits_is_answered() -> None:
    """Nothing is late for a caller who has not given up."""
    async with a_link() as (link, _):
        link.become(Mode.HOLDING)
        caller = await call(link)
        answer = asyncio.create_task(caller.ask(b"one\n"))
        await until_in_hand(link)
        link.become(Mode.FAIR)

        assert b"done\n" == await answer
        assert (1, 0) == (link.counts["held"], link.counts["late"])


async def test_a_link_that_is_shut_refuses_and_can_be_opened_again() -> None:
    """The system itself refuses: nobody listens."""
    async with a_link() as (link, _):
        await link.shut()
        with pytest.raises(ConnectionRefusedError):
            await call(link)
        await link.open()
        caller = await call(link)

        assert b"done\n" == await caller.ask(b"one\n")


async def test_a_service_that_is_down_resets_the_connection() -> None:
    """The caller gets through to the link and no further."""
    link = Link(f"http://{HOST}:{free_port()}")
    await link.open()
    try:
        caller = await call(link)
        with pytest.raises(ConnectionError):
            await caller.ask(b"one\n")
    finally:
        await link.close()


def test_a_link_needs_an_address_to_lead_to() -> None:
    """What cannot work is refused when it is made."""
    with pytest.raises(ValueError, match="http://host:port"):
        Link("payment")
