"""One fault, one orchestrator: who ordered what, and what the books say of just these orders."""

import itertools
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from bench.compare.losses import Losses, losses
from bench.compare.records import final_after_s, is_final, renamed, written_at
from bench.compare.site import PATIENCE_S, POLL_S, Answer, Site
from testbed.audit import Told, Violation, audit
from testbed.books import Books, Entry
from testbed.faults import Fault
from testbed.processes import Process
from testbed.rules import Rule

BOUND_S: Final = 12.0
"""How long is waited for orders to become final, once everything works again: twice the lease,
which is the most that a dead replica costs."""

UNITS: Final = 50
"""On the shelf: more than any fault's customers want."""

PRICE: Final = "499.00"

ADDRESS: Final = {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"}
NOWHERE: Final = ADDRESS | {"country": "AQ"}
"""No carrier goes there: the shipment is refused."""

WITHOUT_MONEY: Final = "decline"
"""A customer whose name begins so has every payment declined."""


class NotMeasuredError(Exception):
    """What should have happened did not, so there is nothing to judge."""


@dataclass(frozen=True)
class Outcome:
    """What came of the orders of one scene."""

    placed: int
    confirmed: int
    violations: tuple[Violation, ...]
    losses: Losses
    final_after_s: tuple[float, ...]
    """Of each order that became final: from its creation on."""
    healed_after_s: float
    """From the fault's end (or the kill) to the last write of the last order that became final; 0
    when all were final before."""


class Scene:
    """Places orders for customers of its own, of an article of its own, and judges them alone."""

    def __init__(self, site: Site, name: str, *, units: int = UNITS) -> None:
        self.site = site
        self.name = name
        self._numbers = itertools.count(1)
        self._asked: list[Future[Answer | None]] = []
        self._told: list[Told] = []
        self._keys: dict[str, str] = {}
        self._stock = {name: units}
        site.stack.set_stock(self._stock)
        self._known = {order["id"] for order in site.orders()}
        self._before = site.books()

    def on(self, upstream: str, method: str, path: str, fault: Fault, times: int | None) -> Rule:
        """Let a fault befall the next `times` such calls (None: all)."""
        return self.site.proxy(upstream).on(method, path, fault, times=times)

    def replica(self, name: str) -> Process:
        """One of the two."""
        return self.site.replicas[name]

    def customer(self, word: str = "u") -> dict[str, Any]:
        """Somebody new, who wants one unit: the order they send."""
        items = [{"sku": self.name, "qty": 1, "price": PRICE}]
        user = f"{word}-{self.name}-{next(self._numbers)}"
        return {"userId": user, "address": ADDRESS, "currency": "INR", "items": items}

    def order(
        self,
        body: dict[str, Any] | None = None,
        *,
        at: str = "a",
        key: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Answer | None:
        """Place an order and wait for the answer; None when none came."""
        body = body or self.customer()
        if key is not None:
            self._keys[body["userId"]] = key
        answer = self.site.post(at, body, key, patience_s)
        if answer is not None:
            self._told.append(answer.told(key))
        return answer

    def begin(
        self, body: dict[str, Any] | None = None, *, at: str = "a", key: str | None = None
    ) -> Future[Answer | None]:
        """Place an order and go on."""
        body = body or self.customer()
        asked = self.site.begin(lambda: self.order(body, at=at, key=key))
        self._asked.append(asked)
        return asked

    def insist(self, body: dict[str, Any], key: str, *, at: str) -> None:
        """Repeat an order under its key until an answer settles it, for BOUND_S at most; go on."""
        self._asked.append(self.site.begin(lambda: self._insist(body, key, at)))

    def _insist(self, body: dict[str, Any], key: str, at: str) -> Answer | None:
        give_up_at = time.monotonic() + BOUND_S
        while time.monotonic() < give_up_at:
            answer = self.order(body, at=at, key=key)
            if answer is not None and answer.status not in _COME_AGAIN:
                return answer
            time.sleep(POLL_S)
        return None

    def answered(self) -> None:
        """Return when every customer has an answer, or has none to come."""
        wait(self._asked, timeout=PATIENCE_S)

    def must_have_told(self, status: int, times: int) -> None:
        """Refuse to judge unless so many customers were told this status.

        Raises:
            NotMeasuredError: It was another number.
        """
        statuses = [told.status for told in self._told]
        if statuses.count(status) != times:
            raise NotMeasuredError(f"{times} × {status} was to be told, and not {statuses}")

    def end(self) -> Outcome:
        """Mend everything, wait for what must come, and look at the books."""
        fault_ended_at = time.time()
        self.site.mend()
        give_up_at = time.time() + BOUND_S
        self.answered()
        orders = self._wait_final(give_up_at)
        self.site.wait_quiet()
        books = renamed(_added(self._before, self.site.books(), self._stock), orders)
        violations = audit(orders, books, self._stock, self._told + self._belonging(orders))
        final = [order for order in orders if is_final(order)]
        return Outcome(
            placed=len(orders),
            confirmed=sum(order["status"] == "CONFIRMED" for order in orders),
            violations=tuple(violations),
            losses=losses(orders, books, violations),
            final_after_s=tuple(final_after_s(order) for order in final),
            healed_after_s=max([0.0, *(written_at(order) - fault_ended_at for order in final)]),
        )

    def orders(self) -> list[Entry]:
        """Those of this scene, as the database service has them."""
        return [order for order in self.site.orders() if order["id"] not in self._known]

    def _wait_final(self, give_up_at: float) -> list[Entry]:
        while not all(is_final(order) for order in self.orders()) and time.time() < give_up_at:
            time.sleep(POLL_S)
        return self.orders()

    def _belonging(self, orders: Collection[Entry]) -> list[Told]:
        """Which order came of which key, also where no answer came back to tell."""
        return [
            Told(status=0, order_id=order["id"], key=self._keys[order["userId"]])
            for order in orders
            if order["userId"] in self._keys
        ]


_COME_AGAIN: Final = frozenset({409, 429, 503})
"""What an orchestrator says that has not settled the order yet; 409 here is never a refusal."""


def _added(before: Books, after: Books, skus: Collection[str]) -> Books:
    """What came into the books since: each scene has its own customers, articles and money."""
    return replace(
        after,
        stock={sku: line for sku, line in after.stock.items() if sku in skus},
        reservations=_new(before.reservations, after.reservations),
        payments=_new(before.payments, after.payments),
        shipments=_new(before.shipments, after.shipments),
        kept=_gained(before.kept, after.kept),
        held=_gained(before.held, after.held),
    )


def _new(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> dict[str, Entry]:
    return {name: entry for name, entry in after.items() if name not in before}


def _gained(before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: amount - before.get(name, Decimal(0)) for name, amount in after.items()}
