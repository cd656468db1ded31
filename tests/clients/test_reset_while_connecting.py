"""An upstream that resets connections the moment it has accepted them.

A reset at this moment has been seen to leave the HTTP library as an AttributeError. When it strikes
is up to the kernel and a thread, so there are a few dozen of connections, and real time: where
nothing is ready for an instant, virtual time would be over before the reset comes.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from clients.errors import Unreachable
from clients.transport import Network
from tests.clients.upstreams import CALL, an_upstream, within

_AT_ONCE = 8
_ROUNDS = 6
_RST = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST, not FIN


@contextlib.contextmanager
def _resetting() -> Iterator[str]:
    """Accept and reset, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=_AT_ONCE) as listener:

        def reset_all() -> None:
            with contextlib.suppress(OSError):  # the listener's end
                while True:
                    connection, _ = listener.accept()
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                    connection.close()

        thread = threading.Thread(target=reset_all)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread up; close() would not
            thread.join()


async def _failures_of(url: str, network: Network) -> list[BaseException | None]:
    upstream = an_upstream(url=url, tries=1, network=network)

    async def call() -> BaseException | None:
        try:
            await upstream.send(CALL, within())
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is what is asked for
            return failure
        return None

    failures: list[BaseException | None] = []
    for _ in range(_ROUNDS):
        failures += await asyncio.gather(*(call() for _ in range(_AT_ONCE)))
    await upstream.close()
    return failures


@pytest.mark.parametrize("network", ["lean", "httpx"])
def test_a_reset_while_connecting_is_an_unreachable_upstream(network: Network) -> None:
    """Never an error without a name; and in doubt unless the connection never came about."""
    with _resetting() as url:
        failures = asyncio.run(_failures_of(url, network))

    told = {
        (failure.in_doubt, failure.detail)
        for failure in failures
        if isinstance(failure, Unreachable)
    }
    assert [Unreachable] * (_ROUNDS * _AT_ONCE) == [type(failure) for failure in failures]
    assert told <= {
        (True, "the connection broke before the answer was complete"),
        (False, "could not connect"),
    }
