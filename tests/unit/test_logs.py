"""What the log tells of an order, and what it never does."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.logs import configure_logging, key_mark, tell
from tests.unit.faults import answers, crash, refused
from tests.unit.orders import TRACE, an_order, order_body
from tests.unit.world import World, place, recover

KEY = "a-secret-key-that-is-worth-an-order"
ADDRESS = {
    "line1": "7 Hidden Lane",
    "city": "Nowhereville",
    "country": "IN",
    "postalCode": "560999",
}
PRIVATE = [KEY, *(value for name, value in ADDRESS.items() if name != "country"), "SECRET-SKU"]


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    names = ["", "uvicorn", "uvicorn.error", "uvicorn.access", "httpx"]
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _private_order() -> dict[str, Any]:
    item = {"sku": "SECRET-SKU", "qty": 1, "price": "5.00"}
    return order_body(address=ADDRESS, items=[item])


async def test_a_good_order_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Id, outcome, time, tries and trace stand on one line of JSON."""
    configure_logging("info")
    world, order = World(), an_order()

    await place(world.replica(), order, key=KEY)

    (line,) = _lines(capsys)
    assert {
        "event": "order",
        "level": "INFO",
        "logger": "orders",
        "orderId": order.id,
        "outcome": "CONFIRMED",
        "attempts": 5,
        "recovered": False,
        "requestId": TRACE.request_id,
        "traceparent": TRACE.traceparent,
    }.items() <= line.items()
    assert ["reserve", "authorize", "ship", "capture", "commit"] == list(line["steps"])


async def test_a_failed_order_is_one_line_with_its_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Undos count as tries, and the code says why."""
    configure_logging("info")
    world = World()
    world.upstreams.plan.always("ship", answers(422))

    await place(world.replica())

    (line,) = _lines(capsys)
    assert ("FAILED", "shipment_refused", 5) == (line["outcome"], line["code"], line["attempts"])


async def test_no_line_has_an_address_an_item_or_a_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever happens to an order, its private part stays out of the log, at every level."""
    configure_logging("debug")
    for step in ("reserve", "ship", "commit"):
        for fault in (crash, refused, answers(409, code="no", detail="7 things wrong")):
            world = World()
            world.upstreams.plan.always(step, fault)
            await place(world.replica(), an_order(body=_private_order()), key=KEY)
            await recover(world.replica())

    written = capsys.readouterr().out
    assert "orders" in written
    assert [] == [secret for secret in PRIVATE if secret in written]


def test_a_key_is_marked_not_told() -> None:
    """Its lines can be found by a hash that does not give it back."""
    mark = key_mark(KEY) or ""
    assert re.fullmatch("[0-9a-f]{8}", mark)
    assert mark not in KEY
    assert key_mark(KEY) != key_mark(KEY + "x")
    assert key_mark(None) is None


def test_an_exception_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A stack trace of many lines is one JSON object all the same."""
    configure_logging("info")
    try:
        int("no number")
    except ValueError:
        logging.getLogger("x").exception("a bug\nin two lines")

    (line,) = _lines(capsys)
    assert "a bug\nin two lines" == line["event"]
    assert "Traceback" in line["exc_info"]


def test_no_line_is_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    """A line a request gives way to a line an order; httpx does not tell its URLs."""
    configure_logging("info")

    logging.getLogger("uvicorn.access").info("GET /health 200")
    logging.getLogger("httpx").info("HTTP Request: POST http://payment:8005/payments")
    logging.getLogger("uvicorn.error").info("started")

    assert ["started"] == [line["event"] for line in _lines(capsys)]
    # What uvicorn asks before it puts a line together.
    assert not logging.getLogger("uvicorn.access").hasHandlers()


def test_the_level_is_the_one_that_was_set(capsys: pytest.CaptureFixture[str]) -> None:
    """LOG_LEVEL=warning keeps the lines of good orders out."""
    configure_logging("warning")

    logging.getLogger("orders").info("order")
    logging.getLogger("orders").warning("trouble")

    assert ["trouble"] == [line["event"] for line in _lines(capsys)]


def test_what_is_given_with_a_line_is_on_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it is: a line is never lost for what stands on it."""
    configure_logging("info")
    odd = {"path": Path("/a"), "when": datetime(2026, 1, 1, tzinfo=UTC), "half": "\ud800", "n": 1.5}

    logging.getLogger("x").warning("ein %s", "Straße", extra=odd)

    (line,) = _lines(capsys)
    assert ("WARNING", "x", "ein Straße", 1.5) == (
        line["level"],
        line["logger"],
        line["event"],
        line["n"],
    )
    assert ("/a", "\ud800") == (line["path"], line["half"])
    assert {"path", "when", "half", "n", "level", "logger", "event", "time"} == line.keys()
    assert datetime.now(UTC) - datetime.fromisoformat(line["time"]) < timedelta(minutes=1)


def test_a_line_that_is_told_is_the_line_of_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    """The short way of an order's line and logging's own end in the same."""
    configure_logging("info")
    log = logging.getLogger("orders")
    fields = {"orderId": "o-1", "half": "\ud800", "ms": 1.5, "at": Path("/a"), "none": None}

    log.info("order", extra={"fields": fields})
    tell(log, "order", fields)

    logged, told = _lines(capsys)
    assert list(logged) == list(told)
    assert {**logged, "time": ""} == {**told, "time": ""}


def test_what_is_told_obeys_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    """LOG_LEVEL=warning keeps it out too."""
    configure_logging("warning")

    tell(logging.getLogger("orders"), "order", {"n": 1})

    assert [] == _lines(capsys)


def test_what_is_told_reaches_whoever_listens(caplog: pytest.LogCaptureFixture) -> None:
    """Handlers that are not ours get a record."""
    with caplog.at_level(logging.INFO):
        tell(logging.getLogger("orders"), "order", {"n": 1})

    assert ["order"] == [record.getMessage() for record in caplog.records]
