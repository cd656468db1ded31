"""What the upstreams' own books say at the end, and whether it agrees with the orders."""

from collections.abc import Iterator, Mapping

from demo.checks import Check
from demo.screen import Cell, Style
from demo.shop import STOCK
from demo.stage import Stage
from testbed.audit import Violation, resource_id
from testbed.books import Books, Entry

_GOOD = frozenset({"CONFIRMED", "captured", "created", "committed"})


def show_ledgers(stage: Stage) -> Iterator[Check]:
    """Print the books and the audit's verdict."""
    orders, books = stage.stack.orders(), stage.stack.books()
    stage.screen.line("What inventory, payment and shipping hold, asked of them directly:", "dim")
    stage.screen.line()
    head = ("order", "what happened", "status", "total", "money", "shipment", "stock")
    rows = [_order_row(order, books, stage.orders) for order in reversed(orders)]
    stage.screen.table(head, rows, right="total")
    stage.screen.line()
    rows = [_stock_row(sku, books) for sku in STOCK]
    stage.screen.table(
        ("sku", "before", "sold", "held", "on the shelf"), rows, right="before sold held"
    )
    stage.screen.line()
    for currency, kept in books.kept.items():
        held = books.held[currency]
        stage.screen.line(
            f"The payment ledger: {kept} {currency} kept, {held} {currency} set aside."
        )
    stage.screen.line()
    yield from _verdict(stage.stack.audit(STOCK, stage.shop.told), len(orders))


def _verdict(violations: list[Violation], orders: int) -> Iterator[Check]:
    text = f"{orders} orders against all books: what must hold does (docs/protocol.md, section 5)"
    yield Check(text, not violations, f"{len(violations)} violations")
    for violation in violations:
        yield Check(str(violation), holds=False)


def _order_row(order: Entry, books: Books, names: Mapping[str, str]) -> tuple[Cell, ...]:
    total = f"{order['total']} {order['currency']}"
    return (
        order["id"][:8],
        names.get(order["id"], "?"),
        _cell(order["status"]),
        total,
        _state(books.payments, resource_id(order, "payment")),
        _state(books.shipments, resource_id(order, "shipment")),
        _state(books.reservations, resource_id(order, "reservation")),
    )


def _stock_row(sku: str, books: Books) -> tuple[Cell, ...]:
    line = books.stock[sku]
    sold = sum(
        item["qty"]
        for reservation in books.reservations.values()
        for item in reservation["items"]
        if reservation["status"] == "committed" and item["sku"] == sku
    )
    return (sku, str(STOCK[sku]), str(sold), str(line["reserved"]), str(line["onHand"]))


def _state(entries: Mapping[str, Entry], name: str) -> Cell:
    return _cell(entries[name]["status"]) if name in entries else ("–", "dim")


def _cell(status: str) -> Cell:
    style: Style = "green" if status in _GOOD else "yellow"
    return (status, style)
