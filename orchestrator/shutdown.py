"""SIGTERM is heard before the server closes its listener, so that readiness fails first."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_sigterm(begin: Callable[[], object]) -> Iterator[None]:
    """Call `begin` at SIGTERM, then whoever was to hear of it before (the server).

    Does nothing outside the main thread, where signals cannot be heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)

    def heard(signum: int, frame: FrameType | None) -> None:
        begin()
        if callable(before):
            before(signum, frame)

    signal.signal(signal.SIGTERM, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
