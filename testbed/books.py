"""What the upstreams themselves say they hold: stock, reservations, payments, shipments, money."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import httpx

Entry: TypeAlias = Mapping[str, Any]
"""One reservation, payment, shipment or stock line, as it came over the wire."""

_PAGE = 1000  # the longest page the upstreams give


@dataclass(frozen=True)
class Books:
    """All upstreams' entries at one time when nothing was under way, by id or sku."""

    stock: Mapping[str, Entry]
    reservations: Mapping[str, Entry]
    payments: Mapping[str, Entry]
    shipments: Mapping[str, Entry]
    kept: Mapping[str, Decimal]
    """Money captured and not refunded, by currency: the sum of the ledger's movements."""
    held: Mapping[str, Decimal]
    """Money authorized and neither captured nor voided, by currency."""


def read_books(inventory_url: str, payment_url: str, shipping_url: str) -> Books:
    """Ask the upstreams.

    Raises:
        httpx.HTTPError: One of them did not answer, or not with 200.
    """
    with httpx.Client(timeout=10) as client:
        ledger = _get(client, payment_url + "/ledger")["currencies"]
        return Books(
            stock=_by("sku", read_pages(client, inventory_url + "/stock")),
            reservations=_by("id", read_pages(client, inventory_url + "/reservations")),
            payments=_by("id", read_pages(client, payment_url + "/payments")),
            shipments=_by("id", read_pages(client, shipping_url + "/shipments")),
            kept={currency: Decimal(sums["net"]) for currency, sums in ledger.items()},
            held={currency: Decimal(sums["held"]) for currency, sums in ledger.items()},
        )


def _by(name: str, entries: Iterator[Entry]) -> dict[str, Entry]:
    return {entry[name]: entry for entry in entries}


def read_pages(client: httpx.Client, url: str, *, limit: int = _PAGE) -> Iterator[Entry]:
    """Every item of a list, page by page."""
    query: dict[str, str | int] = {"limit": limit}
    while True:
        page = _get(client, url, query)
        yield from page["items"]
        if page["nextCursor"] is None:
            return
        query["cursor"] = page["nextCursor"]


def _get(client: httpx.Client, url: str, query: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 - JSON
    return client.get(url, params=query).raise_for_status().json()
