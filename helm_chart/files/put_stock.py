"""Puts products on the shelf of the reference inventory that it does not know yet.

What it knows it leaves alone: an upgrade must not restock a shop. Runs in a pod of its own with
nothing but Python's standard library.
"""  # noqa: INP001 - mounted into a pod as a single file

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

WAIT_S: Final = 240
"""Without --wait this runs before the inventory's image has been pulled."""

PAUSE_S: Final = 2
CALL_S: Final = 10


def main() -> int:
    """Stock what the command line names; return 1 when the inventory cannot be reached."""
    given = _arguments()
    for product in given.products:
        sku, _, units = product.rpartition("=")
        url = f"{given.inventory}/stock/{quote(sku)}"
        known = _persist("GET", url)
        if known == HTTPStatus.NOT_FOUND:
            known = _persist("PUT", url, {"onHand": int(units)})
            say(f"{sku}: {units} put on the shelf")
        else:
            say(f"{sku}: known already")
        if known != HTTPStatus.OK:
            say(f"FAILED: {url} answered {known}")
            return 1
    return 0


def _persist(method: str, url: str, body: object = None) -> int:
    """Send a request until it is answered for good, at most WAIT_S; return its status."""
    until = time.monotonic() + WAIT_S
    while True:
        status = _status(method, url, body)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR or time.monotonic() > until:
            return status
        time.sleep(PAUSE_S)


def _status(method: str, url: str, body: object) -> int:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is the chart's
        url, data, {"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except OSError as error:
        say(f"{url}: {error}")
        return HTTPStatus.SERVICE_UNAVAILABLE


def say(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inventory", required=True, help="where the inventory is")
    parser.add_argument("products", nargs="+", metavar="SKU=UNITS")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
