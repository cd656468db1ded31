"""What the database service must do, in dictionaries: the reference that the real one is held to.

Written from the wording of its API (orders, keys, leases, versions), without a look at its SQL.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from services.database.model import Abandon, Claim, CreateOrder, OrderStatus, UpdateOrder

ALLOWED: Final = {
    OrderStatus.PENDING: frozenset(OrderStatus),
    OrderStatus.COMPENSATING: frozenset(
        {OrderStatus.COMPENSATING, OrderStatus.FAILED, OrderStatus.CANCELLED}
    ),
}
"""From which status a write may go to which; from all others to none."""


@dataclass(frozen=True)
class Order:
    """An order at one of its versions; all times in ms."""

    id: str
    caller: str
    status: OrderStatus
    version: int
    owner: str | None
    lease_until: int | None
    created_ms: int
    rounds: int = 0
    write_id: str | None = None
    attention: str | None = None
    attention_since: int | None = None
    progress: str = "{}"


@dataclass(frozen=True)
class Told:
    """What a command is answered: a status or a code, and the order that goes with it."""

    answer: int | str
    order: Order | None = None
    shown: tuple[str, int, str | None] | None = None
    """What a refusal says of the order: status, version, owner."""


@dataclass
class Reference:
    """All orders, and the orders to which keys are bound until when."""

    orders: dict[str, Order] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    keys: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def create(self, now: int, asked: CreateOrder) -> Told:
        """The first of an id or a key wins; everybody else is shown it."""
        if asked.id in self.dead:
            return Told("abandoned")
        if asked.id in self.orders:
            return Told(201, self.orders[asked.id])
        if asked.key is not None and (bound := self.bound(now, asked.caller, asked.key)):
            return Told(200, bound)
        order = Order(
            asked.id,
            asked.caller,
            OrderStatus.PENDING,
            1,
            asked.owner,
            now + round(asked.lease_s * 1000),
            now,
        )
        if asked.key is not None:
            expires = now + round(asked.key_ttl_s * 1000)
            self.keys[asked.caller, asked.key] = (order.id, expires)
        return self._kept(201, order)

    def bound(self, now: int, caller: str, key: str) -> Order | None:
        """The order of a key, unless both it and the key have come to their end."""
        order_id, expires = self.keys.get((caller, key), ("", 0))
        order = self.orders.get(order_id)
        return order if order and (expires > now or not order.status.final) else None

    def update(self, now: int, order_id: str, asked: UpdateOrder, progress: str) -> Told:
        """A write holds at its version and by its owner, along the ways that exist, and once."""
        order = self.orders.get(order_id)
        if order is None:
            return Told("unknown_order")
        mine = (order.version, order.owner) == (asked.version, asked.owner)
        if mine and asked.status in ALLOWED.get(order.status, ()):
            return self._kept(200, self._written(now, order, asked, progress))
        if (order.version, order.write_id) == (asked.version + 1, asked.write_id):
            return Told(200, order)
        here = order.version == asked.version
        if here and (order.status.final or order.owner == asked.owner):
            return _refused("illegal_transition", order)
        return _refused("version_conflict", order)

    def _written(self, now: int, order: Order, asked: UpdateOrder, progress: str) -> Order:
        final = asked.status.final
        attention = None if final else asked.attention
        since = order.attention_since if order.attention_since is not None else now
        kept_s = asked.lease_s if asked.lease_s is not None else asked.release_for_s
        return replace(
            order,
            status=asked.status,
            version=order.version + 1,
            write_id=asked.write_id,
            owner=asked.owner if not final and asked.lease_s is not None else None,
            lease_until=None if final else now + round((kept_s or 0) * 1000),
            attention=attention,
            attention_since=None if attention is None else since,
            progress=progress,
        )

    def claim(self, now: int, asked: Claim) -> list[Order]:
        """What the owner holds, else what nobody holds any more, longest over first."""
        unfinished = [
            (order.lease_until, order.id, order)
            for order in self.orders.values()
            if order.lease_until is not None
        ]
        held = sorted(o for o in unfinished if o[2].owner == asked.owner and o[0] > now)
        if held:
            return [order for _, _, order in held[: asked.limit]]
        due = sorted(o for o in unfinished if o[0] <= now)
        return [self._claimed(now, order, asked) for _, _, order in due[: asked.limit]]

    def _claimed(self, now: int, order: Order, asked: Claim) -> Order:
        self.orders[order.id] = replace(
            order,
            version=order.version + 1,
            rounds=order.rounds + 1,
            owner=asked.owner,
            lease_until=now + round(asked.lease_s * 1000),
            write_id=None,
        )
        return self.orders[order.id]

    def abandon(self, order_id: str, asked: Abandon) -> Told:
        """Only what its creator has not gone on with, or what never came, can be taken back."""
        order = self.orders.get(order_id)
        fresh = order and (order.status, order.version) == (OrderStatus.PENDING, 1)
        if order and not (fresh and order.owner == asked.owner):
            return Told("taken_over")
        self.orders.pop(order_id, None)
        self.dead.add(order_id)
        self.keys = {key: bound for key, bound in self.keys.items() if bound[0] != order_id}
        return Told(200)

    def purge(self, now: int) -> int:
        """Keys that have expired are forgotten, unless their order is still on its way."""
        kept = {key: bound for key, bound in self.keys.items() if self.bound(now, *key)}
        gone = len(self.keys) - len(kept)
        self.keys = kept
        return gone

    def newest(self) -> list[str]:
        """All ids, newest first."""
        orders = sorted((order.created_ms, order.id) for order in self.orders.values())
        return [order_id for _, order_id in reversed(orders)]

    def _kept(self, answer: int, order: Order) -> Told:
        self.orders[order.id] = order
        return Told(answer, order)


def _refused(code: str, order: Order) -> Told:
    return Told(code, shown=(order.status.value, order.version, order.owner))
