"""A port can be shut and opened again while others connect to it, and no connection is lost."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from testbed.listener import Listener
from testbed.ports import HOST, free_port

_TURNS = range(6)  # of the loop; a connection is ready to be served in the fourth

_SOON_S = 10  # it takes no time; who has waited so long waits for ever

_MUCH = 50_000_000  # bytes, more than the system keeps for a reader who does not read


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send one line back."""
    writer.write(await reader.readline())
    await writer.drain()


async def asked(port: int) -> bytes:
    """What a caller gets that sends a line, and then reads to the end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"here\n")
    got = await asyncio.wait_for(reader.read(), _SOON_S)
    writer.close()
    return got


async def all_that_comes(caller: socket.socket) -> int:
    """How many bytes a caller can still read, until the end or a reset."""
    loop = asyncio.get_running_loop()
    count = 0
    with contextlib.suppress(ConnectionError):
        while got := await asyncio.wait_for(loop.sock_recv(caller, 1_000_000), _SOON_S):
            count += len(got)
    return count


@asynccontextmanager
async def being_made(turns: int) -> AsyncIterator[tuple[Listener, int, socket.socket]]:
    """A listener, its port, and a caller who began to connect so many turns of the loop ago."""
    port = free_port()
    listener = Listener(port, echo)
    await listener.open()
    with socket.create_connection((HOST, port)) as caller:
        caller.settimeout(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        yield listener, port, caller
    await listener.close()


@pytest.mark.parametrize("turns", _TURNS)
async def test_shut_while_a_connection_is_being_made(turns: int) -> None:
    """In whatever turn of the loop it is shut: the caller is served or sees the end of it.

    A connection that is left half made would be an unclosed socket, which is an error here.
    """
    async with being_made(turns) as (listener, port, caller):
        await listener.shut()
        gc.collect()
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(caller, b"here\n")
            got = await asyncio.wait_for(loop.sock_recv(caller, 100), _SOON_S)
        except ConnectionError:
            got = b""  # it was never taken: the system resets it
        with pytest.raises(ConnectionRefusedError):
            await asked(port)

    assert got in {b"here\n", b""}


async def test_shut_and_opened_again() -> None:
    """Shut it refuses, opened again it serves; to do either twice changes nothing."""
    port = free_port()
    listener = Listener(port, echo)
    await listener.open()
    await listener.open()
    await listener.shut()
    await listener.shut()
    with pytest.raises(ConnectionRefusedError):
        await asked(port)
    await listener.open()
    got = await asked(port)
    await listener.close()

    assert b"here\n" == got


@pytest.mark.parametrize("turns", _TURNS)
async def test_closed_while_a_connection_is_being_made(turns: int) -> None:
    """Closed for good it leaves none open, not even one whose task had not begun yet."""
    async with being_made(turns) as (listener, _, caller):
        await listener.close()
        gc.collect()

        assert 0 == await all_that_comes(caller)


async def test_closed_while_an_answer_waits_for_its_reader() -> None:
    """What is not sent by then is never sent."""
    pouring = asyncio.Event()

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * _MUCH)
        pouring.set()
        await writer.drain()

    port = free_port()
    listener = Listener(port, pour)
    await listener.open()
    with socket.create_connection((HOST, port)) as caller:
        caller.settimeout(0)
        await pouring.wait()
        await listener.close()
        count = await all_that_comes(caller)

    assert count < _MUCH
