"""The four upstreams as one program that costs as little CPU as Python allows.

What is measured is the order service; real upstreams would take the machine away from it. So this
one keeps nothing but the orders that are under way, believes every request, and answers each in the
contract's shape (the order service looks at ids and states). `--latency-ms` makes it slow without
making it busy.

    python -m bench.upstreams --ports 8000,8006,8005,8007 --latency-ms 5
"""

import argparse
import asyncio
import re
from typing import Any, Final, cast

import uvloop
from pydantic_core import from_json, to_json

HOST: Final = "127.0.0.1"

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_IDS: Final = re.compile(rb'"id": ?"([^"]+)", ?"orderId": ?"([^"]+)"')

_BRIEF: Final = b"return=minimal"

_HEAD: Final = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_WHEN: Final = "2026-01-01T00:00:00.000Z"
_FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})

OK: Final = 200
CREATED: Final = 201
NOT_FOUND: Final = 404

Reply = tuple[int, bytes]


class Orders:
    """The database service's part: the orders that are under way, and no others."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, Any]] = {}

    def create(self, body: bytes, *, brief: bool) -> Reply:
        """Keep the order and show it."""
        asked = from_json(body)
        record = {
            "id": asked["id"],
            "caller": asked.get("caller", ""),
            "fingerprint": asked.get("fingerprint", ""),
            "userId": asked.get("userId"),
            "status": "PENDING",
            "version": 1,
            "owner": asked.get("owner"),
            "rounds": 0,
            "attention": None,
            "createdAt": _WHEN,
            "updatedAt": _WHEN,
            "ageS": 0.0,
            "order": asked["order"],
            "progress": asked["progress"],
        }
        self._open[record["id"]] = record
        return CREATED, to_json(_head(record) if brief else record)

    def update(self, order_id: str, body: bytes, *, brief: bool) -> Reply:
        """Apply the change, whatever its version, and show the order."""
        asked = from_json(body)
        record = self._open.get(order_id)
        if record is None:
            return NOT_FOUND, b'{"code":"unknown_order"}'
        record["status"] = asked["status"]
        record["progress"] = asked["progress"]
        record["version"] += 1
        if record["status"] in _FINAL:
            del self._open[order_id]
        return OK, to_json(_head(record) if brief else record)


def _head(record: dict[str, Any]) -> dict[str, Any]:
    """What the database service answers to who prefers `return=minimal`."""
    return {name: record[name] for name in record.keys() - {"order", "progress"}}


def answer(
    orders: Orders, method: bytes, path: bytes, body: bytes, *, brief: bool = False
) -> Reply:
    """What a healthy upstream would say."""
    if method == b"PATCH":
        return orders.update(path.removeprefix(b"/orders/").decode(), body, brief=brief)
    if path == b"/orders":
        return orders.create(body, brief=brief)
    if path == b"/reserve":
        return CREATED, body[:-1] + b',"status":"reserved","expiresAt":"2036-01-01T00:00:00Z"}'
    if path == b"/payments":
        return CREATED, body[:-1] + b',"status":"authorized"}'
    if path == b"/shipments" and (ids := _IDS.search(body)):
        shipment = b'{"id":"%b","orderId":"%b","status":"created","trackingNumber":"T-1"}'
        return CREATED, shipment % ids.groups()
    return _change_or_question(path)


def _change_or_question(path: bytes) -> Reply:
    _, _, rest = path[1:].partition(b"/")
    resource_id, _, verb = rest.partition(b"/")
    if verb == b"capture":
        return OK, b'{"id":"%b","status":"captured"}' % resource_id
    if verb == b"commit":
        return OK, b'{"id":"%b","status":"committed"}' % resource_id
    if path == b"/orders/claim":
        return OK, b'{"items":[]}'
    if path == b"/stats":
        nothing = b'"oldestUnfinishedAgeS":null,"oldestFlaggedAgeS":null'
        return OK, b'{"unfinished":0,"flagged":0,%b}' % nothing
    if path == b"/readyz":
        return OK, b"{}"
    return NOT_FOUND, b'{"code":"not_part_of_an_order_that_goes_well"}'


class Connection(asyncio.Protocol):
    """One keep-alive connection; its requests come one after another."""

    def __init__(self, orders: Orders, latency_s: float) -> None:
        self._orders = orders
        self._latency_s = latency_s
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole; some clients send head and body apart."""
        data = self._kept + data
        head_end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, max(head_end, 0))
        whole = head_end + 4 + (int(length[1]) if length else 0)
        if head_end < 0 or len(data) < whole:
            self._kept = data
            return
        self._kept = b""
        method, path, _ = data[: data.index(b"\r\n")].split(b" ", 2)
        brief = _BRIEF in data[:head_end]
        content = data[head_end + 4 : whole]
        status, body = answer(self._orders, method, path, content, brief=brief)
        told = _HEAD % (status, len(body)) + body
        if self._latency_s and path != b"/readyz":
            asyncio.get_running_loop().call_later(self._latency_s, self._transport.write, told)
        else:
            self._transport.write(told)


async def serve(ports: list[int], latency_s: float) -> None:
    """Listen on all ports until the process is ended."""
    loop = asyncio.get_running_loop()
    orders = Orders()
    for port in ports:
        await loop.create_server(
            lambda: Connection(orders, latency_s), HOST, port, backlog=_BACKLOG
        )
    await asyncio.Event().wait()


_BACKLOG: Final = 2048
"""Connections that come at once when a run with 512 orders in flight begins, on four ports."""


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.upstreams", description=__doc__)
    parser.add_argument("--ports", required=True, help="separated by commas")
    parser.add_argument("--latency-ms", type=float, default=0, help="of every answer")
    asked = parser.parse_args()
    uvloop.run(serve([int(port) for port in asked.ports.split(",")], asked.latency_ms / 1000))


if __name__ == "__main__":
    main()
