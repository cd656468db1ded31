"""Under which key and for whom a request is made."""

import hashlib
import re
from typing import Final

from starlette.requests import Request

from orchestrator.domain import Order
from orchestrator.errors import InvalidKeyError

_NAMES: Final = frozenset({b"x-idempotency-key", b"idempotency-key"})
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_LONGEST_NAME: Final = 200
"""A longer name of a caller is told by its SHA-256: cut off, two callers could become one."""

ANYBODY: Final = "anybody"
"""The caller of orders without a userId, where no gateway names one: they share one scope of
keys. No named caller can be it, for their scopes have a prefix."""


def idempotency_key(request: Request) -> str | None:
    """The key of the request, under either name.

    Raises `InvalidKeyError` when it is not 1-255 visible ASCII characters, or when two were sent
    that differ.
    """
    sent = {value for name, value in request.scope["headers"] if name in _NAMES}
    if not sent:
        return None
    if len(sent) > 1:
        message = (
            "two different idempotency keys were sent; send one, as X-Idempotency-Key or as "
            "Idempotency-Key"
        )
        raise InvalidKeyError(message)
    key: str = sent.pop().decode("latin-1")
    if not _KEY.fullmatch(key):
        message = "an idempotency key is 1 to 255 visible ASCII characters, without spaces"
        raise InvalidKeyError(message)
    return key


def caller_of(request: Request, order: Order, *, header: str) -> str:
    """Whose keys these are: the caller named by the gateway, else the order's userId."""
    if header:
        return authenticated_caller(request, header=header)
    return ANYBODY if order.user_id is None else f"user:{order.user_id}"


def authenticated_caller(request: Request, *, header: str) -> str:
    """The caller that the gateway named in `header`; nobody in particular where it named none."""
    name = request.headers.get(header, "")
    if len(name) > _LONGEST_NAME:
        name = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    return f"caller:{name}" if name else ANYBODY
