"""What every caller of an upstream owes it (PROTOCOL, section 3, rules 1 to 5), and a journal."""

import asyncio
import contextlib
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chaos.shop import DIGITS

WORDS: Final = {"inventory": "reservation", "payment": "payment", "shipping": "shipment"}
CREATES: Final = {"reserve", "authorize", "ship"}
UNDOS: Final = {"release", "refund", "cancel"}

_BEFORE: Final = {
    "authorize": "reserve",
    "ship": "authorize",
    "capture": "ship",
    "commit": "capture",
}
"""Calls run in sequence: each step must have seen its forerunner succeed, at some time."""

_MEMBERS: Final = {
    "reserve": {"id", "orderId", "items"},
    "authorize": {"id", "orderId", "userId", "amount", "currency"},
    "ship": {"id", "orderId", "address", "items"},
}
_ADDRESS: Final = {"line1", "city", "country", "postalCode"}


def resource_id(order_id: str, service: str) -> str:
    """The id that the contract gives to what an order has at a service."""
    return str(uuid.uuid5(uuid.UUID(order_id), WORDS[service]))


@dataclass
class Call:
    """One request as an upstream saw it."""

    at: float
    service: str
    operation: str
    order_id: str
    fault: str | None
    effects: list[str]  # "+0.61s 201": when it took effect, and what it would be answered

    def told(self, since: float) -> str:
        """A line for a person."""
        fault = f"  [{self.fault}]" if self.fault else ""
        effects = ", ".join(self.effects) or "no effect"
        return f"{self.at - since:8.3f} {self.service:9} {self.operation:9} {effects}{fault}"


class Journal:
    """Everything the upstreams were asked, what they did, and what was wrong with it."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.complaints: list[str] = []
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.total = 0
        self.tombstones_hit = 0
        self.repeats = 0
        self._done: dict[str, set[str]] = defaultdict(set)
        self._awaited: dict[str, list[asyncio.Event]] = defaultdict(list)

    async def next_call(self, operation: str, *, within_s: float) -> None:
        """Return when such a call comes in, or when the time is over."""
        came = asyncio.Event()
        self._awaited[operation].append(came)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(came.wait(), within_s)

    def arrived(self, service: str, operation: str, key: str, fault: str | None) -> Call:
        """Note a request, and complain when the step before it cannot have succeeded."""
        order_id = key.rpartition(":")[0]
        call = Call(time.monotonic(), service, operation, order_id, fault, [])
        self.calls[order_id].append(call)
        self.total += 1
        for waiting in self._awaited.pop(operation, ()):
            waiting.set()
        before = _BEFORE.get(operation)
        if before is not None and before not in self._done[order_id]:
            self.complain(f"{operation} of {order_id} came, but {before} never succeeded")
        return call

    def took_effect(self, call: Call, status: int) -> None:
        """Note what a request came to."""
        after = time.monotonic() - call.at
        call.effects.append(f"{status}" if after < 0.05 else f"+{after:.2f}s {status}")
        if status < 300:  # a success
            self._done[call.order_id].add(call.operation)

    def complain(self, what: str) -> None:
        """The caller broke the contract."""
        self.complaints.append(what)

    def story(self, order_id: str) -> list[str]:
        """What the upstreams know of an order, in time."""
        calls = sorted(self.calls[order_id], key=lambda call: call.at)
        return [call.told(self.began) for call in calls]


def wrongs_of_key(service: str, operation: str, target: str, key: str) -> str | None:
    """What is wrong with the names in a request, if anything."""
    order_id, _, word = key.rpartition(":")
    if word != operation or not _is_uuid(order_id):
        return f"{service}: key {key!r} is not {{orderId}}:{operation}"
    if resource_id(order_id, service) != target:
        return f"{service}: {operation} of {target!r}, which is no UUIDv5 of {order_id}"
    return None


def wrongs_of_body(operation: str, order_id: str, body: object) -> str | None:
    """What is wrong with a request's body, if anything."""
    if operation not in CREATES:
        return None if body in (None, {}) else f"{operation}: a body was not asked for: {body!r}"
    if not isinstance(body, dict) or set(body) != _MEMBERS[operation]:
        return f"{operation}: the body is not what the contract says: {body!r}"
    if body["orderId"] != order_id:
        return f"{operation}: orderId {body['orderId']!r} under the key of {order_id}"
    wrongs = [
        _wrong_items(body["items"]) if "items" in body else None,
        _wrong_address(body["address"]) if "address" in body else None,
        _wrong_money(body) if "amount" in body else None,
    ]
    return next((f"{operation}: {wrong}" for wrong in wrongs if wrong), None)


def _wrong_items(items: object) -> str | None:
    if not isinstance(items, list) or not items:
        return f"no items: {items!r}"
    for item in items:
        good = isinstance(item, dict) and set(item) == {"sku", "qty"}
        if not good or not isinstance(item["sku"], str) or type(item["qty"]) is not int:
            return f"not an item: {item!r}"
    return None


def _wrong_address(address: object) -> str | None:
    good = isinstance(address, dict) and set(address) == _ADDRESS
    if good and all(isinstance(part, str) for part in address.values()):  # type: ignore[attr-defined]
        return None
    return f"not an address: {address!r}"


def _wrong_money(body: Mapping[str, Any]) -> str | None:
    amount, digits = body["amount"], DIGITS.get(str(body["currency"]))
    if digits is None:
        return f"a currency that was never ordered: {body['currency']!r}"
    form = r"\d+" if digits == 0 else rf"\d+\.\d{{{digits}}}"
    if not isinstance(amount, str) or not re.fullmatch(form, amount):
        return f"not money: {amount!r} {body['currency']}"
    if body["userId"] is not None and not isinstance(body["userId"], str):
        return f"not a user: {body['userId']!r}"
    return None


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
