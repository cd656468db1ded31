"""Free ports on the loopback interface."""

import contextlib
import random
import socket
import threading

HOST = "127.0.0.1"

# Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152):
# a process that is restarted must find its port as it left it.
_RANGE = range(20_000, 32_000)
_ATTEMPTS = 1_000  # a machine with that many ports taken in a row has other worries

_given: set[int] = set()
_lock = threading.Lock()


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now, and none does on any address."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def free_port() -> int:
    """A port nobody listens on and that this program was not given before."""
    with _lock:
        for _ in range(_ATTEMPTS):
            port = random.choice(_RANGE)  # noqa: S311 - no secret, only unlike the neighbours'
            if port not in _given and is_free(port):
                _given.add(port)
                return port
    raise OSError(f"found no free port among {_RANGE.start}–{_RANGE.stop - 1}")
