"""Steady orders through the cluster's own Service; exits 1 when any of them is not confirmed.

Every request has a connection of its own, as from many clients, so that each is sent wherever the
Service sends it at that moment. Nothing is tried again: what a client would see is what counts.
"""  # noqa: INP001 - mounted into a pod as a single file

import argparse
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import Final

CALL_S: Final = 60
"""Above the default deadline of an order and one time-out (35 s)."""

SKU: Final = "SKU-1"
SHOWN: Final = 5


class Tally:
    """What became of the orders, counted by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()

    def add(self, outcome: str) -> None:
        """One more order ended so."""
        with self._lock:
            self._outcomes[outcome] += 1

    def report(self) -> int:
        """Write the counts; return how many orders were not confirmed."""
        for outcome, count in self._outcomes.most_common(SHOWN):
            sys.stdout.write(f"{count:6} {outcome}\n")
        return sum(self._outcomes.values()) - self._outcomes["CONFIRMED"]


def main() -> int:
    """Place orders at an even pace, wait for their answers, count them."""
    given = _arguments()
    tally = Tally()
    orders = [
        threading.Thread(target=lambda: tally.add(place(given.orders)))
        for _ in range(given.seconds * given.per_second)
    ]
    begun = time.monotonic()
    for number, order in enumerate(orders):
        time.sleep(max(0, begun + number / given.per_second - time.monotonic()))
        order.start()
    for order in orders:
        order.join()
    return 1 if tally.report() else 0


def place(orders: str) -> str:
    """Place one order; return its status, or why there is none."""
    body = {
        "address": {"line1": "1", "city": "Pune", "country": "IN", "postalCode": "411001"},
        "items": [{"sku": SKU, "qty": 1, "price": "1.00"}],
    }
    request = urllib.request.Request(  # noqa: S310 - the address is the job's own
        f"{orders}/orders", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310 - as above
            return str(json.load(answer)["status"])
    except urllib.error.HTTPError as refusal:
        with refusal:
            return f"{refusal.code} {refusal.read()[:300]!r}"
    except OSError as error:
        return f"no answer: {error}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", required=True, help="where the order service is")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--per-second", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
