"""Structured logs: one JSON object a line on standard output, one line an order.

Never in a log line: an address, an item, an idempotency key in full, a body of an upstream.
"""

import hashlib
import json
import logging
import sys
import time
from contextlib import nullcontext
from typing import Any, Final, TextIO

import orjson

from orchestrator.timestamps import utc_text

_SERVER_LOGGERS: Final = ("uvicorn", "uvicorn.error")


_OWN: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
)
"""What `logging` itself (and uvicorn, for terminals) puts on a record; the rest is the line's."""


class JsonLines(logging.Formatter):
    """A record as one JSON object: level, logger, event, what was given as `extra`, time (UTC).

    Members may be given one by one or together, as `extra={"fields": …}`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See logging."""
        line: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        given = vars(record)
        fields = given.get("fields")
        if fields is None:
            fields = {name: value for name, value in given.items() if name not in _OWN}
        line.update(fields)
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack_info"] = self.formatStack(record.stack_info)
        line["time"] = utc_text(record.created)
        return _as_text(line)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines; one that is told of every order without a record made for it."""

    def tell(self, logger: str, event: str, fields: dict[str, Any]) -> None:
        """Write the line that a record of level INFO would become."""
        line = {"level": "INFO", "logger": logger, "event": event, **fields}
        line["time"] = utc_text(time.time())
        with self.lock or nullcontext():
            self.stream.write(_as_text(line) + self.terminator)
            self.flush()


def tell(logger: logging.Logger, event: str, fields: dict[str, Any]) -> None:
    """Do as `logger.info(event, extra={"fields": fields})` does, at a third of its price.

    An order has one line, and by way of a record that was a tenth of what an order cost.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    handlers = logging.root.handlers
    if len(handlers) == 1 and type(handlers[0]) is LineHandler:
        handlers[0].tell(logger.name, event, fields)
    else:  # somebody else listens, as tests do
        logger.info(event, extra={"fields": fields})


def _as_text(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except orjson.JSONEncodeError:  # half a character: no line may be lost for that
        return json.dumps(line, default=str)


def configure_logging(level: str) -> None:
    """Send everything through one handler; a line a request gives way to a line an order."""
    handler = LineHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    # No line shows these, and to find them out for each costs as much as to write it (the logging
    # how-to lists all of them under "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
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
