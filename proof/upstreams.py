"""The reference services without HTTP: their commands on their tables, called with what is sent.

Each request runs the code that its route runs, on storage in memory and a clock that is given; a
test holds the answers against those of the whole applications.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from pydantic import ValidationError
from pydantic_core import to_json

from services.answers import Answer
from services.database import commands as database
from services.database import model as orders
from services.database import queries as records
from services.database.record import render, render_many, stored_text
from services.database.schema import MIGRATIONS as DATABASE
from services.inventory import commands as inventory
from services.inventory.model import ReserveRequest
from services.inventory.schema import MIGRATIONS as INVENTORY
from services.payment import commands as payment
from services.payment.model import PaymentRequest
from services.payment.schema import MIGRATIONS as PAYMENT
from services.problem import ProblemError
from services.settings import ServiceSettings
from services.shipping import commands as shipping
from services.shipping.model import ShipmentRequest
from services.shipping.schema import MIGRATIONS as SHIPPING
from services.storage.memory import MemoryStorage

_SWEEP: Final = 200
"""As many as the inventory's own sweep takes at once; no run has that many orders."""

Clock = Callable[[], int]
"""Epoch milliseconds."""

_Route = tuple[str, str]
"""Method and pattern of the path."""


@dataclass(frozen=True, slots=True)
class Request:
    """What leaves the order service."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def key(self) -> str | None:
        """The idempotency key it carries."""
        return self.headers.get("X-Idempotency-Key")


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes back."""

    status: int
    content: bytes
    headers: Mapping[str, str]


_PLAIN: Final[Mapping[str, str]] = {}


def reply(status: int, body: object) -> Reply:
    """Return a JSON answer."""
    return Reply(status, to_json(body), _PLAIN)


class Participant(Protocol):
    """A service that takes part in the saga."""

    def answer(self, request: Request) -> Reply:
        """Carry the request out, whole or not at all."""
        ...

    def forget(self) -> None:
        """Be as new."""
        ...


class _Reference:
    """A reference service: routes as (method, pattern, handler)."""

    def __init__(
        self, name: str, migrations: Sequence[str], clock: Clock, routes: Mapping[_Route, Any]
    ) -> None:
        self.name = name
        self.storage = MemoryStorage(name, migrations, clock)
        self._routes = [
            (method, re.compile(pattern), handle) for (method, pattern), handle in routes.items()
        ]

    def answer(self, request: Request) -> Reply:
        """See Participant.answer."""
        path, _, query = request.path.partition("?")
        try:
            for method, pattern, handle in self._routes:
                if method == request.method and (match := pattern.fullmatch(path)):
                    done: Reply = handle(request, *match.groups(), *([query] if query else []))
                    return done
        except ProblemError as problem:
            return Reply(problem.status, to_json(problem.body()), problem.headers)
        except ValidationError:
            return reply(422, ProblemError(422, "validation_failed", "not of this form").body())
        return reply(
            404, ProblemError(404, "not_found", "Not Found: see /docs for what exists.").body()
        )

    def forget(self) -> None:
        """See Participant.forget."""
        self.storage.forget()


def _answered(answer: Answer) -> Reply:
    return reply(answer.status, answer.body)


def _key(request: Request, default: str) -> str:
    return request.key or default


class Inventory(_Reference):
    """The inventory; `ttl_s` is the life of a reservation that is not committed."""

    def __init__(self, clock: Clock) -> None:
        self.ttl_s = ServiceSettings.model_fields["reservation_ttl_s"].default
        routes = {
            ("POST", "/reserve"): self._reserve,
            ("POST", "/reservations/([^/]+)/commit"): self._commit,
            ("POST", "/reservations/([^/]+)/release"): self._release,
        }
        super().__init__("inventory", INVENTORY, clock, routes)

    def _reserve(self, request: Request) -> Reply:
        body = ReserveRequest.model_validate_json(request.content)
        key, ttl_ms = _key(request, f"{body.id}:reserve"), round(self.ttl_s * 1000)
        for swept in (False, True):
            try:
                return _answered(
                    self.storage.do(
                        lambda tx, swept=swept: inventory.reserve(  # type: ignore[misc]
                            tx, body, key=key, ttl_ms=ttl_ms, swept=swept
                        )
                    )
                )
            except inventory.SweepFirst:
                self.storage.do(lambda tx: inventory.expire_due(tx, limit=_SWEEP, locked=""))
        raise AssertionError

    def _commit(self, request: Request, name: str) -> Reply:
        key = _key(request, f"{name}:commit")
        return _answered(self.storage.do(lambda tx: inventory.commit(tx, name, key=key)))

    def _release(self, request: Request, name: str) -> Reply:
        key = _key(request, f"{name}:release")
        return _answered(self.storage.do(lambda tx: inventory.release(tx, name, key=key)))


