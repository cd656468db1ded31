"""Stock for the checks: products of the kit's own, or an existing one that was named."""

import asyncio
import contextlib
import time
import urllib.parse
import uuid
from dataclasses import dataclass
from typing import Final

from conformance.answer import Answer
from conformance.target import Product
from conformance.violation import NotChecked, Unusable, Violation
from conformance.wire import Wire

PLENTY: Final = 12
"""Units that a check gets which needs no scarcity."""
POLL_S: Final = 0.05
"""How often stock is looked at that has to become something in time."""


@dataclass(frozen=True)
class Stock:
    """What `GET /stock/{sku}` says."""

    on_hand: int
    reserved: int
    available: int


@dataclass(frozen=True)
class Shelf:
    """One product, as it stood when the check began; `units` of it are for the check to use."""

    sku: str
    units: int
    start: Stock
    wire: Wire

    def line(self, qty: int = 1) -> dict[str, object]:
        """Return one line of an order."""
        return {"sku": self.sku, "qty": qty}

    async def now(self) -> tuple[Stock, Answer]:
        """Return the stock, and the answer that told it."""
        answer = await self.wire.get(path_of(self.sku))
        return stock_in(answer), answer

    async def expect(self, *, reserved: int = 0, sold: int = 0) -> None:
        """Raise Violation unless so many units are reserved and sold since the check began."""
        stock, answer = await self.now()
        if stock != self._expected(reserved, sold):
            raise answer.violates(self._told(reserved, sold))

    async def expect_within(self, bound_s: float) -> None:
        """Raise Violation unless all units are back `bound_s` seconds from now at the latest."""
        give_up_at = time.monotonic() + bound_s
        while True:
            with contextlib.suppress(Violation):
                return await self.expect()
            if time.monotonic() > give_up_at:
                return await self.expect()
            await asyncio.sleep(POLL_S)

    def _expected(self, reserved: int, sold: int) -> Stock:
        start = self.start
        return Stock(
            start.on_hand - sold, start.reserved + reserved, start.available - reserved - sold
        )

    def _told(self, reserved: int, sold: int) -> str:
        want = self._expected(reserved, sold)
        return (
            f"onHand {want.on_hand}, reserved {want.reserved}, available {want.available}"
            f" (at the start {self.start.on_hand}, {self.start.reserved}, {self.start.available};"
            f" since then {reserved} reserved and {sold} sold)"
        )


def path_of(sku: str) -> str:
    """Return where the stock of a product is read and set."""
    return f"/stock/{urllib.parse.quote(sku, safe='')}"


def stock_in(answer: Answer) -> Stock:
    """Return the stock in an answer; raises Violation when it is none."""
    answer.expect(200)
    numbers = [answer.body.get(name) for name in ("onHand", "reserved", "available")]
    if any(type(number) is not int for number in numbers):
        raise answer.violates("200 with onHand, reserved and available as whole numbers")
    return Stock(*(number for number in numbers if isinstance(number, int)))


async def make_shelf(wire: Wire, units: int = PLENTY) -> Shelf:
    """Make a product of our own with exactly `units` units."""
    sku = f"conformance-{uuid.uuid4().hex[:12]}"
    put = await wire.send("PUT", path_of(sku), body={"onHand": units})
    put.expect(200)
    return Shelf(sku, units, stock_in(await wire.get(path_of(sku))), wire)


async def find_shelf(wire: Wire, product: Product, units: int) -> Shelf:
    """Return the product that was named, which must have `units` units to spare."""
    start = stock_in(await wire.get(path_of(product.sku)))
    if start.available < units:
        raise NotChecked(
            f"{units} units of {product.sku} are needed, {start.available} are available"
        )
    return Shelf(product.sku, units, start, wire)


async def expect_stock_can_be_had(wire: Wire, product: Product | None) -> None:
    """Raise Unusable, saying what to give, when there is no way to stock."""
    if product is None:
        try:
            await make_shelf(wire)
        except Violation as failure:
            raise Unusable(
                f"PUT /stock/… followed by GET /stock/… does not give the kit products to work with"
                f" ({failure}). Give it one that exists: --sku NAME --stock UNITS."
            ) from failure
        return
    try:
        stock = stock_in(await wire.get(path_of(product.sku)))
    except Violation as failure:
        raise Unusable(f"--sku {product.sku}: its stock cannot be read ({failure}).") from failure
    if stock.available != product.units:
        raise Unusable(
            f"--stock says {product.units} units of {product.sku}, the service says"
            f" {stock.available} available: give the right number, and let nobody else use it."
        )
