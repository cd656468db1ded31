"""Structured logs: one JSON object a line on standard output, one line an order.

Never in a log line: an address, an item, an idempotency key in full, a body of an upstream.
"""

import hashlib
import logging
import sys
from typing import Final

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

_SERVER_LOGGERS: Final = ("uvicorn", "uvicorn.error")


def configure_logging(level: str) -> None:
    """Send everything through one handler; a line a request gives way to a line an order."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger", "message": "event"},
            timestamp="time",
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn's, for terminals
        )
    )
    # No line shows these, and to find them out for each costs as much as to write it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _SERVER_LOGGERS:
        server_log = logging.getLogger(name)
        server_log.handlers = []
        server_log.propagate = True
    # Without a handler anywhere the server does not even put the line together.
    access_log = logging.getLogger("uvicorn.access")
    access_log.handlers = []
    access_log.propagate = False
    # They tell of every request: its whole URL, and at DEBUG its headers, keys among them.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def key_mark(key: str | None) -> str | None:
    """Enough of a key to find its lines, not enough to use it: 8 hex digits of its SHA-256."""
    return None if key is None else hashlib.sha256(key.encode()).hexdigest()[:8]