class Payment(_Reference):
    """The payment service."""

    def __init__(self, clock: Clock) -> None:
        routes = {
            ("POST", "/payments"): self._authorize,
            ("POST", "/payments/([^/]+)/capture"): self._capture,
            ("POST", "/payments/([^/]+)/refund"): self._refund,
        }
        super().__init__("payment", PAYMENT, clock, routes)

    def _authorize(self, request: Request) -> Reply:
        body = PaymentRequest.model_validate_json(request.content)
        key = _key(request, f"{body.id}:authorize")
        return _answered(self.storage.do(lambda tx: payment.authorize(tx, body, key=key)))

    def _capture(self, request: Request, name: str) -> Reply:
        key = _key(request, f"{name}:capture")
        return _answered(self.storage.do(lambda tx: payment.capture(tx, name, key=key)))

    def _refund(self, request: Request, name: str) -> Reply:
        key = _key(request, f"{name}:refund")
        return _answered(self.storage.do(lambda tx: payment.refund(tx, name, key=key)))


class Shipping(_Reference):
    """The shipping service."""

    def __init__(self, clock: Clock) -> None:
        routes = {
            ("POST", "/shipments"): self._create,
            ("POST", "/shipments/([^/]+)/cancel"): self._cancel,
        }
        super().__init__("shipping", SHIPPING, clock, routes)

    def _create(self, request: Request) -> Reply:
        body = ShipmentRequest.model_validate_json(request.content)
        key = _key(request, f"{body.id}:ship")
        return _answered(self.storage.do(lambda tx: shipping.create(tx, body, key=key)))

    def _cancel(self, request: Request, name: str) -> Reply:
        key = _key(request, f"{name}:cancel")
        return _answered(self.storage.do(lambda tx: shipping.cancel(tx, name, key=key)))


class Database(_Reference):
    """The database service."""

    def __init__(self, clock: Clock) -> None:
        routes = {
            ("POST", "/orders"): self._create,
            ("POST", "/orders/claim"): self._claim,
            ("PATCH", "/orders/([^/]+)"): self._update,
            ("POST", "/orders/([^/]+)/abandon"): self._abandon,
            ("GET", "/orders/([^/]+)"): self._get,
            ("GET", "/keys"): self._get_by_key,
            ("GET", "/stats"): self._stats,
        }
        super().__init__("database", DATABASE, clock, routes)

    def _create(self, request: Request) -> Reply:
        body = orders.CreateOrder.model_validate_json(request.content)
        texts = stored_text(body.order, "/order"), stored_text(body.progress, "/progress")
        new = database.NewOrder(body, *texts)
        return _record(self.storage.do(lambda tx: database.create(tx, new)))

    def _claim(self, request: Request) -> Reply:
        body = orders.Claim.model_validate_json(request.content)
        rows, now_ms = self.storage.do(lambda tx: database.claim(tx, body))
        return Reply(200, b'{"items":%b}' % render_many(rows, now_ms), _PLAIN)

    def _update(self, request: Request, order_id: str) -> Reply:
        body = orders.UpdateOrder.model_validate_json(request.content)
        write = database.Write(order_id, body, stored_text(body.progress, "/progress"))
        return _record(self.storage.do(lambda tx: database.update(tx, write)))

    def _abandon(self, request: Request, order_id: str) -> Reply:
        body = orders.Abandon.model_validate_json(request.content)
        self.storage.do(lambda tx: database.abandon(tx, order_id, body))
        return Reply(200, b'{"abandoned":true}', _PLAIN)

    def _get(self, _: Request, order_id: str) -> Reply:
        row, now_ms = self.storage.look(lambda tx: records.get(tx, order_id))
        return Reply(200, render(row, now_ms), _PLAIN)

    def _get_by_key(self, _: Request, query: str) -> Reply:
        asked = dict(parse_qsl(query))
        row, now_ms = self.storage.look(
            lambda tx: records.by_key(tx, asked["caller"], asked["key"])
        )
        return Reply(200, render(row, now_ms), _PLAIN)

    def _stats(self, _: Request) -> Reply:
        return reply(200, self.storage.look(records.stats))


def _record(stored: database.Stored) -> Reply:
    return Reply(stored.status, render(stored.row, stored.now_ms), _PLAIN)
