"""What a customer asked, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

from chaos.shop import Wish

NO_ANSWER: Final = (httpx.HTTPError, AttributeError)
"""What a request may end in instead of an answer; a reset while connecting has been seen to leave
httpcore as an AttributeError."""


@dataclass
class Attempt:
    """One POST /orders and what came of it; `status` is None when no answer came.

    `books` are the states at the upstreams of what the order has there, when the answer came; None
    where nobody looked.
    """

    wish: Wish
    key: str | None
    replica: str
    began: float
    ended: float = 0.0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    document: Any = None
    ending: str = ""
    wellformed: bool = True
    books: Mapping[str, str] | None = None

    @property
    def code(self) -> str | None:
        """The problem's code."""
        return self.document.get("code") if isinstance(self.document, dict) else None

    @property
    def order_id(self) -> str | None:
        """The order that the answer speaks of."""
        if not isinstance(self.document, dict) or self.status is None:
            return None
        found = self.document.get("orderId" if self.status >= HTTPStatus.BAD_REQUEST else "id")
        return str(found) if found is not None else None

    @property
    def final(self) -> bool:
        """Whether the answer tells an end."""
        return self.status == HTTPStatus.CREATED or self.failed

    @property
    def failed(self) -> bool:
        """Whether the answer tells a bad end."""
        ends = {"FAILED", "CANCELLED"}
        return self.order_id is not None and self.document.get("orderStatus") in ends

    @property
    def says_none(self) -> bool:
        """Whether the answer says for sure that it made no order."""
        if self.status is None or not isinstance(self.document, dict):
            return False
        refused = self.status >= HTTPStatus.BAD_REQUEST and self.order_id is None
        return refused and self.document.get("compensation") != "pending"

    def told(self, since: float) -> str:
        """A line for a person."""
        answer = f"{self.status} {self.code or ''}" if self.status else self.ending
        span = f"{self.began - since:8.3f}–{self.ended - since:.3f}"
        return f"{span} {self.replica} key={self.key} {self.wish.marker} → {answer} {self.order_id}"


@dataclass(frozen=True)
class Look:
    """One answered GET of an order that somebody was told of; `document` is None for a 404."""

    order_id: str
    document: Mapping[str, Any] | None
