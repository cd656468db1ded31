"""What can be said on the command line, and how each value has to look."""

import argparse
import json
import math
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from conformance.contract import INVENTORY, PAYMENT, SHIPPING
from conformance.door import TIMEOUT_S
from conformance.target import DECLINED_USER, EXPIRY_SLACK_S, REFUSED_ADDRESS

RESTART_BOUND_S: Final = 60.0
"""A container with its migrations is up in less."""


def url(text: str) -> str:
    """Return an http address without a slash at its end."""
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError("it must be like http://host:port")
    return text.rstrip("/")


def header(text: str) -> tuple[str, str]:
    """Return name and value; they may be secrets, so that no error repeats them."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not text.isascii() or not text.isprintable():
        raise argparse.ArgumentTypeError("it must be like 'Name: value', in ASCII")
    return name.strip(), value.strip()


def positive(text: str) -> float:
    """Return a number greater than 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("it must be a number greater than 0")
    return number


def address(text: str) -> Mapping[str, str]:
    """Return a JSON object."""
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it is no JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise argparse.ArgumentTypeError('it must be like {"line1": …, "postalCode": …}')
    return parsed


Option = tuple[str, str, dict[str, Any]]
"""Name, what it is for, and the rest for argparse."""

OPTIONS: Final[tuple[Option, ...]] = (
    ("url", "where the service answers, such as http://localhost:8006", {"type": url}),
    (
        "header",
        "sent with every request, such as 'Authorization: Bearer …'; repeatable",
        {"type": header, "action": "append", "default": [], "metavar": "'NAME: VALUE'"},
    ),
    ("timeout-s", "for one request (%(default)s)", {"type": positive, "default": TIMEOUT_S}),
    (
        "restart-command",
        "ends the service, starts it again, and returns when the old one is gone",
        {"metavar": "COMMAND"},
    ),
    (
        "restart-timeout-s",
        "for that command, and again until the service answers (%(default)s)",
        {"type": positive, "default": RESTART_BOUND_S},
    ),
    ("only", "one group; repeatable", {"action": "append", "default": [], "metavar": "GROUP"}),
    ("must-only", "leave out the checks that are only SHOULD", {"action": "store_true"}),
    ("list", "list the checks, make none", {"action": "store_true", "dest": "listing"}),
    ("junit", "write the results as JUnit XML", {"type": Path, "metavar": "FILE"}),
    ("json", "write the results as JSON", {"type": Path, "metavar": "FILE"}),
)

OWN_OPTIONS: Final[Mapping[str, tuple[Option, ...]]] = {
    INVENTORY: (
        ("sku", "a product that exists, if PUT /stock/… makes none; needs --stock", {}),
        ("stock", "how many units of it are available now", {"type": int, "metavar": "UNITS"}),
        (
            "reservation-ttl-s",
            "how long the service keeps a reservation; the kit waits for so long",
            {"type": positive},
        ),
        (
            "expiry-slack-s",
            "how long after that the units may take to be for sale (%(default)s)",
            {"type": positive, "default": EXPIRY_SLACK_S},
        ),
    ),
    PAYMENT: (
        ("currency", "one with two digits that is taken (%(default)s)", {"default": "INR"}),
        (
            "declined-user",
            "a userId whose payments are declined, '' if there is none (%(default)s)",
            {"default": DECLINED_USER},
        ),
    ),
    SHIPPING: (
        (
            "refused-address",
            "an address that is not served, '{}' if there is none (one with postal code 00000)",
            {"type": address, "default": REFUSED_ADDRESS, "metavar": "JSON"},
        ),
        (
            "dispatch-path",
            "a POST to it lets a parcel leave, such as /shipments/{id}/dispatch",
            {"metavar": "PATH"},
        ),
    ),
}
"""What only one service's checks need to be told."""
